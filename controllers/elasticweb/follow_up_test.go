// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

func TestFollowUp(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 1},
		Spec:       elasticwebv1.ElasticWebSpec{Image: "shop:1", SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400)},
	}
	of := func(replicas int32, record plan.Record) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{plan.AnnotationRecord: record.String()}},
			Spec: appsv1.DeploymentSpec{Replicas: &replicas, Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{elasticwebv1.LabelJoined: elasticwebv1.JoinedTrue}},
			}},
		}
	}
	warming := func(deployment *appsv1.Deployment) *appsv1.Deployment {
		deployment.Spec.MinReadySeconds = 20
		return deployment
	}
	first := plan.Make(web, plan.Observed{})
	larger := plan.Observed{Deployment: of(9, first.Record)}
	shrinking := plan.Make(web, larger)
	if !shrinking.Shrinks {
		t.Fatal("fewer replicas are no shrinking")
	}
	_, weighted := routed(t, byWeights, "True", 2)
	_, plain := routed(t, byOne, "True", 2)
	for title, test := range map[string]struct {
		planned       plan.Plan
		before, after plan.Observed
		missed        string // the name of the object whose event was left out.
		want          time.Duration
	}{
		"nothing was written": {first, larger, larger, "", 0},
		"what was planned is there": {first, plan.Observed{}, plan.Observed{
			Service:    &corev1.Service{Spec: corev1.ServiceSpec{Selector: map[string]string{elasticwebv1.LabelJoined: elasticwebv1.JoinedTrue}}},
			Deployment: of(first.Replicas, first.Record)}, "", 0},
		"the way in lost its weights": {first, *weighted, *plain, "", atOnce},
		"it has shrunk":               {shrinking, larger, plan.Observed{Deployment: of(3, shrinking.Record)}, "", 0},
		"pods warm up for another time": {first, plan.Observed{Deployment: of(first.Replicas, first.Record)}, plan.Observed{
			Deployment: warming(of(first.Replicas, first.Record))}, "", atOnce},
		"what was made has another record than was planned": {first, plan.Observed{}, plan.Observed{
			Deployment: of(first.Replicas, plan.Record{Generation: 1, Pod: first.Record.Pod, MaxSkew: first.Record.MaxSkew + 1})}, "", atOnce},
		"another's event was left out":         {first, larger, larger, "web", atOnce},
		"one of a Service by architecture was": {first, larger, larger, resources.TierServiceName("web", "arm64"), atOnce},
	} {
		t.Run(title, func(t *testing.T) {
			r := &Reconciler{written: apply.NewWritten(clocktesting.NewFakePassiveClock(time.Now()))}
			if test.missed != "" {
				seen := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: test.missed}}
				written := seen.DeepCopy()
				err := r.written.During(kindService, written, func() error {
					r.written.Seen(kindService, seen)
					written.ResourceVersion = "2"
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if got := r.followUp(web, test.planned, test.before, test.after); got != test.want {
				t.Errorf("look again in %s, want %s", got, test.want)
			}
		})
	}
}
