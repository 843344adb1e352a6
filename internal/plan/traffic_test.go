// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func followsTraffic(s *elasticwebv1.ElasticWebSpec) {
	s.TotalQPS, s.Demand = nil, &elasticwebv1.DemandSpec{Prometheus: &elasticwebv1.PrometheusDemand{Query: "up"}}
}

func TestReplicasByTraffic(t *testing.T) {
	type spec = elasticwebv1.ElasticWebSpec
	limits := func(least, most int32) func(*spec) {
		return func(s *spec) { s.MinReplicas, s.MaxReplicas = ptr.To(least), ptr.To(most) }
	}
	none := func(*spec) {}
	for name, tc := range map[string]struct {
		traffic  *Traffic
		change   func(*spec)
		existing int32
		want     Demand
		pods     int32
		recorded int64
	}{
		"what is planned":                   {&Traffic{PlannedQPS: 2400}, none, 0, Demand{QPS: 2400}, 3, 2400},
		"its headroom is in it":             {&Traffic{PlannedQPS: 2400}, func(s *spec) { s.HeadroomPercent = ptr.To[int32](100) }, 0, Demand{QPS: 2400}, 3, 2400},
		"less than there was":               {&Traffic{PlannedQPS: 2400}, none, 5, Demand{QPS: 2400}, 3, 2400},
		"nothing comes in":                  {&Traffic{}, none, 5, Demand{QPS: 1}, 1, 1},
		"nothing is known, of a new one":    {&Traffic{Holds: true}, none, 0, Demand{QPS: 1, Pods: 1}, 1, 0},
		"of a new one with a minimum":       {&Traffic{Holds: true}, limits(2, 9), 0, Demand{QPS: 1, Pods: 2}, 2, 0},
		"nothing is known, and pods stay":   {&Traffic{Holds: true}, none, 5, Demand{QPS: 1, Pods: 5}, 5, 0},
		"less is planned, and pods stay":    {&Traffic{PlannedQPS: 2400, Holds: true}, none, 5, Demand{QPS: 2400, Pods: 5}, 5, 0},
		"more is planned than there is":     {&Traffic{PlannedQPS: 4800, Holds: true}, none, 5, Demand{QPS: 4800, Pods: 5}, 6, 0},
		"the user's limit holds for both":   {&Traffic{PlannedQPS: 4800, Holds: true}, limits(1, 4), 5, Demand{QPS: 4800, Pods: 4}, 4, 0},
		"nobody looked":                     {nil, none, 5, Demand{QPS: 1, Pods: 5}, 5, 0},
		"the least, where nothing comes in": {&Traffic{}, limits(2, 9), 5, Demand{QPS: 1}, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			observed := Observed{Traffic: tc.traffic}
			if tc.existing > 0 {
				observed.Deployment = deploymentOf(Plan{Replicas: tc.existing})
				for range tc.existing {
					observed.Pods = append(observed.Pods, Pod{Node: "n", Ready: true})
				}
			}
			got := Make(shop(followsTraffic, tc.change), observed)
			if got.Demand != tc.want || got.Replicas != tc.pods || got.Record.PlannedQPS != tc.recorded || got.Seed != nil {
				t.Errorf("%+v makes %d pods, %d recorded, seed %v; want %+v, %d, %d", got.Demand, got.Replicas, got.Record.PlannedQPS, got.Seed, tc.want, tc.pods, tc.recorded)
			}
		})
	}
}

// Fast pods alone would serve what the slow ones hold them down to: while nothing is known, none of them goes.
func TestPodsOfAMixedSetStayWhileNothingIsKnown(t *testing.T) {
	web := shop(followsTraffic, listing(
		elasticwebv1.ArchitectureSpec{Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)}, elasticwebv1.ArchitectureSpec{Name: "amd64", SinglePodsQPS: ptr.To[int32](600)}))
	observed := Observed{Deployment: deploymentOf(Plan{Replicas: 12}), Traffic: &Traffic{PlannedQPS: 7200, Holds: true}}
	for i := range 12 {
		architecture := "arm64"
		if i >= 10 {
			architecture = "amd64"
		}
		observed.Pods = append(observed.Pods, Pod{Node: architecture, Architecture: architecture, Ready: true})
	}
	if got := Make(web, observed); got.Replicas != 12 {
		t.Errorf("%d pods, want the 12 that there are", got.Replicas)
	}
}

func TestResumedTraffic(t *testing.T) {
	reported := func(planned int64) *elasticwebv1.DemandStatus {
		return &elasticwebv1.DemandStatus{PlannedQPS: &planned}
	}
	written := func(planned int64) Record { return Record{Pod: "0123456789abcdef", PlannedQPS: planned} }
	for name, tc := range map[string]struct {
		record string
		status *elasticwebv1.DemandStatus
		want   Traffic
	}{
		"by the record":              {written(2400).String(), reported(800), Traffic{PlannedQPS: 2400}},
		"nothing was planned":        {written(0).String(), reported(800), Traffic{Holds: true}},
		"the record is lost":         {"", reported(800), Traffic{PlannedQPS: 800, Holds: true}},
		"both are lost":              {"", nil, Traffic{Holds: true}},
		"the record is damaged":      {`{"generation":1,"pod":"0123456789abcdef","plannedQPS":-1}`, nil, Traffic{Holds: true}},
		"the record is beyond sense": {`{"generation":1,"pod":"0123456789abcdef","plannedQPS":99999999999}`, reported(800), Traffic{PlannedQPS: 800, Holds: true}},
		"the status is beyond sense": {"", reported(1 << 60), Traffic{PlannedQPS: maxPlannedQPS, Holds: true}},
		"the status is negative":     {"", reported(-1), Traffic{Holds: true}},
	} {
		web := shop(followsTraffic)
		web.Status.Demand = tc.status
		if got := ResumedTraffic(web, recorded(tc.record)); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
	web := shop(followsTraffic)
	web.Status.Demand = reported(800)
	if got := ResumedTraffic(web, nil); got != (Traffic{PlannedQPS: 800, Holds: true}) {
		t.Errorf("without a Deployment: %+v", got)
	}
}
