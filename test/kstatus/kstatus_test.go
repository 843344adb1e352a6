// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kstatus_test holds the status of ElasticWebs against kstatus' own library, as Helm, Flux and Argo CD read it.
package kstatus_test

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// trouble is something that goes wrong, and whether it may heal.
type trouble struct {
	change  func(*status.Input)
	mayHeal bool
}

func failing(reason, message string) trouble {
	failure := &podfailure.Failure{Class: podfailure.Classify(reason, message), Container: "web", IsOwn: true, Reason: reason, Message: message}
	return trouble{func(in *status.Input) {
		for i := range in.Observed.Pods {
			in.Observed.Pods[i].Failure = failure
		}
	}, failure.Class != podfailure.InvalidImageName}
}

func refused(reason string, mayHeal bool) trouble {
	return trouble{func(in *status.Input) { in.Problems = []status.Problem{{Reason: reason, Message: "m"}} }, mayHeal}
}

func cannotCreate(message string) trouble {
	return trouble{func(in *status.Input) {
		if in.Observed.Deployment != nil {
			conditions := &in.Observed.Deployment.Status.Conditions
			*conditions = append(*conditions, appsv1.DeploymentCondition{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: message})
		}
	}, true}
}

var troubles = map[string]trouble{
	"none":            {func(*status.Input) {}, true},
	"no node yet":     {func(in *status.Input) { in.Observed.Nodes.All = nil }, true},
	"a contradiction": {func(in *status.Input) { in.Plan.Placement.Contradiction = "m" }, false},
	"a contest":       {func(in *status.Input) { in.Contestant = "kubectl" }, true},
	"an image asked":  {func(in *status.Input) { in.Plan.WaitsForImage = true }, true},
	"maxReplicas":     {func(in *status.Input) { in.Plan.Demand.QPS, in.Plan.Asked = 9000, 12 }, false},
	"a full cluster": {func(in *status.Input) {
		in.Observed.Pods[0].Unschedulable = "0/1 nodes are available: 1 Insufficient cpu."
	}, true},
	"no benchmark":      {func(in *status.Input) { in.Web.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"} }, true},
	"a webhook":         refused(elasticwebv1.ReasonWebhookFailed, true),
	"a quota":           refused(elasticwebv1.ReasonQuotaExceeded, true),
	"a policy":          refused(elasticwebv1.ReasonForbidden, true),
	"a port":            refused(elasticwebv1.ReasonNodePortConflict, true),
	"a name":            refused(elasticwebv1.ReasonNameConflict, false),
	"an invalid pod":    refused(elasticwebv1.ReasonInvalidPod, false),
	"no account":        cannotCreate(`pods "a" is forbidden: error looking up service account dev/a: serviceaccount "a" not found`),
	"a quota of pods":   cannotCreate(`pods "a" is forbidden: exceeded quota: q`),
	"a pull":            failing("ErrImagePull", "i/o timeout"),
	"no image":          failing("ErrImagePull", "manifest unknown"),
	"no credentials":    failing("ImagePullBackOff", "401 Unauthorized"),
	"no signature":      failing("SignatureValidationFailed", ""),
	"no platform":       failing("ErrImagePull", "no match for platform in manifest"),
	"another program":   failing("Error", "exec format error"),
	"no secret":         failing("CreateContainerConfigError", `secret "a" not found`),
	"a hook":            failing("PostStartHookError", ""),
	"memory":            failing("OOMKilled", ""),
	"a first crash":     failing("Error", ""),
	"a crash loop":      failing("CrashLoopBackOff", ""),
	"no name":           failing("InvalidImageName", ""),
	"what is not known": failing("AReasonOfTheYear2030", ""),
}

// deployments are the states that a Deployment of three pods comes through.
func deployments() map[string]*appsv1.Deployment {
	result := map[string]*appsv1.Deployment{"none": nil}
	for name, reason := range map[string]string{
		"new": "NewReplicaSetCreated", "updated": "ReplicaSetUpdated", "complete": "NewReplicaSetAvailable",
		"given up": "ProgressDeadlineExceeded", "paused": "DeploymentPaused",
	} {
		for _, ready := range []int32{0, 2, 3} {
			for _, behind := range []int64{0, 1} {
				result[fmt.Sprintf("%s, %d ready, %d behind", name, ready, behind)] = deployment(reason, ready, behind)
			}
		}
	}
	return result
}

func deployment(reason string, ready int32, behind int64) *appsv1.Deployment {
	replicas, deadline := int32(3), int32(600)
	progressing, available := corev1.ConditionTrue, corev1.ConditionTrue
	switch reason {
	case "ProgressDeadlineExceeded":
		progressing = corev1.ConditionFalse
	case "DeploymentPaused":
		progressing = corev1.ConditionUnknown
	}
	if ready < replicas {
		available = corev1.ConditionFalse
	}
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", Generation: 5},
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas, ProgressDeadlineSeconds: &deadline},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 5 - behind, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: ready, AvailableReplicas: ready,
			Conditions: []appsv1.DeploymentCondition{
				{Type: appsv1.DeploymentProgressing, Status: progressing, Reason: reason},
				{Type: appsv1.DeploymentAvailable, Status: available},
			},
		},
	}
}

func input(deployment *appsv1.Deployment) status.Input {
	in := status.Input{
		Web: &elasticwebv1.ElasticWeb{
			TypeMeta:   metav1.TypeMeta{APIVersion: elasticwebv1.GroupVersion.String(), Kind: "ElasticWeb"},
			ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", Generation: 4}, Spec: elasticwebv1.ElasticWebSpec{Image: "shop:1"},
		},
		Plan: &plan.Plan{
			Rollout: plan.Rollout{ProgressDeadlineSeconds: 600},
			Demand:  plan.Demand{QPS: 2400}, Wanted: true, Asked: 3, Replicas: 3,
			Rates: []placement.Rate{{Architecture: "arm64", QPS: 800}}, Placement: placement.Placement{Possible: []string{"arm64"}},
		},
		Observed: plan.Observed{Deployment: deployment, Nodes: &plan.Nodes{All: map[string]int{"arm64": 1}}},
	}
	for i := range int32(3) {
		in.Observed.Pods = append(in.Observed.Pods, plan.Pod{
			Name: "p", Node: "n", Architecture: "arm64", Ready: deployment != nil && i >= 3-deployment.Status.ReadyReplicas,
		})
	}
	return in
}

func compute(t *testing.T, object any) kstatus.Status {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	result, err := kstatus.Compute(&unstructured.Unstructured{Object: content})
	if err != nil {
		t.Fatal(err)
	}
	return result.Status
}

// While its own Deployment is in progress no ElasticWeb is Failed by what may heal, however long that takes; and it is Current only
// with a Ready condition that says so.
func TestNoElasticWebFailsBeforeItsDeployment(t *testing.T) {
	seen := map[kstatus.Status]int{}
	for name, trouble := range troubles {
		for state, made := range deployments() {
			in := input(made.DeepCopy())
			trouble.change(&in)
			for _, after := range []time.Duration{0, time.Minute, 601 * time.Second, time.Hour} {
				in.Now = metav1.NewTime(now.Add(after))
				in.Web.Status, _ = status.Make(in)
				web := compute(t, in.Web)
				seen[web]++
				if in.Observed.Deployment == nil {
					if web == kstatus.FailedStatus && trouble.mayHeal && after < 600*time.Second {
						t.Errorf("%s, no Deployment, after %s: Failed: %v", name, after, in.Web.Status.Conditions)
					}
					continue
				}
				own := compute(t, in.Observed.Deployment)
				if web == kstatus.FailedStatus && trouble.mayHeal && own == kstatus.InProgressStatus {
					t.Errorf("%s, Deployment %s, after %s: Failed, and its Deployment in progress: %v", name, state, after, in.Web.Status.Conditions)
				}
				if !trouble.mayHeal && web == kstatus.CurrentStatus && name != "no name" {
					t.Errorf("%s, Deployment %s: Current: %v", name, state, in.Web.Status.Conditions)
				}
			}
		}
	}
	for _, status := range []kstatus.Status{kstatus.CurrentStatus, kstatus.InProgressStatus, kstatus.FailedStatus} {
		if seen[status] == 0 {
			t.Errorf("no ElasticWeb was %s: is this test still looking in the right place?", status)
		}
	}
}
