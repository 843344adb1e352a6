// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// environment is a Deployment at rest whose container has so many variables.
func environment(tb testing.TB, length int) (*prepared, func(change func([]corev1.EnvVar)) string) {
	tb.Helper()
	intent, live := deploymentAtRest(tb)
	wanted := preparedOf(tb, intent)
	variables := make([]corev1.EnvVar, length)
	for i := range variables {
		variables[i] = corev1.EnvVar{Name: fmt.Sprintf("A%d", i), Value: "a"}
	}
	text, err := json.Marshal(map[string]any{"env": variables})
	if err != nil {
		tb.Fatal(err)
	}
	live.Spec.Template.Spec.Containers[0].Env = variables
	container := &corev1ac.ContainerApplyConfiguration{}
	if err := json.Unmarshal(text, container); err != nil {
		tb.Fatal(err)
	}
	wanted.Configuration.(*appsv1ac.DeploymentApplyConfiguration).Spec.Template.Spec.Containers[0].Env = container.Env //nolint:forcetypeassert // it is.
	return wanted, func(change func([]corev1.EnvVar)) string {
		other := live.DeepCopy()
		change(other.Spec.Template.Spec.Containers[0].Env)
		return wanted.unlike(other)
	}
}

// The elements of a list are found wherever they stand.
func TestElementsOfAListAreFoundByTheirKeys(t *testing.T) {
	_, unlike := environment(t, 9)
	if text := unlike(slices.Reverse[[]corev1.EnvVar]); text != "" {
		t.Errorf("in another order: %s", text)
	}
	if text := unlike(func(env []corev1.EnvVar) { env[4].Name = "another" }); text == "" {
		t.Error("one that is not there is not missed")
	}
}

// BenchmarkLongList: 2,000 variables must take about ten times what 200 take. A pod template may hold as many as fit.
func BenchmarkLongList(b *testing.B) {
	for _, length := range []int{200, 2000} {
		b.Run(fmt.Sprint(length), func(b *testing.B) {
			_, unlike := environment(b, length)
			for b.Loop() {
				unlike(func([]corev1.EnvVar) {})
			}
		})
	}
}
