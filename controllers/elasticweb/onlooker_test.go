// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// lone is a cluster that has nothing but a Deployment, be it nil.
type lone struct {
	client.Reader
	deployment *appsv1.Deployment
}

func (l lone) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	if into, isDeployment := object.(*appsv1.Deployment); isDeployment && l.deployment != nil {
		l.deployment.DeepCopyInto(into)
		return nil
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (l lone) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	read := &client.ListOptions{}
	read.ApplyOptions(options)
	if _, isNodes := list.(*corev1.NodeList); isNodes && read.AsListOptions().ResourceVersion != "0" {
		return errors.New("all nodes are read from etcd")
	}
	return nil
}

// TestAnOnlookerGoesByWhatWasPlanned: what the operator planned by the traffic is in the plan of whoever looks.
func TestAnOnlookerGoesByWhatWasPlanned(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "dev", UID: "1"}}
	web.Spec.Demand = &elasticwebv1.DemandSpec{Prometheus: &elasticwebv1.PrometheusDemand{Query: "up"}}
	web.Status.Demand = &elasticwebv1.DemandStatus{PlannedQPS: ptr.To[int64](800)}
	record := plan.Make(web, plan.Observed{}).Record
	record.PlannedQPS = 3000
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "dev",
		Annotations:     map[string]string{plan.AnnotationRecord: record.String()},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(web, elasticwebv1.GroupVersion.WithKind("ElasticWeb"))}}}
	for name, tc := range map[string]struct {
		deployment *appsv1.Deployment
		planned    int64
	}{
		"by the record": {deployment, 3000},
		"by the status": {nil, 800},
	} {
		seen, err := Onlooker{Reader: lone{deployment: tc.deployment}}.Look(t.Context(), web, time.Now())
		if err != nil || seen.Traffic == nil || *seen.Traffic != plan.ResumedTraffic(web, tc.deployment) || seen.Traffic.PlannedQPS != tc.planned {
			t.Errorf("%s: %v, %v, want %d planned", name, err, seen.Traffic, tc.planned)
		}
	}
}
