// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"fmt"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// started is a pod that was made some time ago, and took a time to be ready; 0 for one that is not.
func started(name, architecture string, ago, took time.Duration) plan.Pod {
	pod := plan.Pod{Name: name, Architecture: architecture, Created: noon.Add(-ago)}
	if took > 0 {
		pod.Ready, pod.ReadySince = true, pod.Created.Add(took)
	}
	return pod
}

func TestLeadTimeOfPods(t *testing.T) {
	gone := started("b", "arm64", time.Minute, 40*time.Second)
	gone.Gone = true
	for name, tc := range map[string]struct {
		passes [][]plan.Pod
		want   time.Duration
	}{
		"none":                        {[][]plan.Pod{nil}, time.Minute},
		"none is ready":               {[][]plan.Pod{{started("a", "arm64", time.Second, 0)}}, time.Minute},
		"one":                         {[][]plan.Pod{{started("a", "arm64", time.Hour, 20*time.Second)}}, 20 * time.Second},
		"one that ends":               {[][]plan.Pod{{started("a", "arm64", time.Hour, 20*time.Second), gone}}, 20 * time.Second},
		"one that becomes ready":      {[][]plan.Pod{{started("a", "arm64", time.Minute, 0)}, {started("a", "arm64", time.Minute, 30*time.Second)}}, 30 * time.Second},
		"the slower architecture":     {[][]plan.Pod{{started("a", "arm64", time.Hour, 20*time.Second), started("b", "s390x", time.Hour, 50*time.Second)}}, 50 * time.Second},
		"one without pods is none":    {[][]plan.Pod{{started("a", "arm64", time.Hour, 20*time.Second), started("b", "s390x", time.Hour, 50*time.Second)}, {started("a", "arm64", time.Hour, 20*time.Second)}}, 20 * time.Second},
		"what came back is no start":  {[][]plan.Pod{{started("a", "arm64", time.Hour, 20*time.Second)}, {started("a", "arm64", time.Hour, 0)}, {started("a", "arm64", time.Hour, 10*time.Minute)}}, 20 * time.Second},
		"nor what came back before":   {[][]plan.Pod{{started("a", "arm64", time.Hour, 50*time.Minute)}}, time.Minute},
		"nor what was gone before":    {[][]plan.Pod{{started("a", "arm64", time.Hour, 0)}, {started("a", "arm64", time.Hour, 50*time.Minute)}}, time.Minute},
		"a start of more than it may": {[][]plan.Pod{nil, {started("a", "arm64", time.Hour, 0)}, {started("a", "arm64", time.Hour, 50*time.Minute)}}, 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			var starts podStarts
			for _, pods := range tc.passes {
				starts.see(pods, noon)
			}
			if starts.lead != tc.want {
				t.Errorf("%v, want %v", starts.lead, tc.want)
			}
		})
	}
}

func TestTheLastStartsCount(t *testing.T) {
	var pods []plan.Pod
	for i := range 60 { // the later they were made, the faster they started.
		pods = append(pods, started(fmt.Sprintf("pod-%d", i), "arm64", time.Duration(i+1)*5*time.Minute, time.Duration(10+i)*time.Second))
	}
	var starts podStarts
	starts.see(pods, noon)
	if starts.lead != 27*time.Second {
		t.Errorf("%v, want what 18 of the last 20 took at most", starts.lead)
	}
	starts.see(pods[:1], noon)
	if len(starts.counted) != 1 {
		t.Errorf("%d pods are remembered of 1", len(starts.counted))
	}
}

// With the pods looked up one by one in all of them it took 14 s.
func TestManyPods(t *testing.T) {
	pods := make([]plan.Pod, 100_000)
	for i := range pods {
		pods[i] = started(fmt.Sprint(i), "arm64", time.Hour, 20*time.Second)
	}
	var starts podStarts
	starts.see(pods, noon)
	begin := time.Now()
	starts.see(pods, noon)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if len(starts.counted) != len(pods) {
		t.Errorf("%d are remembered", len(starts.counted))
	}
}

func TestArchitecturesWithoutEnd(t *testing.T) {
	var starts podStarts
	for i := range 100 {
		starts.see([]plan.Pod{started(fmt.Sprint(i), fmt.Sprint(i), time.Hour, time.Second)}, noon)
	}
	if len(starts.byArchitecture) > mostArchitectures {
		t.Errorf("%d are remembered", len(starts.byArchitecture))
	}
}
