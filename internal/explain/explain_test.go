// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/test/golden"
)

func shop() *elasticwebv1.ElasticWeb {
	w := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "dev", Generation: 2}}
	w.Spec = elasticwebv1.ElasticWebSpec{Image: "shop:1", Port: ptr.To[int32](30001), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
		HeadroomPercent: ptr.To[int32](25), Architectures: []elasticwebv1.ArchitectureSpec{{Name: "amd64"}, {Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)}}}
	w.Status = elasticwebv1.ElasticWebStatus{ObservedGeneration: 2, RealQPS: ptr.To[int32](2400), ReadyReplicas: 3, Replicas: 3, Conditions: []metav1.Condition{
		{Type: "Ready", Status: "False", Reason: "RollingOut", Message: "the pods are being brought to what the spec says"},
		{Type: "CapacityMet", Status: "False", Reason: "CapacityShort", Message: "the ready pods serve 2400 of 3000 requests per second"},
	}}
	return w
}

// world has so many pods on each architecture; "" is no node.
func world(w *elasticwebv1.ElasticWeb, architectures ...string) plan.Observed {
	seen := plan.Observed{Image: plan.Image{State: plan.ImageResolved, Facts: &plan.ImageFacts{Reference: "shop:1", Platforms: []string{"linux/amd64", "linux/arm64"}}},
		Nodes: &plan.Nodes{All: map[string]int{"amd64": 3, "arm64": 2}, Schedulable: map[string]int{"amd64": 2, "arm64": 2}}}
	first := plan.Make(w, seen)
	first.Record.Replicas = int32(len(architectures))
	number := int32(len(architectures))
	seen.Deployment = &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{plan.AnnotationRecord: first.Record.String()}},
		Spec: appsv1.DeploymentSpec{Replicas: &number}, Status: appsv1.DeploymentStatus{Replicas: number, UpdatedReplicas: number}}
	for i, architecture := range architectures {
		pod := plan.Pod{Name: string(rune('a' + i)), Architecture: architecture, Node: architecture, TemplateHash: "1", Ready: architecture != ""}
		if architecture == "" {
			pod.Unschedulable = "no node"
		}
		seen.Pods = append(seen.Pods, pod)
	}
	return seen
}

func byTraffic(w *elasticwebv1.ElasticWeb) {
	w.Spec.TotalQPS, w.Spec.Demand = nil, &elasticwebv1.DemandSpec{Prometheus: &elasticwebv1.PrometheusDemand{Query: "sum(rate(requests[1m]))"}}
}

// TestWordsOfTheUser: a field is named where the user wrote it.
func TestWordsOfTheUser(t *testing.T) {
	given := shop()
	given.Spec.PodTemplate = &runtime.RawExtension{Raw: []byte(`{"spec":{"nodeSelector":{"kubernetes.io/arch":"s390x"}}}`)}
	w, words, err := podtemplate.Resolved(given)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Web: w, Words: words, Observed: world(w)}
	in.Plan, in.Reasons = plan.Explained(w, in.Observed)
	if text := fmt.Sprint(Steps(in)); !strings.Contains(text, "does not go together: ") || !strings.Contains(text, "spec.podTemplate.spec.nodeSelector") || !strings.Contains(text, "keep the template that they have") {
		t.Error(text)
	}
}

// TestNodes: what is counted are the nodes that take the pods, whatever keeps the others out.
func TestNodes(t *testing.T) {
	for want, counted := range map[string]*plan.Nodes{
		"These nodes take the pods: 3 of amd64 (2 take none now), 1 of arm64.":                                                          {All: map[string]int{"amd64": 3, "arm64": 1}, Schedulable: map[string]int{"amd64": 1, "arm64": 1}},
		"No Linux node of the cluster takes these pods: what the spec says of nodes, or their taints, keep them out, or there is none.": {},
	} {
		if got := nodes(counted); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSteps(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*elasticwebv1.ElasticWeb)
		world  func(*elasticwebv1.ElasticWeb) plan.Observed
	}{
		"first":   {world: func(*elasticwebv1.ElasticWeb) plan.Observed { return plan.Observed{} }},
		"counted": {world: func(w *elasticwebv1.ElasticWeb) plan.Observed { return world(w, "arm64", "amd64", "arm64") }},
		"least": {change: func(w *elasticwebv1.ElasticWeb) { w.Spec.MinReplicas = ptr.To[int32](5) },
			world: func(w *elasticwebv1.ElasticWeb) plan.Observed {
				return world(w, "arm64", "arm64", "arm64", "arm64", "arm64")
			}},
		"tried": {change: func(w *elasticwebv1.ElasticWeb) { w.Spec.Architectures[0].SinglePodsQPS = ptr.To[int32](100) },
			world: func(w *elasticwebv1.ElasticWeb) plan.Observed { return world(w, "arm64", "arm64", "amd64") }},
		"waiting": {change: func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](3200) }, world: func(w *elasticwebv1.ElasticWeb) plan.Observed { return world(w, "arm64", "arm64", "") }},
		"two causes": {change: func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TotalQPS = ptr.To[int32](8000)
			w.Status.Conditions[0].Reason, w.Status.Conditions[0].Message = elasticwebv1.ReasonNodePortConflict, "node port 30001 is already allocated: choose another spec.port"
		}, world: func(w *elasticwebv1.ElasticWeb) plan.Observed { return world(w, "arm64", "", "") }},
		"moving": {world: func(w *elasticwebv1.ElasticWeb) plan.Observed {
			seen := world(w, "arm64", "arm64", "arm64")
			seen.Deployment.Status.UpdatedReplicas = 1
			return seen
		}},
		"limited": {change: func(w *elasticwebv1.ElasticWeb) { w.Spec.MaxReplicas = ptr.To[int32](2) },
			world: func(w *elasticwebv1.ElasticWeb) plan.Observed { return world(w, "arm64", "arm64") }},
		"replicas": {change: func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TotalQPS, w.Spec.Replicas, w.Spec.MinReplicas = nil, ptr.To[int32](1), ptr.To[int32](2)
			w.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager", Subresource: "scale"}}
		}, world: func(w *elasticwebv1.ElasticWeb) plan.Observed { return world(w, "arm64", "arm64") }},
		"traffic": {change: func(w *elasticwebv1.ElasticWeb) {
			byTraffic(w)
			w.Status.Demand = &elasticwebv1.DemandStatus{ObservedQPS: ptr.To[int32](1900), ExpectedQPS: ptr.To[int32](2400), PlannedQPS: ptr.To[int64](3000), LeadTime: "45s"}
		}, world: func(w *elasticwebv1.ElasticWeb) plan.Observed {
			seen := world(w, "arm64", "arm64", "arm64")
			seen.Traffic = &plan.Traffic{PlannedQPS: 3000}
			return seen
		}},
		"no-traffic": {change: func(w *elasticwebv1.ElasticWeb) {
			byTraffic(w)
			w.Status.Conditions = append(w.Status.Conditions, metav1.Condition{Type: elasticwebv1.ConditionDemandObserved, Status: "False",
				Reason: elasticwebv1.ReasonSourceUnreachable, Message: "Prometheus does not answer: look whether it runs"})
		}, world: func(w *elasticwebv1.ElasticWeb) plan.Observed {
			seen := world(w, "arm64", "arm64", "arm64")
			seen.Traffic = &plan.Traffic{Holds: true}
			return seen
		}},
		"refused way in": {change: func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Expose = &elasticwebv1.ExposeSpec{Ingress: &elasticwebv1.IngressSpec{Host: "shop.example.com"}}
			w.Status.Conditions = append(w.Status.Conditions, metav1.Condition{Type: elasticwebv1.ConditionExposed, Status: "False",
				Reason: elasticwebv1.ReasonNameConflict, Message: "there is an Ingress shop that is somebody else's: delete it"})
		}, world: func(w *elasticwebv1.ElasticWeb) plan.Observed { return world(w, "arm64", "arm64", "arm64") }},
		"nothing": {change: func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TotalQPS, w.Status = nil, elasticwebv1.ElasticWebStatus{}
			w.Generation = 0
		}, world: func(*elasticwebv1.ElasticWeb) plan.Observed { return plan.Observed{} }},
	} {
		t.Run(name, func(t *testing.T) {
			w := shop()
			if tc.change != nil {
				tc.change(w)
			}
			in := Input{Web: w, Observed: tc.world(w)}
			in.Plan, in.Reasons = plan.Explained(w, in.Observed)
			got := Text(w.Name, w.Namespace, Steps(in), screen.Fit(80, false))
			path := filepath.Join("testdata", name+".txt")
			golden.Check(t, path, got, "go test ./internal/explain -update takes it over")
			for line := range strings.Lines(got) {
				if len([]rune(line)) > 81 {
					t.Errorf("too wide: %q", line)
				}
			}
		})
	}
}
