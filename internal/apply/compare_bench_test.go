// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// deploymentAtRest is a Deployment, and the intent that it has.
func deploymentAtRest(tb testing.TB) (Intent, *appsv1.Deployment) {
	tb.Helper()
	labels := map[string]string{"app.kubernetes.io/name": "elasticweb", "app.kubernetes.io/instance": "shop"}
	live := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "dev", Name: "shop", ResourceVersion: "5", Labels: labels,
			OwnerReferences: []metav1.OwnerReference{{UID: "owner", Controller: ptr.To(true)}},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](3), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "nginx"}}},
			},
		},
	}
	text, err := json.Marshal(live)
	if err != nil {
		tb.Fatal(err)
	}
	configuration := &appsv1ac.DeploymentApplyConfiguration{}
	if err := json.Unmarshal(text, configuration); err != nil {
		tb.Fatal(err)
	}
	configuration.WithKind("Deployment").WithAPIVersion("apps/v1").ResourceVersion = nil
	intent := Intent{Kind: "Deployment", Namespace: "dev", Name: "shop", Configuration: configuration, Into: &appsv1.Deployment{}, Owner: "owner"}
	live.Annotations = map[string]string{AnnotationIntent: preparedOf(tb, intent).hash}
	return intent, live
}

func preparedOf(tb testing.TB, intent Intent) *prepared {
	tb.Helper()
	wanted, err := prepare(intent)
	if err != nil {
		tb.Fatal(err)
	}
	return wanted
}

// BenchmarkAtRest is what looking at one object again costs, where nothing changed.
func BenchmarkAtRest(b *testing.B) {
	intent, live := deploymentAtRest(b)
	clock := clocktesting.NewFakePassiveClock(metav1.Now().Time)
	applier := New(nil, nil, "bench", NewWritten(clock), clock)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := applier.Apply(b.Context(), intent, live); err != nil {
			b.Fatal(err)
		}
	}
}

// answering answers each write with the same object, and counts them.
type answering struct {
	client.Writer
	answer *appsv1.Deployment
	writes int
}

func (w *answering) Patch(_ context.Context, object client.Object, _ client.Patch, _ ...client.PatchOption) error {
	deployment, isDeployment := object.(*appsv1.Deployment)
	if !isDeployment {
		return fmt.Errorf("%T is no Deployment", object)
	}
	w.writes++
	w.answer.DeepCopyInto(deployment)
	return nil
}

// BenchmarkWrite is what one write costs beside its request.
func BenchmarkWrite(b *testing.B) {
	intent, live := deploymentAtRest(b)
	intent.IsIncomplete = true
	clock := clocktesting.NewFakePassiveClock(metav1.Now().Time)
	writer := &answering{answer: live}
	applier := New(writer, nil, "bench", NewWritten(clock), clock)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := applier.Apply(b.Context(), intent, live); err != nil {
			b.Fatal(err)
		}
	}
	if writer.writes != b.N {
		b.Errorf("%d writes in %d rounds", writer.writes, b.N)
	}
}
