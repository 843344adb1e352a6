// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

var (
	threeRates = []placement.Rate{{Architecture: "arm64", QPS: 1000}, {Architecture: "amd64", QPS: 800}, {Architecture: "s390x", QPS: 400}}
	threeNames = []string{"amd64", "arm64", "s390x"}
)

func TestTierLabels(t *testing.T) {
	for architecture, want := range map[string]string{
		"arm64": "amd64=true,arm64=true,s390x=true",
		"amd64": "amd64=true,arm64=false,s390x=true",
		"s390x": "amd64=false,arm64=false,s390x=true",
		"":      "", "riscv64": "",
	} {
		if got := tierLabels(threeNames, threeRates, Pod{Architecture: architecture}); got != want {
			t.Errorf("%s: %q, want %q", architecture, got, want)
		}
	}
	if got := tierLabels(nil, threeRates, Pod{Architecture: "arm64"}); got != "" {
		t.Errorf("nothing is weighed, and a pod is to bear %q", got)
	}
	want := map[string]string{elasticwebv1.LabelTierPrefix + "amd64": "false", elasticwebv1.LabelTierPrefix + "s390x": "true"}
	if got := TierLabels("amd64=false,s390x=true"); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// podsOn are ready pods with the labels that are due there.
func podsOn(architecture string, count int, cost string) (pods []Pod) {
	for i := range count {
		pod := Pod{Name: fmt.Sprint(architecture, i), Node: "n", Architecture: architecture, Ready: true, DeletionCost: cost}
		pod.Tiers = tierLabels(threeNames, threeRates, pod)
		pods = append(pods, pod)
	}
	return pods
}

func TestWeighed(t *testing.T) {
	mixed := slices.Concat(podsOn("arm64", 3, ""), podsOn("s390x", 2, "-200"))
	notReady, gone, unlabelled := slices.Clone(mixed), slices.Clone(mixed), slices.Clone(mixed)
	for i := range 2 {
		notReady[i].Ready, gone[i].Gone = false, true
	}
	for i := range unlabelled {
		unlabelled[i].Tiers = ""
	}
	unstamped := slices.Concat(podsOn("arm64", 2, ""), podsOn("s390x", 2, ""))
	unstamped[3].Tiers = unstamped[0].Tiers // as the template has them.
	for name, tc := range map[string]struct {
		pods  []Pod
		leave int
		want  []capacity.Tier
	}{
		"two architectures":                         {mixed, 0, []capacity.Tier{{Architecture: "arm64", QPS: 1000, Pods: 3}, {Architecture: "s390x", QPS: 400, Pods: 5}}},
		"one pod of the fastest left":               {notReady, 0, nil},
		"the others are about to end":               {gone, 0, nil},
		"one of the slow ones leaves":               {mixed, 1, []capacity.Tier{{Architecture: "arm64", QPS: 1000, Pods: 3}, {Architecture: "s390x", QPS: 400, Pods: 4}}},
		"those that leave are all":                  {mixed, 4, nil},
		"more leave than there are":                 {mixed, 9, nil},
		"labels are the endpoints":                  {unlabelled, 0, nil},
		"one that nobody stamped is in the fastest": {unstamped, 0, []capacity.Tier{{Architecture: "arm64", QPS: 1000, Pods: 3}, {Architecture: "s390x", QPS: 400, Pods: 4}}},
		"one architecture":                          {podsOn("arm64", 3, ""), 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := weighed(threeNames, threeRates, tc.pods, tc.leave); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

func TestCanWeigh(t *testing.T) {
	all := map[string]bool{"amd64": true, "arm64": true, "s390x": true}
	noise := []placement.Rate{{Architecture: "arm64", QPS: 1000, Measured: true}, {Architecture: "amd64", QPS: 950, Measured: true}}
	for name, tc := range map[string]struct {
		way   Way
		rates []placement.Rate
		nodes *Nodes
		want  bool
	}{
		"all is there":                   {Way{IsAdmitted: true, Services: all}, threeRates, &Nodes{}, true},
		"nobody serves the way in":       {Way{Services: all}, threeRates, &Nodes{}, false},
		"a Service is too young":         {Way{IsAdmitted: true, Services: map[string]bool{"amd64": true, "arm64": true, "s390x": false}}, threeRates, &Nodes{}, false},
		"a Service is somebody else's":   {Way{IsAdmitted: true, Services: map[string]bool{"amd64": true, "arm64": true}}, threeRates, &Nodes{}, false},
		"they differ by noise alone":     {Way{IsAdmitted: true, Services: all}, noise, &Nodes{}, false},
		"where pods are nobody may read": {Way{IsAdmitted: true, Services: all}, threeRates, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := canWeigh(threeNames, tc.rates, Observed{Way: tc.way, Nodes: tc.nodes}); got != tc.want {
				t.Errorf("%t, want %t", got, tc.want)
			}
		})
	}
}

// The labels of a template change only with what changes it anyway.
func TestTemplateTiers(t *testing.T) {
	order := placement.Levels{{"arm64"}, {"amd64"}}
	other := placement.Levels{{"amd64"}, {"arm64"}}
	labelled, plain := &appsv1.Deployment{}, &appsv1.Deployment{}
	labelled.Spec.Template.Labels = map[string]string{elasticwebv1.LabelTierPrefix + "amd64": "true", elasticwebv1.LabelTierPrefix + "s390x": "true"}
	for name, tc := range map[string]struct {
		record, live Record
		deployment   *appsv1.Deployment
		rolls        bool
		want         []string
	}{
		"the first template":             {Record{Levels: order, Joins: true}, Record{}, nil, true, []string{"amd64", "arm64"}},
		"none is faster":                 {Record{Levels: placement.Levels{{"amd64", "arm64"}}, Joins: true}, Record{}, nil, true, nil},
		"of an older operator":           {Record{Levels: order}, Record{Levels: order}, plain, false, nil},
		"of an older operator, rolls":    {Record{Levels: order, Joins: true}, Record{Levels: order}, plain, true, []string{"amd64", "arm64"}},
		"stays":                          {Record{Levels: order, Joins: true}, Record{Levels: order, Joins: true}, labelled, false, []string{"amd64", "s390x"}},
		"stays without":                  {Record{Levels: order, Joins: true}, Record{Levels: order, Joins: true}, plain, false, nil},
		"the order changes, so all does": {Record{Levels: other, Joins: true}, Record{Levels: order, Joins: true}, labelled, false, []string{"amd64", "arm64"}},
		"the user rolls out":             {Record{Levels: order, Joins: true}, Record{Levels: order, Joins: true}, labelled, true, []string{"amd64", "arm64"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := templateTiers(tc.record, &tc.live, tc.deployment, tc.rolls); !slices.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}
