// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// Where no node can match what is asked for, the pods keep their template and their number follows: as often as it is planned, and until it
// is mended.
func TestAContradictionKeepsTheTemplate(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", Generation: 1},
		Spec: elasticwebv1.ElasticWebSpec{Image: "shop:1", SinglePodsQPS: ptr.To[int32](100), TotalQPS: ptr.To[int32](300),
			Architectures: []elasticwebv1.ArchitectureSpec{{Name: "amd64"}, {Name: "arm64"}}},
	}
	first := plan.Make(web, plan.Observed{})
	observed := plan.Observed{Deployment: &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{plan.AnnotationRecord: first.Record.String()}},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To[int32](3)},
	}}
	web.Generation, web.Spec.TotalQPS = 2, ptr.To[int32](900)
	web.Spec.NodeSelector = map[string]string{corev1.LabelArchStable: "s390x"}
	for range 3 {
		planned, unfit := resources.PlanFor(web, &observed)
		if unfit != nil || planned.Placement.Contradiction == "" || !observed.KeepsTemplate || planned.Replicas != 9 || planned.Record.Pod != first.Record.Pod {
			t.Errorf("%v, %+v", unfit, planned)
		}
	}
	web.Spec.NodeSelector = nil
	if planned, _ := resources.PlanFor(web, &observed); planned.Placement.Contradiction != "" || observed.KeepsTemplate || planned.Replicas != 9 {
		t.Errorf("mended: %+v", planned)
	}
}
