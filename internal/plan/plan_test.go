// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	gocmp "cmp"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// shop is the walk-through's sample, changed by the given functions.
func shop(changes ...func(*elasticwebv1.ElasticWebSpec)) *elasticwebv1.ElasticWeb {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", Generation: 1},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: "registry.example.com/shop:1.4", Port: ptr.To[int32](30003),
			SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
		},
	}
	for _, change := range changes {
		change(&web.Spec)
	}
	return web
}

// deploymentOf is the Deployment that a plan was carried out with, with its pods as the status says.
func deploymentOf(p Plan) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Generation: 1, Annotations: map[string]string{AnnotationRecord: p.Record.String()}},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(p.Replicas)},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 1, Replicas: p.Replicas, UpdatedReplicas: p.Replicas,
		},
	}
}

func TestReplicas(t *testing.T) {
	type spec = elasticwebv1.ElasticWebSpec
	for name, tc := range map[string]struct {
		change   func(*spec)
		existing int32
		want     int32
		limit    int // 1 where there are more than the demand calls for, -1 where there are fewer.
		seed     *int32
	}{
		"walk-through":                  {func(*spec) {}, 0, 3, 0, nil},
		"one more request per second":   {func(s *spec) { s.TotalQPS = ptr.To[int32](2401) }, 3, 4, 0, nil},
		"headroom":                      {func(s *spec) { s.HeadroomPercent = ptr.To[int32](50) }, 3, 5, 0, nil},
		"no demand":                     {func(s *spec) { s.TotalQPS = nil }, 3, 0, 0, nil},
		"demand of 0":                   {func(s *spec) { s.TotalQPS = ptr.To[int32](0) }, 3, 0, 0, nil},
		"demand of 0 with a minimum":    {func(s *spec) { s.TotalQPS, s.MinReplicas = ptr.To[int32](0), ptr.To[int32](2) }, 3, 0, 0, nil},
		"minimum":                       {func(s *spec) { s.MinReplicas = ptr.To[int32](5) }, 0, 5, 1, nil},
		"maximum":                       {func(s *spec) { s.MaxReplicas = ptr.To[int32](2) }, 0, 2, -1, nil},
		"replicas":                      {func(s *spec) { s.TotalQPS, s.Replicas = nil, ptr.To[int32](7) }, 3, 7, 0, nil},
		"replicas of 0":                 {func(s *spec) { s.TotalQPS, s.Replicas, s.MinReplicas = nil, ptr.To[int32](0), ptr.To[int32](2) }, 3, 0, 0, nil},
		"replicas above the maximum":    {func(s *spec) { s.TotalQPS, s.Replicas, s.MaxReplicas = nil, ptr.To[int32](7), ptr.To[int32](4) }, 3, 4, -1, nil},
		"replicas below the minimum":    {func(s *spec) { s.TotalQPS, s.Replicas, s.MinReplicas = nil, ptr.To[int32](1), ptr.To[int32](4) }, 3, 4, 1, nil},
		"left to an autoscaler, new":    {func(s *spec) { s.TotalQPS, s.MinReplicas = nil, ptr.To[int32](2) }, 0, 2, 0, ptr.To[int32](2)},
		"left to an autoscaler, living": {func(s *spec) { s.TotalQPS, s.MinReplicas = nil, ptr.To[int32](2) }, 5, 5, 0, ptr.To[int32](5)},
		"nil everywhere":                {func(s *spec) { *s = spec{} }, 0, 0, 0, nil},
		"the greatest":                  {func(s *spec) { s.TotalQPS, s.SinglePodsQPS = ptr.To[int32](1<<31-1), ptr.To[int32](1) }, 0, 1<<31 - 1, 0, nil},
		"beyond the greatest": {func(s *spec) {
			s.TotalQPS, s.SinglePodsQPS, s.HeadroomPercent = ptr.To[int32](1<<31-1), ptr.To[int32](1), ptr.To[int32](1000)
		}, 0, 1<<31 - 1, -1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			observed := Observed{}
			if tc.existing > 0 {
				observed.Deployment = deploymentOf(Plan{Replicas: tc.existing})
				for range tc.existing {
					observed.Pods = append(observed.Pods, Pod{Node: "n", Ready: true})
				}
			}
			got := Make(shop(tc.change), observed)
			if limit := gocmp.Compare(int64(got.Replicas), got.Asked); got.Replicas != tc.want || limit != tc.limit {
				t.Errorf("%d replicas for %d; want %d, and them as %d to the latter", got.Replicas, got.Asked, tc.want, tc.limit)
			}
			if diff := cmp.Diff(tc.seed, got.Seed); diff != "" {
				t.Errorf("seed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWanted(t *testing.T) {
	none := shop(func(s *elasticwebv1.ElasticWebSpec) { s.TotalQPS = nil })
	if Make(none, Observed{}).Wanted {
		t.Error("without demand, and with nothing there, nothing may be made")
	}
	for name, observed := range map[string]Observed{
		"a Deployment": {Deployment: deploymentOf(Plan{Replicas: 3})},
		"a Service":    {Service: &corev1.Service{}},
	} {
		if p := Make(none, observed); !p.Wanted || p.Replicas != 0 {
			t.Errorf("%s stays without demand, at 0 replicas and without a budget; got %+v", name, p)
		}
	}
}

func TestFactsInUse(t *testing.T) {
	facts := func(reference string, platforms ...string) *ImageFacts {
		return &ImageFacts{Reference: reference, Platforms: platforms}
	}
	const image, newer = "registry.example.com/shop:1.4", "registry.example.com/shop:1.5"
	resolved := func(f *ImageFacts) Image { return Image{State: ImageResolved, Facts: f} }
	both, one := facts(image, "linux/amd64", "linux/arm64"), facts(image, "linux/amd64")
	live := func(inUse *ImageFacts) *appsv1.Deployment {
		p := Make(shop(), Observed{Image: resolved(inUse)})
		if inUse == nil {
			p = Make(shop(), Observed{Image: Image{State: ImageFailed}})
		}
		return deploymentOf(p)
	}
	for name, tc := range map[string]struct {
		image    string
		observed Observed
		want     *ImageFacts
		waits    bool
	}{
		"first creation":                          {image, Observed{Image: resolved(both)}, both, false},
		"first creation, still asking":            {image, Observed{Image: Image{State: ImagePending}}, nil, true},
		"first creation, out of reach":            {image, Observed{Image: Image{State: ImageFailed}}, nil, false},
		"Deployment lost, out of reach":           {image, Observed{Image: Image{State: ImageFailed}, KnownFacts: both}, both, false},
		"Deployment lost, other image":            {image, Observed{Image: Image{State: ImageFailed}, KnownFacts: facts("other/image:1")}, nil, false},
		"at rest":                                 {image, Observed{Deployment: live(both)}, both, false},
		"facts come late, the pods run anywhere":  {image, Observed{Deployment: live(nil), Image: resolved(both)}, both, false},
		"the choice widens":                       {image, Observed{Deployment: live(one), Image: resolved(both)}, one, false},
		"a platform is lost":                      {image, Observed{Deployment: live(both), Image: resolved(one)}, one, false},
		"a new tag":                               {newer, Observed{Deployment: live(one), Image: resolved(facts(newer, "linux/arm64"))}, facts(newer, "linux/arm64"), false},
		"a new tag, still asking":                 {newer, Observed{Deployment: live(one), Image: Image{State: ImagePending}}, one, true},
		"a new tag, out of reach":                 {newer, Observed{Deployment: live(one), Image: Image{State: ImageFailed}}, one, false},
		"another image, out of reach":             {"other/image:1", Observed{Deployment: live(one), Image: Image{State: ImageFailed}}, nil, false},
		"the status does not overrule the record": {image, Observed{Deployment: live(nil), KnownFacts: both}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := Make(shop(func(s *elasticwebv1.ElasticWebSpec) { s.Image = tc.image }), tc.observed)
			if diff := cmp.Diff(tc.want, got.Facts); diff != "" || got.WaitsForImage != tc.waits {
				t.Errorf("waits %t, facts (-want +got):\n%s", got.WaitsForImage, diff)
			}
		})
	}
}

func TestRepository(t *testing.T) {
	for reference, want := range map[string]string{
		"nginx":                       "nginx",
		"nginx:1.17.1":                "nginx",
		"localhost:5000/shop":         "localhost:5000/shop",
		"localhost:5000/shop:1@sha:a": "localhost:5000/shop",
		"shop@sha256:abc":             "shop",
	} {
		if got := repository(reference); got != want {
			t.Errorf("repository(%q) = %q, want %q", reference, got, want)
		}
	}
}

func TestContainerPort(t *testing.T) {
	image := Image{State: ImageResolved, Facts: &ImageFacts{Reference: shop().Spec.Image, Platforms: []string{"linux/amd64"}, Port: ptr.To[int32](80)}}
	declared := shop(func(s *elasticwebv1.ElasticWebSpec) { s.ContainerPort = ptr.To[int32](9000) })
	for name, tc := range map[string]struct {
		web   *elasticwebv1.ElasticWeb
		image Image
		port  int32
		known bool
	}{
		"neither said nor known": {shop(), Image{}, 8080, false},
		"from the image":         {shop(), image, 80, true},
		"declared":               {declared, image, 9000, true},
	} {
		if p := Make(tc.web, Observed{Image: tc.image}); p.ContainerPort != tc.port || p.ContainerPortKnown != tc.known {
			t.Errorf("%s: port %d, known %t; want %d, %t", name, p.ContainerPort, p.ContainerPortKnown, tc.port, tc.known)
		}
	}
}

// TestNothingButTheUserChangesTheTemplate: nodes, measurements with the same order, an answer of the
// registry that widens the choice, and a restart leave the inputs of the pod template as they are.
func TestNothingButTheUserChangesTheTemplate(t *testing.T) {
	facts := &ImageFacts{Reference: shop().Spec.Image, Platforms: []string{"linux/amd64", "linux/arm64"}}
	ref := func(s *elasticwebv1.ElasticWebSpec) { s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"} }
	measured := map[string]Measurement{"amd64": {QPS: 800}, "arm64": {QPS: 1000}}
	first := Make(shop(ref), Observed{Image: Image{State: ImageResolved, Facts: facts}, Benchmark: measured})
	live := deploymentOf(first)
	for name, observed := range map[string]Observed{
		"restart":                    {Benchmark: measured},
		"other nodes":                {Benchmark: measured, Nodes: &Nodes{All: map[string]int{"amd64": 1}, Schedulable: map[string]int{"amd64": 1}}},
		"numbers with the order":     {Benchmark: map[string]Measurement{"amd64": {QPS: 700}, "arm64": {QPS: 1500}}},
		"numbers alike within noise": {Benchmark: map[string]Measurement{"amd64": {QPS: 1050}, "arm64": {QPS: 1000}}},
		"a wider choice":             {Benchmark: measured, Image: Image{State: ImageResolved, Facts: &ImageFacts{Reference: facts.Reference, Platforms: []string{"linux/amd64", "linux/arm64", "linux/s390x"}}}},
		"the registry is gone":       {Benchmark: measured, Image: Image{State: ImageFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			observed.Deployment = live
			got := Make(shop(ref), observed)
			if diff := cmp.Diff(first.Placement, got.Placement); diff != "" {
				t.Errorf("the placement changed (-first +now):\n%s", diff)
			}
		})
	}
	observed := Observed{Deployment: live, Benchmark: map[string]Measurement{"amd64": {QPS: 1200}, "arm64": {QPS: 1000}}}
	if got := Make(shop(ref), observed); cmp.Diff(first.Placement, got.Placement) == "" {
		t.Error("the order of the architectures changed, and the placement did not")
	}
}

func TestShrinks(t *testing.T) {
	for existing, want := range map[int32]bool{2: false, 3: false, 4: true} {
		deployment := deploymentOf(Make(shop(), Observed{}))
		deployment.Spec.Replicas, deployment.Status.Replicas, deployment.Status.UpdatedReplicas = ptr.To(existing), existing, existing
		if got := Make(shop(), Observed{Deployment: deployment}); got.Replicas != 3 || got.Shrinks != want {
			t.Errorf("from %d to %d pods: shrinks: %t", existing, got.Replicas, got.Shrinks)
		}
	}
}
