// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

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

func TestWeighs(t *testing.T) {
	route := func(termination elasticwebv1.TLSTermination) *elasticwebv1.ExposeSpec {
		return &elasticwebv1.ExposeSpec{Route: &elasticwebv1.RouteSpec{TLS: &elasticwebv1.RouteTLS{Termination: termination}}}
	}
	for name, tc := range map[string]struct {
		expose    *elasticwebv1.ExposeSpec
		balancing elasticwebv1.Balancing
		want      bool
	}{
		"no way in":        {nil, elasticwebv1.BalancingEven, false},
		"an Ingress":       {&elasticwebv1.ExposeSpec{Ingress: &elasticwebv1.IngressSpec{}}, elasticwebv1.BalancingEven, false},
		"an HTTPRoute":     {&elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{}}, elasticwebv1.BalancingEven, true},
		"a Route":          {&elasticwebv1.ExposeSpec{Route: &elasticwebv1.RouteSpec{}}, elasticwebv1.BalancingEven, true},
		"with edge":        {route(elasticwebv1.TLSTerminationEdge), elasticwebv1.BalancingEven, true},
		"with passthrough": {route(elasticwebv1.TLSTerminationPassthrough), elasticwebv1.BalancingEven, true},
		"whose router verifies the Service's name": {route(elasticwebv1.TLSTerminationReencrypt), elasticwebv1.BalancingEven, false},
		"spread by load": {route(elasticwebv1.TLSTerminationEdge), elasticwebv1.BalancingLeastRequest, false},
	} {
		if got := Weighs(&elasticwebv1.ElasticWebSpec{Expose: tc.expose, Balancing: &tc.balancing}); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
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
	unknown := slices.Concat(podsOn("arm64", 2, ""), podsOn("arm64", 1, ""))
	unknown[2].Architecture = ""
	for name, tc := range map[string]struct {
		pods  []Pod
		leave int
		want  []capacity.Tier
	}{
		"two architectures":                      {mixed, 0, []capacity.Tier{{Architecture: "arm64", QPS: 1000, Pods: 3}, {Architecture: "s390x", QPS: 400, Pods: 5}}},
		"one pod of the fastest left":            {notReady, 0, nil},
		"the others are about to end":            {gone, 0, nil},
		"one of the slow ones leaves":            {mixed, 1, []capacity.Tier{{Architecture: "arm64", QPS: 1000, Pods: 3}, {Architecture: "s390x", QPS: 400, Pods: 4}}},
		"those that leave are all":               {mixed, 4, nil},
		"more leave than there are":              {mixed, 9, nil},
		"labels are the endpoints":               {unlabelled, 0, nil},
		"one that nobody stamped is about to be": {unstamped, 0, []capacity.Tier{{Architecture: "arm64", QPS: 1000, Pods: 2}, {Architecture: "s390x", QPS: 400, Pods: 4}}},
		"on nodes that nobody knows":             {unknown, 0, []capacity.Tier{{Architecture: "arm64", QPS: 1000, Pods: 2}, {Architecture: "s390x", QPS: 400, Pods: 3}}},
		"one architecture":                       {podsOn("arm64", 3, ""), 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := weighed(threeNames, threeRates, tc.pods, tc.leave); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

// No backend is one that all its pods leave once an architecture serves more than theirs: it would be empty until the way in leads past it.
func TestNoBackendIsLeftByAllItsPods(t *testing.T) {
	pods := slices.Concat(podsOn("amd64", 3, ""), podsOn("s390x", 2, "-200"))
	for _, before := range []int64{700, 800} { // of arm64, which has no pods.
		rates := func(arm64 int64) []placement.Rate {
			return []placement.Rate{{Architecture: "arm64", QPS: arm64}, {Architecture: "amd64", QPS: 800}, {Architecture: "s390x", QPS: 400}}
		}
		for i := range pods {
			pods[i].Tiers = tierLabels(threeNames, rates(before), pods[i])
		}
		for _, now := range []int64{before, 1000} {
			want := []capacity.Tier{{Architecture: "amd64", QPS: 800, Pods: 3}, {Architecture: "s390x", QPS: 400, Pods: 5}}
			if got := weighed(threeNames, rates(now), pods, 0); !reflect.DeepEqual(got, want) {
				t.Errorf("arm64 serves %d, after %d: %v, want %v", now, before, got, want)
			}
		}
	}
}

// Of 5 pods that are ready, those go that are more than the plan has, until they are about to end.
func TestLeaving(t *testing.T) {
	five := podsOn("arm64", 5, "")
	ending, waiting, rolling := slices.Clone(five), slices.Clone(five), slices.Clone(five)
	for i := range 2 {
		ending[i].Gone, waiting[i].Ready = true, false
		rolling[i].TemplateHash = "new"
	}
	for name, tc := range map[string]struct {
		pods              []Pod
		existing, planned int32
		want              int
	}{
		"the plan takes two away":                     {five, 5, 3, 2},
		"it took them away, and they are still there": {five, 3, 3, 2},
		"they end":                               {ending, 3, 3, 0},
		"those go first that are not ready":      {waiting, 5, 3, 0},
		"nothing goes":                           {five, 5, 5, 0},
		"a rollout has one more than the plan":   {rolling, 4, 4, 0},
		"a rollout, and the plan takes one away": {rolling, 5, 4, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := leaving(tc.pods, tc.existing, tc.planned); max(got, 0) != tc.want {
				t.Errorf("%d, want %d", got, tc.want)
			}
		})
	}
}

func TestCanWeigh(t *testing.T) {
	all := map[string]bool{"amd64": true, "arm64": true, "s390x": true}
	admitted := Way{IsAdmitted: true, Services: all}
	refused := admitted
	refused.RefusesStamps = true
	noise := []placement.Rate{{Architecture: "arm64", QPS: 1000, Measured: true}, {Architecture: "amd64", QPS: 950, Measured: true}}
	fresh := slices.Concat(podsOn("arm64", 2, ""), podsOn("s390x", 2, "-200"))
	fresh[3].Tiers = fresh[0].Tiers // as the template has them.
	others := slices.Clone(fresh)
	others[3].LabelsAreOthers = true
	older := slices.Clone(fresh)
	older[2].Tiers = ""
	partly := slices.Clone(fresh)
	partly[2].Tiers = "arm64=false,s390x=true" // amd64 came later.
	othersOlder := slices.Clone(older)
	othersOlder[2].LabelsAreOthers, othersOlder[3] = true, podsOn("s390x", 1, "")[0]
	olderEnding, olderStarting := slices.Clone(older), slices.Clone(older)
	olderEnding[2].Gone, olderStarting[2].Ready = true, false
	ending := slices.Clone(fresh)
	ending[3].Gone = true
	for name, tc := range map[string]struct {
		way     Way
		rates   []placement.Rate
		nodes   *Nodes
		pods    []Pod
		want    bool
		inForce bool
	}{
		"all is there":                   {admitted, threeRates, &Nodes{}, nil, true, true},
		"nobody serves the way in":       {Way{Services: all}, threeRates, &Nodes{}, nil, false, true},
		"a Service is young":             {Way{IsAdmitted: true, Services: map[string]bool{"amd64": true, "arm64": true, "s390x": false}}, threeRates, &Nodes{}, nil, true, true},
		"a Service is somebody else's":   {Way{IsAdmitted: true, Services: map[string]bool{"amd64": true, "arm64": true}}, threeRates, &Nodes{}, nil, false, true},
		"they differ by noise alone":     {admitted, noise, &Nodes{}, nil, false, true},
		"where pods are nobody may read": {admitted, threeRates, nil, nil, false, true},
		"a pod is about to be stamped":   {admitted, threeRates, &Nodes{}, fresh, true, false},
		"it is not to be":                {refused, threeRates, &Nodes{}, fresh, false, false},
		"others set its labels":          {admitted, threeRates, &Nodes{}, others, false, false},
		"one has no labels yet":          {admitted, threeRates, &Nodes{}, older, false, false},
		"it is to have none":             {refused, threeRates, &Nodes{}, othersOlder, false, true},
		"others take its labels":         {admitted, threeRates, &Nodes{}, othersOlder, false, true},
		"one has not all labels":         {admitted, threeRates, &Nodes{}, partly, false, false},
		"one without labels is gone":     {admitted, threeRates, &Nodes{}, olderEnding, true, false},
		"one without labels is to start": {admitted, threeRates, &Nodes{}, olderStarting, true, false},
		"it is gone":                     {refused, threeRates, &Nodes{}, ending, true, true},
		"stamps of others are refused":   {refused, threeRates, &Nodes{}, podsOn("s390x", 2, ""), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := canWeigh(threeNames, tc.rates, Observed{Way: tc.way, Nodes: tc.nodes, Pods: tc.pods}); got != tc.want {
				t.Errorf("%t, want %t", got, tc.want)
			}
			if got := areStamped(threeNames, tc.rates, tc.pods); got != tc.inForce {
				t.Errorf("stamped: %t, want %t", got, tc.inForce)
			}
		})
	}
}

// Pods that are ready and have no labels would get nothing by weights, and count: the way in leads to the plain Service until all have theirs.
func TestAFewPodsWithLabelsAreNoBackend(t *testing.T) {
	web, observed := mixedWeb(40, 10)
	web.Spec.TotalQPS, observed.Deployment.Spec.Replicas = ptr.To[int32](40*1000+10*400), ptr.To[int32](50)
	web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{}}
	for _, name := range []string{"arm64", "s390x"} {
		observed.Deployment.Spec.Template.Labels[elasticwebv1.LabelTierPrefix+name] = "true"
	}
	observed.Way = Way{IsAdmitted: true, IsInForce: true, Services: map[string]bool{"arm64": true, "s390x": true}}
	for _, i := range []int{0, 1, 40} {
		observed.Pods[i].Tiers = FormatTiers(map[string]bool{"arm64": i < 40, "s390x": true})
	}
	for _, observed.Way.RefusesStamps = range []bool{false, true} {
		if got := Make(web, observed); got.Tiers != nil || got.WeightsInForce || got.Spread != capacity.Joined {
			t.Errorf("stamps refused %t: the way in leads to %+v, in force %t, spread %v", observed.Way.RefusesStamps, got.Tiers, got.WeightsInForce, got.Spread)
		}
	}
	observed.Way.RefusesStamps = false
	stampAll(web, &observed)
	if got := Make(web, observed); len(got.Tiers) != 2 || !got.WeightsInForce || got.Spread != capacity.Weighted {
		t.Errorf("all have theirs, and the way in leads to %+v, in force %t, spread %v", got.Tiers, got.WeightsInForce, got.Spread)
	}
}

// The labels of a template change only with what changes it anyway, and come only where weights are asked for.
func TestTemplateTiers(t *testing.T) {
	order := placement.Levels{{"arm64"}, {"amd64"}}
	labelled, plain := &appsv1.Deployment{}, &appsv1.Deployment{}
	labelled.Spec.Template.Labels = map[string]string{elasticwebv1.LabelTierPrefix + "amd64": "true", elasticwebv1.LabelTierPrefix + "s390x": "true"}
	weighs := &elasticwebv1.ElasticWebSpec{Expose: &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{}}}
	routes := &elasticwebv1.ElasticWebSpec{Expose: &elasticwebv1.ExposeSpec{Route: &elasticwebv1.RouteSpec{}}}
	ingress := &elasticwebv1.ElasticWebSpec{Expose: &elasticwebv1.ExposeSpec{Ingress: &elasticwebv1.IngressSpec{}}}
	byLoad := weighs.DeepCopy()
	byLoad.Balancing = ptr.To(elasticwebv1.BalancingLeastRequest)
	both := []string{"amd64", "arm64"}
	for name, tc := range map[string]struct {
		spec       *elasticwebv1.ElasticWebSpec
		levels     placement.Levels
		deployment *appsv1.Deployment
		isKept     bool
		want       []string
	}{
		"the first template":                 {weighs, order, nil, false, both},
		"a Route":                            {routes, order, nil, false, both},
		"an Ingress":                         {ingress, order, nil, false, nil},
		"no way in":                          {&elasticwebv1.ElasticWebSpec{}, order, nil, false, nil},
		"spread by load":                     {byLoad, order, nil, false, nil},
		"none is faster":                     {weighs, placement.Levels{both}, nil, false, nil},
		"stays":                              {weighs, order, labelled, true, []string{"amd64", "s390x"}},
		"stays without a way in":             {&elasticwebv1.ElasticWebSpec{}, order, labelled, true, []string{"amd64", "s390x"}},
		"stays without":                      {weighs, order, plain, true, nil},
		"is made anew":                       {weighs, order, labelled, false, both},
		"is made anew with labels":           {weighs, order, plain, false, both},
		"is made anew, and nothing has more": {&elasticwebv1.ElasticWebSpec{}, order, labelled, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := templateTiers(tc.spec, tc.deployment, tc.levels, true, func() bool { return tc.isKept }); !slices.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
	if got := templateTiers(weighs, plain, order, false, func() bool { return false }); got != nil {
		t.Errorf("%v beside no label of pods that join", got)
	}
}

func TestIsKept(t *testing.T) {
	order, other := placement.Levels{{"arm64"}, {"amd64"}}, placement.Levels{{"amd64"}, {"arm64"}}
	own := &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
		Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
			Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"amd64"},
		}}},
	}}}}
	for name, tc := range map[string]struct {
		live     Record
		levels   placement.Levels
		affinity *corev1.Affinity
		rolls    bool
		want     bool
	}{
		"nothing changes":                         {Record{Joins: true, Levels: order}, order, nil, false, true},
		"of before levels":                        {Record{Joins: true}, order, nil, false, true},
		"the user rolls out":                      {Record{Joins: true, Levels: order}, order, nil, true, false},
		"of before the label of pods that join":   {Record{Levels: order}, order, nil, false, false},
		"another order":                           {Record{Joins: true, Levels: order}, other, nil, false, false},
		"another order, and the user's own terms": {Record{Joins: true, Levels: order}, other, own, false, true},
		"another architecture":                    {Record{Joins: true, Levels: order}, placement.Levels{{"arm64"}, {"s390x"}}, own, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			input := placement.Input{Levels: tc.levels, Allowed: tc.levels.Flat(), Affinity: tc.affinity}
			if got := isKept(input, &tc.live, tc.rolls); got != tc.want {
				t.Errorf("%t, want %t", got, tc.want)
			}
		})
	}
}

func TestWayAreKnown(t *testing.T) {
	for name, tc := range map[string]struct {
		services map[string]bool
		want     bool
	}{
		"all":     {map[string]bool{"amd64": true, "arm64": true}, true},
		"a young": {map[string]bool{"amd64": true, "arm64": false}, false},
		"none":    {nil, false},
	} {
		if got := (Way{Services: tc.services}).areKnown([]string{"amd64", "arm64"}); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}
