// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// Problem is something that keeps the plan from being carried out.
type Problem struct {
	// Reason of the conditions, and a message that says what to do.
	Reason, Message string
	// IsFinal is true where nothing but a person can help, although others of this reason may heal.
	IsFinal bool
	// IsAside is true where no pod is kept from running by it.
	IsAside bool
}

// refusals are the reasons of problems.
var refusals = []string{
	elasticwebv1.ReasonInvalidSpec, elasticwebv1.ReasonNodePortConflict, elasticwebv1.ReasonNameConflict, elasticwebv1.ReasonQuotaExceeded,
	elasticwebv1.ReasonForbidden, elasticwebv1.ReasonWebhookFailed, elasticwebv1.ReasonReferenceMissing,
	elasticwebv1.ReasonInvalidPod, elasticwebv1.ReasonInvalidService, elasticwebv1.ReasonInvalidExpose,
	elasticwebv1.ReasonKindNotServed, elasticwebv1.ReasonRollingOut,
}

func problem(in Input, _ facts) *verdict { return gravestProblem(in.Problems, false) }

func sideProblem(in Input, _ facts) *verdict { return gravestProblem(in.Problems, true) }

// gravestProblem names the first problem in full, and the others as far as there is room: those that only a person can mend come
// first, and then it goes by the words, which begin with the object.
func gravestProblem(problems []Problem, isAside bool) *verdict {
	sorted := slices.DeleteFunc(slices.Clone(problems), func(p Problem) bool { return p.IsAside != isAside })
	if len(sorted) == 0 {
		return nil
	}
	slices.SortFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(finality(b), finality(a)), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Reason, b.Reason))
	})
	v := verdict{sorted[0].Reason, sorted[0].Message, sorted[0].IsFinal}
	if len(sorted) > 1 {
		var messages []string
		for _, p := range sorted {
			messages = append(messages, quote.Bounded(p.Message, quote.LongestMessage/len(sorted)-2))
		}
		v.message = strings.Join(slices.Compact(messages), "; ")
	}
	return &v
}

func finality(p Problem) int {
	if p.IsFinal || rows[p.Reason].stalls == atOnce {
		return 1
	}
	return 0
}

// ProblemOf names an error with which the API server refused an object of the given kind. A Pod is refused the mark that decides
// which of them leave first.
func ProblemOf(kind, name string, err error) Problem {
	if taken, isTaken := errors.AsType[*NodePortTakenError](err); isTaken {
		return taken.problem()
	}
	result := refusalOf(kind, err)
	result.Message = written(kind, name) + " was refused: " + quote.Said(err.Error()) + ": " + result.Message
	result.IsAside = isAside(kind)
	return result
}

// TemplateProblems are those of a podTemplate that is refused for itself, or that does not fit the pods that the operator makes; errors
// are nil where it is not.
func TemplateProblems(refusal, unfit error) (problems []Problem) {
	for _, found := range []struct {
		reason string
		err    error
	}{{elasticwebv1.ReasonInvalidSpec, refusal}, {elasticwebv1.ReasonInvalidPod, unfit}} {
		if found.err != nil {
			problems = append(problems, Problem{Reason: found.reason, Message: quote.Said(found.err.Error()) +
				": correct it, for instance with kubectl edit; the pods keep the template that they have until then"})
		}
	}
	return problems
}

// LastingFailure names an error that is not a refusal of the object, and has not passed for some time.
func LastingFailure(kind, name string, err error) Problem {
	return Problem{Reason: elasticwebv1.ReasonRollingOut, IsAside: isAside(kind),
		Message: written(kind, name) + " cannot be written, and is tried again: " + quote.Said(err.Error())}
}

// EndingObject is the problem of an object of the ElasticWeb's name that is somebody else's, for instance an ElasticWeb's of before,
// and is being deleted.
func EndingObject(kind, name string) Problem {
	return Problem{Reason: elasticwebv1.ReasonRollingOut, Message: written(kind, name) +
		" of before is being deleted, and is made anew when it is gone: look at its finalizers, should it stay so"}
}

// NameConflict is the problem of objects of the ElasticWeb's name that are somebody else's. foreign says of each whose it is.
func NameConflict(foreign []string) Problem {
	it, is := "it", "it is"
	if len(foreign) > 1 {
		it, is = "them", "they are"
	}
	return Problem{
		Reason:  elasticwebv1.ReasonNameConflict,
		Message: strings.Join(foreign, ", ") + ", so " + is + " left alone: delete " + it + ", or give the ElasticWeb another name",
	}
}

// written is what is written of an object.
func written(kind, name string) string {
	if kind == "Pod" {
		return "what the operator marks pods with"
	}
	return kind + " " + name
}

func isAside(kind string) bool { return kind != "Deployment" && kind != "Service" }

// refusalOf is the reason and the remedy.
func refusalOf(kind string, err error) Problem {
	message := err.Error()
	isInvalid := apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)
	invalid, hasField := invalidReason(kind)
	switch {
	case saysAny(message, "field not declared in schema"):
		return Problem{Reason: invalid, Message: "this cluster's API server does not know the field: take it out of the spec, or upgrade the cluster"}
	case saysAny(message, "duplicate entries for key"):
		return Problem{Reason: invalid, Message: "two items of a list in the spec have that key: leave one of them out"}
	case isOfAdmission(message):
		return admissionRefusal(message, podtemplate.Words{})
	case kind == "Service" && isInvalid && saysAny(message, nodePortWords...):
		return nodePortRefusal(message)
	case isInvalid && !hasField:
		return Problem{Reason: elasticwebv1.ReasonForbidden,
			Message: "no field of the spec is at fault: look whose fields are on it with kubectl get -o yaml --show-managed-fields"}
	case isInvalid:
		return Problem{Reason: invalid, Message: "mend the field of the spec that it speaks of"}
	case saysAny(message, "too large"):
		return Problem{Reason: invalid, Message: "make the spec smaller"}
	default:
		return admissionRefusal(message, podtemplate.Words{})
	}
}

// invalidReason is the reason where an object of the kind is invalid, and whether it has what a field of the spec says.
func invalidReason(kind string) (reason string, hasField bool) {
	switch {
	case kind == "Service":
		return elasticwebv1.ReasonInvalidService, true
	case resourceOf[kind] != "":
		return elasticwebv1.ReasonInvalidExpose, true
	default:
		return elasticwebv1.ReasonInvalidPod, kind == "Deployment"
	}
}

// isOfAdmission knows the words of what stands before the API server's own validation: a policy may refuse with any status.
func isOfAdmission(message string) bool {
	return saysAny(message, "failed calling webhook", "admission webhook", "ValidatingAdmissionPolicy", "MutatingAdmissionPolicy", "is forbidden:")
}

var (
	limitRange    = regexp.MustCompile(`(?:minimum|maximum) \S+ usage per (?:Container|Pod) is|max limit to request ratio per (?:Container|Pod) is`)
	priorityClass = regexp.MustCompile(`no PriorityClass with name \S+ was found`)
	runtimeClass  = regexp.MustCompile(`RuntimeClass \S+ not found`)
)

const policyRemedy = "change the spec as the policy asks, or ask an administrator of the cluster to allow it"

// admissionRefusal sorts what admission says of an object or a pod, and names the remedy.
func admissionRefusal(message string, words podtemplate.Words) Problem {
	switch {
	case saysAny(message, "denied the request"): // what follows is a policy's own, whatever words of Kubernetes it uses.
		return Problem{Reason: elasticwebv1.ReasonForbidden, Message: policyRemedy}
	case saysAny(message, "failed calling webhook"):
		return Problem{Reason: elasticwebv1.ReasonWebhookFailed, Message: "mend the webhook, or ask an administrator of the cluster to"}
	case mustSpecify.MatchString(message):
		return Problem{Reason: elasticwebv1.ReasonQuotaExceeded, Message: quotaRemedy(words, message)}
	case saysAny(message, "exceeded quota", "failed quota", "status unknown for quota", "insufficient quota"):
		return Problem{Reason: elasticwebv1.ReasonQuotaExceeded, Message: "raise the ResourceQuota of the namespace, or ask for less"}
	case limitRange.MatchString(message):
		return Problem{Reason: elasticwebv1.ReasonForbidden, Message: limitRangeRemedy(words)}
	case priorityClass.MatchString(message):
		return Problem{Reason: elasticwebv1.ReasonReferenceMissing, Message: "correct spec.priorityClassName, or create the PriorityClass"}
	case runtimeClass.MatchString(message):
		return Problem{Reason: elasticwebv1.ReasonReferenceMissing, Message: "correct runtimeClassName in spec.podTemplate, or create the RuntimeClass"}
	case saysAny(message, "error looking up service account"):
		return Problem{Reason: elasticwebv1.ReasonReferenceMissing, Message: "correct spec.serviceAccountName, or create the ServiceAccount"}
	case saysAny(message, "violates PodSecurity"):
		return Problem{Reason: elasticwebv1.ReasonForbidden, Message: podSecurityRemedy(words, message)}
	case saysAny(message, "cannot set an ownerRef on a resource you can't delete"): // OpenShift, where something is taken back.
		return Problem{Reason: elasticwebv1.ReasonForbidden, Message: "on this cluster only who may delete an object may change its owner: " +
			"set the ElasticWeb as its owner yourself, or ask an administrator of the cluster to give that right to the operator"}
	case saysAny(message, "cannot create resource", "cannot patch resource", "cannot update resource", "cannot delete resource", "cannot get resource"):
		return Problem{Reason: elasticwebv1.ReasonForbidden, Message: "ask an administrator of the cluster to give that right to whom it names"}
	case saysAny(message, "ValidatingAdmissionPolicy"):
		return Problem{Reason: elasticwebv1.ReasonForbidden, Message: policyRemedy}
	case saysAny(message, "forbidden"):
		return Problem{Reason: elasticwebv1.ReasonForbidden, Message: "ask an administrator of the cluster to allow it"}
	case saysAny(message, "is invalid", "Invalid value"):
		return Problem{Reason: elasticwebv1.ReasonInvalidPod, Message: invalidPodRemedy(message)}
	default:
		return Problem{Reason: elasticwebv1.ReasonForbidden, Message: "ask an administrator of the cluster"}
	}
}

// invalidPodRemedy is about a pod that is invalid although its Deployment was not: somebody added to it.
func invalidPodRemedy(message string) string {
	switch {
	case saysAny(message, "spec.containers[0].resources"):
		return "give requests and limits in spec.resources that go together: a LimitRange of the namespace adds what is left out"
	case saysAny(message, ".resources"):
		return "give requests and limits that go together in resources of the container that it speaks of: a LimitRange of the namespace adds what is left out"
	default:
		return "mend the field of the spec that it speaks of, or what adds it to the pods"
	}
}

// replicaFailure is a ReplicaSet that may not create its pods.
func replicaFailure(in Input, _ facts) *verdict {
	condition := deploymentCondition(in.Observed.Deployment, appsv1.DeploymentReplicaFailure)
	if condition == nil || condition.Status != corev1.ConditionTrue {
		return nil
	}
	found := admissionRefusal(condition.Message, in.Words)
	return &verdict{found.Reason, "the pods cannot be created: " + quote.Said(condition.Message) + ": " + found.Message, found.IsFinal}
}

// saysAny reports whether a text holds any of the words.
func saysAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}
