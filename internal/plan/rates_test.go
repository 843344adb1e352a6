// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// The last good result stays in force until there is one that says more.
func TestMeasuredInForce(t *testing.T) {
	measured := func(qps int32, atLeast bool, benchmark string) elasticwebv1.ArchitectureStatus {
		return elasticwebv1.ArchitectureStatus{Name: "arm64", SinglePodsQPS: qps, Source: elasticwebv1.QPSSourceMeasured, AtLeast: atLeast, Benchmark: benchmark}
	}
	exact := measured(1000, false, "b")
	for name, tc := range map[string]struct {
		before elasticwebv1.ArchitectureStatus
		result *Measurement
		want   int64
		bound  bool
	}{
		"the first result":                          {elasticwebv1.ArchitectureStatus{Name: "arm64", SinglePodsQPS: 800, Source: elasticwebv1.QPSSourceSpec}, &Measurement{QPS: 801}, 801, false},
		"no result any more":                        {exact, nil, 1000, false},
		"within noise":                              {exact, &Measurement{QPS: 1100}, 1000, false},
		"within noise, less":                        {exact, &Measurement{QPS: 910}, 1000, false},
		"more than noise":                           {exact, &Measurement{QPS: 1101}, 1101, false},
		"less by more than noise":                   {exact, &Measurement{QPS: 909}, 909, false},
		"a lower bound says nothing against a rate": {exact, &Measurement{QPS: 10, AtLeast: true}, 1000, false},
		"but against a lower rate":                  {exact, &Measurement{QPS: 1101, AtLeast: true}, 1101, true},
		"not within noise":                          {exact, &Measurement{QPS: 1100, AtLeast: true}, 1000, false},
		"a bound becomes a rate, within noise":      {measured(1000, true, "b"), &Measurement{QPS: 1100}, 1000, false},
		"a bound becomes a rate":                    {measured(1000, true, "b"), &Measurement{QPS: 1101}, 1101, false},
		"a bound becomes a lower rate":              {measured(1000, true, "b"), &Measurement{QPS: 900}, 900, false},
		"a bound stays":                             {measured(1000, true, "b"), &Measurement{QPS: 1000, AtLeast: true}, 1000, true},
		"another benchmark's, within noise":         {measured(1000, false, "other"), &Measurement{QPS: 1001}, 1001, false},
		"another benchmark without a result":        {measured(1000, false, "other"), nil, 1000, false},
		"of an older operator, within noise":        {measured(1000, false, ""), &Measurement{QPS: 1001}, 1000, false},
		"which did not tell a bound from a rate":    {measured(1000, false, ""), &Measurement{QPS: 1100, AtLeast: true}, 1000, true},
		"but a bound of which it is not":            {measured(1000, false, ""), &Measurement{QPS: 909, AtLeast: true}, 1000, false},
	} {
		t.Run(name, func(t *testing.T) {
			web := shop(func(s *elasticwebv1.ElasticWebSpec) {
				s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"}
				s.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "arm64", SinglePodsQPS: ptr.To[int32](5)}}
			})
			web.Status.Architectures = []elasticwebv1.ArchitectureStatus{tc.before}
			observed := Observed{}
			if tc.result != nil {
				observed.Benchmark = map[string]Measurement{"arm64": *tc.result}
			}
			planned := Make(web, observed)
			rate := planned.Rates[0]
			if rate.QPS != tc.want || rate.AtLeast != tc.bound || !rate.Measured {
				t.Errorf("got %+v, want %d (at least: %t)", rate, tc.want, tc.bound)
			}
			if again := planned.Measured["arm64"].Benchmark; tc.result != nil && placement.IsNoise(tc.result.QPS, tc.want) && again != "b" {
				t.Errorf("counted as one of %q's", again)
			}
			web.Spec.BenchmarkRef = nil
			if rate := Make(web, observed).Rates[0]; rate.QPS != 5 || rate.Measured {
				t.Errorf("without a benchmark the spec holds; got %+v", rate)
			}
		})
	}
}

// A benchmark that is deleted, run again, or that lost the result of an architecture changes neither the number of pods nor the
// order; nor does it bring back what was left out.
func TestALostResultChangesNothing(t *testing.T) {
	facts := &ImageFacts{Reference: shop().Spec.Image, Platforms: []string{"linux/amd64", "linux/arm64", "linux/s390x"}}
	web := shop(func(s *elasticwebv1.ElasticWebSpec) {
		s.BenchmarkRef, s.SinglePodsQPS = &elasticwebv1.BenchmarkReference{Name: "b"}, ptr.To[int32](1)
	})
	all := map[string]Measurement{"amd64": {QPS: 500}, "arm64": {QPS: 800}, "s390x": {QPS: 20}}
	one := map[string]int{"amd64": 1, "arm64": 1, "s390x": 1}
	nodes := &Nodes{All: one, Schedulable: one}
	first := Make(web, Observed{Image: Image{State: ImageResolved, Facts: facts}, Benchmark: all, Nodes: nodes})
	for name, measured := range first.Measured {
		web.Status.Architectures = append(web.Status.Architectures, elasticwebv1.ArchitectureStatus{
			Name: name, SinglePodsQPS: int32(measured.QPS), Source: elasticwebv1.QPSSourceMeasured, Benchmark: "b", //nolint:gosec // small.
		})
	}
	byUser := web.DeepCopy()
	byUser.Spec.Image += "2"
	if got := Make(byUser, Observed{Deployment: deploymentOf(first), Image: Image{State: ImageFailed}, KnownFacts: facts}).Placement.Possible; len(got) != 2 {
		t.Errorf("a rollout by the user brings back what was left out: %v", got)
	}
	for name, results := range map[string]map[string]Measurement{
		"deleted":             nil,
		"lost arm64's":        {"amd64": {QPS: 500}, "s390x": {QPS: 20}},
		"lost s390x's":        {"amd64": {QPS: 500}, "arm64": {QPS: 800}},
		"saturated on arm64":  {"amd64": {QPS: 500}, "arm64": {QPS: 300, AtLeast: true}},
		"all within noise":    {"amd64": {QPS: 545}, "arm64": {QPS: 730}, "s390x": {QPS: 19}},
		"only of what is out": {"s390x": {QPS: 20}},
	} {
		got := Make(web, Observed{Deployment: deploymentOf(first), Benchmark: results, Nodes: nodes})
		if got.Replicas != 3 {
			t.Errorf("%s: %d replicas, want 3", name, got.Replicas)
		}
		if diff := cmp.Diff(first.Placement, got.Placement); diff != "" {
			t.Errorf("%s: the placement changed (-before +after):\n%s", name, diff)
		}
	}
}

// Where the nodes are not read, a pod counts for the least that it may serve, from the first number on.
func TestUnknownNodes(t *testing.T) {
	web := shop(armThenAmd, func(s *elasticwebv1.ElasticWebSpec) { s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"} })
	observed := Observed{Benchmark: map[string]Measurement{"amd64": {QPS: 500}, "arm64": {QPS: 1200}, "s390x": {QPS: 20}}}
	first := Make(web, observed)
	if first.Replicas != 5 {
		t.Errorf("%d pods are made for 2400 requests per second on amd64 (500) or arm64 (1200), want 5", first.Replicas)
	}
	observed.Deployment = deploymentOf(first)
	for i := range 5 {
		observed.Pods = append(observed.Pods, Pod{Name: fmt.Sprint(i), Node: "n", Ready: true})
	}
	again := Make(web, observed)
	if at := slices.IndexFunc(again.Rates, func(rate placement.Rate) bool { return rate.Architecture == "" }); again.Replicas != 5 || again.Rates[at].QPS != 500 {
		t.Errorf("%d pods count for %+v, want 5 for 500 each", again.Replicas, again.Rates)
	}
}

// Of an architecture that the image no longer holds, the measurement stays: it may come back, and noise must not change the number then.
func TestMeasurementsOfWhatIsNotAllowed(t *testing.T) {
	web := shop(func(s *elasticwebv1.ElasticWebSpec) { s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"} })
	observed := Observed{
		Benchmark: map[string]Measurement{"amd64": {QPS: 500}, "s390x": {QPS: 700}},
		Image:     Image{State: ImageResolved, Facts: &ImageFacts{Reference: web.Spec.Image, Platforms: []string{"linux/amd64"}}},
	}
	if got := Make(web, observed); len(got.Measured) != 2 || len(got.Placement.Possible) != 1 {
		t.Errorf("kept are %v, possible %v", got.Measured, got.Placement.Possible)
	}
}

// Another benchmark's results take the place of all that was measured before, once there are any.
func TestAnotherBenchmarkReplacesAll(t *testing.T) {
	web := shop(armThenAmd, func(s *elasticwebv1.ElasticWebSpec) { s.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "heavy"} })
	for _, name := range []string{"arm64", "amd64"} {
		web.Status.Architectures = append(web.Status.Architectures, elasticwebv1.ArchitectureStatus{
			Name: name, SinglePodsQPS: 5000, Source: elasticwebv1.QPSSourceMeasured, Benchmark: "light"})
	}
	if got := Make(web, Observed{}).Measured; len(got) != 2 {
		t.Errorf("without a result of the other one, %v hold", got)
	}
	got := Make(web, Observed{Benchmark: map[string]Measurement{"arm64": {QPS: 90}}}).Measured
	if diff := cmp.Diff(Measurements{"arm64": {Measurement{QPS: 90}, "heavy"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Where nobody looks at the image, and no architecture is listed, the pods may be on any that was measured: all are filled alike, kept
// alike, and count as the slowest.
func TestMeasuredWithAnUnknownImage(t *testing.T) {
	web := shop(func(s *elasticwebv1.ElasticWebSpec) {
		s.BenchmarkRef, s.TotalQPS = &elasticwebv1.BenchmarkReference{Name: "b"}, ptr.To[int32](2000)
	})
	some := map[string]int{"amd64": 5, "arm64": 5}
	observed := Observed{Image: Image{State: ImageFailed}, Nodes: &Nodes{All: some, Schedulable: some},
		Benchmark: map[string]Measurement{"amd64": {QPS: 500}, "arm64": {QPS: 1000}}}
	for _, architectures := range [][]string{{"arm64", "amd64"}, {"arm64", "amd64", "amd64", "amd64"}, {"arm64", "arm64", "amd64", "amd64"}} {
		number := int32(len(architectures)) //nolint:gosec // a few.
		observed.Deployment = deploymentOf(Plan{Replicas: number, Record: Make(web, observed).Record})
		observed.Pods = nil
		for i, name := range architectures {
			observed.Pods = append(observed.Pods, Pod{Name: fmt.Sprint(i), Node: "n", Architecture: name, ArchitectureLabel: name, Ready: true})
		}
		got := Make(web, observed)
		if got.Replicas != 4 || len(got.Stamps) > 0 {
			t.Errorf("with pods on %v: %d replicas, costs %v; want 4 and none", architectures, got.Replicas, got.Stamps)
		}
	}
}
