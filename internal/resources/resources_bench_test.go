// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// BenchmarkReconcile is what deciding costs for one ElasticWeb, step by step.
func BenchmarkReconcile(b *testing.B) {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", Generation: 1},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: "shop:1", Port: ptr.To[int32](30003), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
		},
	}
	observed := plan.Observed{
		Image: plan.Image{State: plan.ImageResolved, Facts: &plan.ImageFacts{
			Reference: "shop:1", Platforms: []string{"linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x"},
		}},
		Nodes: &plan.Nodes{All: map[string]int{"amd64": 5, "arm64": 5}, Schedulable: map[string]int{"amd64": 5, "arm64": 5}},
		Pods: []plan.Pod{
			{Name: "a", Node: "1", Architecture: "amd64", Ready: true},
			{Name: "b", Node: "2", Architecture: "arm64", Ready: true},
			{Name: "c", Node: "3", Architecture: "arm64", Ready: true},
		},
	}
	p := plan.Make(web, observed)
	b.Run("plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plan.Make(web, observed)
		}
	})
	b.Run("deployment", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Deployment(web, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("service and budget", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Service(web, &p, nil)
			Budget(web)
		}
	})
	b.Run("status", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			status.Make(status.Input{Web: web, Plan: &p, Observed: observed, Now: metav1.Now()})
		}
	})
}
