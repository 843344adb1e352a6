// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// deployed is the Deployment of a plan as the next pass reads it, and its template as bytes.
func deployed(t *rapid.T, web *elasticwebv1.ElasticWeb, observed plan.Observed) (*appsv1.Deployment, string) {
	planned := plan.Make(web, observed)
	configuration, err := resources.Deployment(web, &planned)
	if err != nil {
		t.Fatal(err)
	}
	template, err := json.Marshal(configuration.Spec.Template)
	if err != nil {
		t.Fatal(err)
	}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{plan.AnnotationRecord: planned.Record.String()}},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(planned.Replicas)},
		Status:     appsv1.DeploymentStatus{Replicas: planned.Replicas, UpdatedReplicas: planned.Replicas},
	}, string(template)
}

// What is not the user's shaping of the pods, the allowed architectures or their order changes no byte of the
// template: nodes that come and go, another demand, new measurements of the same order or
// none for a while, a registry that is out
// of reach or holds more than before, and an operator that was restarted, which knows nothing but the record.
func TestTemplateStays(t *testing.T) {
	facts := func(platforms ...string) *plan.ImageFacts {
		return &plan.ImageFacts{Reference: "nginx:1.17.1", Digest: "sha256:1", Platforms: platforms, Port: ptr.To[int32](80)}
	}
	rapid.Check(t, func(t *rapid.T) {
		web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", Generation: 1}, Spec: minimal()}
		web.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "shop-capacity"}
		measured := map[string]plan.Measurement{"arm64": {QPS: 1000}, "amd64": {QPS: 800}, "s390x": {QPS: 600}}
		observed := plan.Observed{
			Image: plan.Image{State: plan.ImageResolved, Facts: facts("linux/amd64", "linux/arm64", "linux/s390x")},
			Nodes: anyNodes(t), Benchmark: maps.Clone(measured),
		}
		deployment, want := deployed(t, web, observed)
		for range rapid.IntRange(1, 6).Draw(t, "events") {
			observed.Deployment = deployment
			switch rapid.SampledFrom([]string{"nodes", "demand", "measurement", "benchmark gone", "registry down", "more platforms", "pods"}).Draw(t, "event") {
			case "nodes":
				observed.Nodes = anyNodes(t)
			case "demand":
				web.Generation++
				web.Spec.TotalQPS = ptr.To(rapid.Int32Range(0, 100_000).Draw(t, "totalQPS"))
			case "benchmark gone":
				observed.Benchmark = nil
			case "measurement":
				observed.Benchmark = map[string]plan.Measurement{}
				for _, name := range []string{"amd64", "arm64", "s390x"} {
					observed.Benchmark[name] = plan.Measurement{QPS: measured[name].QPS * rapid.Int64Range(94, 106).Draw(t, name) / 100}
				}
			case "registry down":
				observed.Image, observed.KnownFacts = plan.Image{State: plan.ImageFailed, Reason: "RegistryUnreachable"}, nil
			case "more platforms":
				observed.Image = plan.Image{State: plan.ImageResolved, Facts: facts("linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x")}
			case "pods":
				observed.Pods = []plan.Pod{{Name: "a", Node: "n", Architecture: "s390x", Ready: true}, {Name: "b", Unschedulable: "no room"}}
			}
			var got string
			deployment, got = deployed(t, web, observed)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("the template changed (-before +after):\n%s", diff)
			}
		}
	})
}

func anyNodes(t *rapid.T) *plan.Nodes {
	if rapid.IntRange(0, 5).Draw(t, "unknown") == 0 {
		return nil
	}
	nodes := &plan.Nodes{All: map[string]int{}, Schedulable: map[string]int{}}
	for _, name := range []string{"amd64", "arm64", "ppc64le", "s390x"} {
		if number := rapid.IntRange(0, 5).Draw(t, name); number > 0 {
			nodes.All[name], nodes.Schedulable[name] = number, rapid.IntRange(0, number).Draw(t, "schedulable")
		}
	}
	return nodes
}
