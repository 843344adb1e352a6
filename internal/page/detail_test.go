// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

func sightOf(web *elasticwebv1.ElasticWeb, pods ...plan.Pod) *Sight {
	planned := plan.Plan{Spread: capacity.Joined, Rates: []placement.Rate{{Architecture: "arm64", QPS: 1000}, {Architecture: "amd64", QPS: 500}}}
	return &Sight{Web: screen.Web{Web: web, Observed: plan.Observed{Pods: pods}, Plan: planned, Now: start}}
}

func TestPodsAreOnTheirNodes(t *testing.T) {
	pods := []plan.Pod{
		{Name: "waits", Unschedulable: "0/3 nodes are available"},
		{Name: "b-serves", Node: "arm-1", Architecture: "arm64", Ready: true},
		{Name: "warms", Node: "arm-1", Architecture: "arm64", Ready: true, WarmUntil: start.Add(time.Second)},
		{Name: "a-starts", Node: "arm-1", Architecture: "arm64"},
		{Name: "ends", Node: "amd-1", Architecture: "amd64", Ready: true, Gone: true},
		{Name: "fails", Node: "amd-1", Architecture: "amd64", Failure: &podfailure.Failure{Container: "web", Reason: "CrashLoopBackOff", Message: "it ended"}},
		{Name: "joins-not", Node: "amd-1", Architecture: "amd64", Ready: true, JoinedLabel: elasticwebv1.JoinedFalse},
		{Name: "alone", Node: "s390-1", Architecture: "s390x", Ready: true},
	}
	nodes, hidden := nodesOf(sightOf(newWeb("a", 1, 1), pods...))
	want := []Node{
		{"arm-1", "arm64", []Pod{
			{"a-starts", "starting", 1000, "it is not ready yet"}, {"b-serves", "serving", 1000, ""},
			{"warms", "warming", 1000, "it counts once it has been ready for spec.rollout.minReadySeconds"}}},
		{"amd-1", "amd64", []Pod{{"ends", "ending", 500, ""}, {"fails", "failing", 500, "container web: CrashLoopBackOff: it ended"},
			{"joins-not", "standby", 500, "with it the Service, which sends each pod as many requests, would serve hardly more, or less"}}},
		{"", "", []Pod{{"waits", "waiting", 0, "0/3 nodes are available"}}},
		{"s390-1", "s390x", []Pod{{"alone", "serving", 0, ""}}},
	}
	if diff := cmp.Diff(want, nodes); diff != "" || hidden != 0 {
		t.Errorf("%d are hidden; %s", hidden, diff)
	}

	byWeights := sightOf(newWeb("a", 1, 1), pods...)
	byWeights.Plan.Spread, byWeights.Plan.WeightsInForce = capacity.Weighted, true
	if nodes, _ := nodesOf(byWeights); nodes[1].Pods[2].State != "serving" {
		t.Errorf("by weights it is %+v", nodes[1].Pods[2])
	}
}

func TestDetailsAreBoundedAndHarmless(t *testing.T) {
	hostile := "\x1b[31m<script>\u202e" + strings.Repeat("x", 1<<16)
	var pods []plan.Pod
	for i := range mostPods + 7 {
		pods = append(pods, plan.Pod{Name: fmt.Sprintf("%s-%d", hostile[:20], i), Unschedulable: hostile})
	}
	web := newWeb("a", 1, 1)
	web.UnreadableSpec, web.Spec.Image = hostile, hostile
	web.Status.Architectures = []elasticwebv1.ArchitectureStatus{{Name: hostile, Source: elasticwebv1.QPSSourceMeasured, Benchmark: hostile}}
	for range 2 * mostConditions {
		c := condition(hostile, "True")
		c.Reason, c.Message = hostile, hostile
		web.Status.Conditions = append(web.Status.Conditions, c)
	}
	in := sightOf(web, pods...)
	for i := range 2 * mostEvents {
		in.Events = append(in.Events, screen.Event{Type: hostile, Reason: hostile, Object: hostile, Message: fmt.Sprint(i, hostile), Last: start})
	}
	in.Missing = []string{hostile}
	detail := detailOf(in)
	if detail.PodsHidden != 7 || len(detail.Conditions) != mostConditions || len(detail.Events) != mostEvents {
		t.Errorf("%d pods are hidden, of %d conditions and %d events", detail.PodsHidden, len(detail.Conditions), len(detail.Events))
	}
	detail.Nodes = detail.Nodes[:1]
	detail.Nodes[0].Pods = detail.Nodes[0].Pods[:1]
	text := fmt.Sprintf("%+v", detail)
	if strings.ContainsAny(text, "\x1b\u202e") || len(text) > 512<<10 {
		t.Errorf("sent are %d bytes: %.200q", len(text), text)
	}
}

// An ElasticWeb that says nothing of itself, or nothing that fits, is shown as far as that goes.
func TestDetailsOfNothing(t *testing.T) {
	detail := detailOf(&Sight{Web: screen.Web{Web: &elasticwebv1.ElasticWeb{}}})
	if detail.State != screen.StateUnknown || detail.Reason != "NoStatus" || !strings.Contains(detail.Message, "has not reported") || len(detail.Facts) == 0 {
		t.Errorf("it is %+v", detail)
	}
}

func TestThePastIsPutTogetherByTime(t *testing.T) {
	at := func(second int, qps float64) demand.Sample {
		return demand.Sample{At: start.Add(time.Duration(second) * time.Second), QPS: qps}
	}
	got := samplesOf(map[string][]demand.Sample{
		"elasticweb_real_qps":            {at(0, 2400), at(15, 3200)},
		"elasticweb_demand_observed_qps": {at(15, 2999.7)},
		"elasticweb_demand_planned_qps":  {at(0, 1e300)},
		"elasticweb_ready":               {at(30, 1)},
	})
	want := []Sample{
		{At: start.Unix(), Serving: ptr.To[int64](2400)},
		{At: start.Unix() + 15, Serving: ptr.To[int64](3200), Demand: ptr.To[int64](3000)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
