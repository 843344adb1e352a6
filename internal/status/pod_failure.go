// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// reasonOf has the reason of each class of failures. The order of their gravity is that of the classes.
var reasonOf = map[podfailure.Class]string{
	podfailure.Other:            elasticwebv1.ReasonContainerFailed,
	podfailure.Crash:            elasticwebv1.ReasonCrashLoop,
	podfailure.OutOfMemory:      elasticwebv1.ReasonOutOfMemory,
	podfailure.NotMade:          elasticwebv1.ReasonContainerFailed,
	podfailure.PullFailed:       elasticwebv1.ReasonRegistryUnreachable,
	podfailure.ReferenceMissing: elasticwebv1.ReasonReferenceMissing,
	podfailure.ImageUnreadable:  elasticwebv1.ReasonContainerFailed,
	podfailure.PullUnauthorized: elasticwebv1.ReasonRegistryUnauthorized,
	podfailure.ImageAbsent:      elasticwebv1.ReasonImageNotFound,
	podfailure.ImageNotFound:    elasticwebv1.ReasonImageNotFound,
	podfailure.ImageUntrusted:   elasticwebv1.ReasonImageUntrusted,
	podfailure.PlatformMissing:  elasticwebv1.ReasonPlatformMissing,
	podfailure.ExecFormat:       elasticwebv1.ReasonExecFormatError,
	podfailure.InvalidImageName: elasticwebv1.ReasonInvalidPod,
}

// podFailures are the reasons that podFailure finds.
var podFailures = []string{
	elasticwebv1.ReasonContainerFailed, elasticwebv1.ReasonCrashLoop, elasticwebv1.ReasonOutOfMemory,
	elasticwebv1.ReasonRegistryUnreachable, elasticwebv1.ReasonReferenceMissing, elasticwebv1.ReasonRegistryUnauthorized,
	elasticwebv1.ReasonImageNotFound, elasticwebv1.ReasonImageUntrusted, elasticwebv1.ReasonPlatformMissing,
	elasticwebv1.ReasonExecFormatError, elasticwebv1.ReasonInvalidPod,
}

// podFailure names what keeps containers from running.
func podFailure(in Input, f facts) *verdict {
	if f.isServed {
		return nil
	}
	image := quote.Value(in.Web.Spec.Image)
	found := gravest(in, func(pod *plan.Pod) *cause {
		if pod.Failure == nil {
			return nil
		}
		before, said, after := failureWords(in.Words, image, pod)
		return &cause{int(pod.Failure.Class), reasonOf[pod.Failure.Class], before, said, after}
	}, func(found cause) string {
		if found.said == "" {
			return found.before + found.after
		}
		return found.before + quote.Said(found.said) + found.after
	})
	if found == nil {
		return nil
	}
	return held(in, found)
}

// held keeps what was told of this spec where the pods have come to a phase of the same failure in which the kubelet says less: it
// waits for the next pull, or for the next start of a container whose hook failed. Of one that was started since, that is not so.
func held(in Input, found *verdict) *verdict {
	before := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionReady)
	if before == nil || before.ObservedGeneration != in.Web.Generation {
		return found
	}
	isPull := found.reason == elasticwebv1.ReasonRegistryUnreachable && isOfSamePull(in, found.message, before.Message) &&
		slices.Contains([]string{elasticwebv1.ReasonImageNotFound, elasticwebv1.ReasonRegistryUnauthorized,
			elasticwebv1.ReasonRegistryUnreachable, elasticwebv1.ReasonPlatformMissing, elasticwebv1.ReasonImageUntrusted}, before.Reason)
	isStart := found.reason == elasticwebv1.ReasonCrashLoop && before.Reason == elasticwebv1.ReasonContainerFailed &&
		!isStarted(in.Observed.Pods)
	if isPull || isStart {
		return &verdict{reason: before.Reason, message: before.Message}
	}
	return found
}

// isOfSamePull reports whether a message says no more than that an image cannot be pulled, and the one before spoke of the same container.
func isOfSamePull(in Input, message, before string) bool {
	if message == pullFailed(quote.Value(in.Web.Spec.Image)) {
		return !strings.HasPrefix(before, otherContainer)
	}
	container, isOther := strings.CutSuffix(message, notPulled)
	return isOther && strings.HasPrefix(before, container)
}

// isStarted reports whether the kubelet shows a container that crashes running, or ended, rather than waiting: what kept it from
// being started is over.
func isStarted(pods []plan.Pod) bool {
	for i := range pods {
		pod := &pods[i]
		if !pod.Gone && !pod.Ready && pod.Failure != nil && pod.Failure.Class == podfailure.Crash && !pod.Failure.IsBackOff {
			return true
		}
	}
	return false
}

// failureWords are what is said of a failure, around what others said of it. That is "" where it is not told.
func failureWords(words podtemplate.Words, image string, pod *plan.Pod) (before, said, after string) {
	failure, architecture := pod.Failure, cmp.Or(pod.Architecture, "its node's architecture")
	if !failure.IsOwn {
		return otherWords(words, failure, architecture)
	}
	switch failure.Class {
	case podfailure.InvalidImageName:
		return "spec.image is no name of an image: correct it; the kubelet says: ", failure.Message, ""
	case podfailure.ExecFormat:
		return fmt.Sprintf("the program in image %s is not built for %s, although the image claims it: mend the image, or set spec.architectures to a list without %s",
			image, architecture, architecture), "", ""
	case podfailure.PlatformMissing:
		return fmt.Sprintf("image %s holds nothing for %s: add that platform to the image, or set spec.architectures to a list without %s",
			image, architecture, architecture), "", ""
	case podfailure.ImageUntrusted:
		return "the nodes refuse image " + image + " for its signature: sign it as their policy asks, or use another image; the runtime says: ", podfailure.PullMessage(failure.Message), ""
	case podfailure.ImageNotFound:
		return "image " + image + " cannot be found: check spec.image; the registry says: ", podfailure.PullMessage(failure.Message), ""
	case podfailure.ImageAbsent:
		return "a node lacks image " + image + ", and must not pull it: load it onto the nodes, or change spec.imagePullPolicy, which is Never", "", ""
	case podfailure.PullUnauthorized:
		return "the registry refuses to give image " + image + ": check spec.imagePullSecrets; it says: ", podfailure.PullMessage(failure.Message), ""
	case podfailure.PullFailed:
		if pullMessage := podfailure.PullMessage(failure.Message); pullMessage != "" {
			return pullFailed(image) + "; the runtime says: ", pullMessage, ""
		}
		return pullFailed(image), "", ""
	case podfailure.ImageUnreadable:
		return "a node cannot read image " + image + ": ask an administrator of the cluster to look at the node's storage; the kubelet says: ", failure.Message, ""
	case podfailure.ReferenceMissing:
		return "the container cannot be made: ", failure.Message, ": create it, or correct what spec.env or spec.envFrom names"
	case podfailure.OutOfMemory:
		return "the application in image " + image + " needs more memory than it may have: raise spec.resources.limits.memory, which is 512Mi without spec.resources", "", ""
	case podfailure.Crash:
		return crashed(image, failure), "", ""
	default:
		return fmt.Sprintf("the container cannot run: %s: ", quote.Value(failure.Reason)), failure.Message, ": " + notMadeRemedy(failure)
	}
}

func pullFailed(image string) string {
	return "image " + image + " cannot be pulled: check that the nodes reach its registry"
}

func crashed(image string, failure *podfailure.Failure) string {
	exitCode := failure.ExitCode
	switch {
	case failure.IsEndUnknown:
		return "the application in image " + image + " ends again and again, and the kubelet does not say how: look at its log with kubectl logs --previous"
	case exitCode == 0:
		return "the application in image " + image + " ends with exit code 0, and is to go on serving: look at its log with kubectl logs --previous, and at spec.command and spec.args"
	case exitCode == 137, exitCode == 143:
		return fmt.Sprintf("the application in image %s was killed (exit code %d): kubectl describe pods tells whether by its liveness or startup probe; else look at its log with kubectl logs --previous", image, exitCode)
	default:
		return fmt.Sprintf("the application in image %s ended with exit code %d, and is started again: look at its log with kubectl logs --previous", image, exitCode)
	}
}

// notMadeRemedy names the fields of the spec that a failure to make or start the container speaks of.
func notMadeRemedy(failure *podfailure.Failure) string {
	switch {
	case failure.Reason == "PostStartHookError":
		return "mend spec.lifecycle.postStart"
	case saysAny(failure.Message, "runAsNonRoot", "non-root"):
		return "set spec.securityContext.runAsUser to a user other than 0, or use an image that names one"
	case saysAny(failure.Message, "executable file not found", "no such file or directory", "permission denied"):
		return "look at spec.command, spec.args and spec.volumeMounts, and at the entry point of the image"
	case failure.Class == podfailure.Other:
		return "look at the pods with kubectl describe"
	default:
		return "look at spec.command, spec.securityContext and spec.volumeMounts, and at the pods with kubectl describe"
	}
}

// Of containers beside that of spec.image: how their messages begin, that their image cannot be had, and what to do where it is not built
// for an architecture. Nobody looks up their images.
const (
	otherContainer = "container "
	notPulled      = "does not run, as its image cannot be had: mend it where it is added"
	elsewhere      = ": list in spec.architectures those that the images of all containers are built for, or change the image where it is added"
)

// otherWords is about another container than that of spec.image: one of spec.podTemplate, or one that is not of the ElasticWeb's spec, as
// that of a service mesh, which the spec cannot mend.
func otherWords(words podtemplate.Words, failure *podfailure.Failure, architecture string) (before, said, after string) {
	before = otherContainer + quote.Value(failure.Container) + ", which somebody adds to the pods, "
	if words.Names(failure.Container) {
		before = otherContainer + quote.Value(failure.Container) + ", which spec.podTemplate adds to the pods, "
	}
	switch failure.Class {
	case podfailure.PlatformMissing:
		return before + "has an image that holds nothing for " + architecture + elsewhere, "", ""
	case podfailure.ExecFormat:
		return before + "has an image whose program is not built for " + architecture + elsewhere, "", ""
	case podfailure.Crash:
		how := fmt.Sprintf("ended with exit code %d", failure.ExitCode)
		if failure.IsEndUnknown {
			how = "ends again and again, and the kubelet does not say how"
		}
		return fmt.Sprintf("%s%s: look at its log with kubectl logs --previous -c %s, or take it out where it is added",
			before, how, quote.Value(failure.Container)), "", ""
	case podfailure.OutOfMemory:
		return before + "needs more memory than it may have: raise its limit where it is added", "", ""
	default:
		said = podfailure.PullMessage(failure.Message)
		if failure.Class.IsOfImage() && said == "" {
			return before + notPulled, "", ""
		}
		if failure.Class.IsOfImage() {
			return before + notPulled + "; the kubelet says: ", said, ""
		}
		return fmt.Sprintf("%sdoes not run: %s: ", before, quote.Value(failure.Reason)), said, ": mend it where it is added"
	}
}
