// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func TestTheRolloutIsAsTheSpecSays(t *testing.T) {
	def := Rollout{MaxSurge: intstr.FromString("25%"), MaxUnavailable: intstr.FromInt32(0), ProgressDeadlineSeconds: 600}
	for name, tc := range map[string]struct {
		given *elasticwebv1.RolloutSpec
		want  Rollout
	}{
		"nothing": {nil, def},
		"none":    {&elasticwebv1.RolloutSpec{}, def},
		"all": {&elasticwebv1.RolloutSpec{
			MaxSurge: ptr.To(intstr.FromInt32(0)), MaxUnavailable: ptr.To(intstr.FromString("10%")),
			MinReadySeconds: ptr.To[int32](20), ProgressDeadlineSeconds: ptr.To[int32](60),
		}, Rollout{intstr.FromInt32(0), intstr.FromString("10%"), 20, 60}},
	} {
		web := shop(func(s *elasticwebv1.ElasticWebSpec) { s.Rollout = tc.given })
		if got := Make(web, Observed{}); got.Rollout != tc.want || got.Record.Pod != podHash(&shop().Spec) {
			t.Errorf("%s: %+v, of pod hash %s; want %+v, and no other hash", name, got.Rollout, got.Record.Pod, tc.want)
		}
	}
}

// While the number of pods falls in a rollout, a share that fell as well would leave pods that are not ready in the place of ready ones.
func TestTheSurgeOfARolloutFallsOnlyAsTheSpecSays(t *testing.T) {
	for name, tc := range map[string]struct {
		given    string
		live     intstr.IntOrString
		replicas int32
		atRest   bool
		want     string
	}{
		"a share of fewer pods":         {"25%", intstr.FromString("25%"), 4, false, "3"},
		"and what became of it":         {"25%", intstr.FromInt32(3), 4, false, "3"},
		"a share of as many pods":       {"25%", intstr.FromString("25%"), 12, false, "25%"},
		"a share of fewer pods at rest": {"25%", intstr.FromString("25%"), 4, true, "25%"},
		"a lower share":                 {"10%", intstr.FromString("100%"), 12, false, "10%"},
		"a lower share of more pods":    {"10%", intstr.FromString("100%"), 13, false, "10%"},
		"what is held, at rest":         {"25%", intstr.FromInt32(3), 4, true, "25%"},
		"what is held of as many pods":  {"10%", intstr.FromInt32(3), 12, false, "3"},
		"a number":                      {"1", intstr.FromString("25%"), 4, false, "1"},
		"no room":                       {"0", intstr.FromString("25%"), 12, false, "0"},
		"no room, as a share":           {"0%", intstr.FromString("25%"), 12, false, "0%"},
	} {
		deployment := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](12), Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &tc.live}},
		}}
		if !tc.atRest {
			deployment.Status = appsv1.DeploymentStatus{Replicas: 12, UpdatedReplicas: 3}
		}
		if got := maxSurge(intstr.Parse(tc.given), deployment, tc.replicas); got.String() != tc.want {
			t.Errorf("%s: %s, want %s", name, got.String(), tc.want)
		}
	}
}
