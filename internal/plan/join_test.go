// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// mixedWeb has arm64 at 1000 and s390x at 400, and a Service that selects by who joined.
func mixedWeb(fast, slow int) (*elasticwebv1.ElasticWeb, Observed) {
	web := modelWeb(10_000, map[string]int32{"arm64": 1000, "s390x": 400}, "arm64", "s390x")
	some := map[string]int{"arm64": 2, "s390x": 2}
	observed := Observed{Image: Image{State: ImageFailed}, Nodes: &Nodes{All: some, Schedulable: some}}
	first := Make(web, observed)
	observed.Deployment = deploymentOf(first)
	observed.Deployment.Spec.Template.Labels = map[string]string{elasticwebv1.LabelJoined: "true"}
	observed.Service = &corev1.Service{Spec: corev1.ServiceSpec{Selector: map[string]string{elasticwebv1.LabelJoined: "true"}}}
	for i := range fast + slow {
		name := "arm64"
		if i >= fast {
			name = "s390x"
		}
		observed.Pods = append(observed.Pods, Pod{Name: fmt.Sprintf("%s-%02d", name, i), Node: "n", Architecture: name, JoinedLabel: "true", Ready: true})
	}
	return web, observed
}

// stampAll puts on the pods what the plan says.
func stampAll(web *elasticwebv1.ElasticWeb, observed *Observed) Plan {
	planned := Make(web, *observed)
	for i := range observed.Pods {
		observed.Pods[i] = planned.Stamps[observed.Pods[i].Name].On(observed.Pods[i])
	}
	return planned
}

func joinedOn(observed Observed, architecture string) (pods int) {
	for i := range observed.Pods {
		if pod := &observed.Pods[i]; pod.Architecture == architecture && pod.IsJoined() {
			pods++
		}
	}
	return pods
}

// wavering are the first pods: they were ready a moment ago.
func wavering(pods int) func(*elasticwebv1.ElasticWeb, *Observed) {
	return func(_ *elasticwebv1.ElasticWeb, o *Observed) {
		for i := range pods {
			o.Pods[i].Ready, o.Pods[i].WaversUntil = false, time.Unix(1, 0)
		}
	}
}

func TestWhoJoins(t *testing.T) {
	for name, tc := range map[string]struct {
		fast, slow, joined int
		change             func(*elasticwebv1.ElasticWeb, *Observed)
	}{
		"a slow one waits":    {10, 1, 0, nil},
		"still not":           {10, 14, 0, nil},
		"it pays":             {10, 16, 16, nil},
		"the slow ones alone": {0, 3, 3, nil},
		"the fast ones are not ready": {3, 2, 2, func(_ *elasticwebv1.ElasticWeb, o *Observed) {
			for i := range 3 {
				o.Pods[i].Ready = false
			}
		}},
		"nor are they for a moment":                                          {3, 2, 2, wavering(3)},
		"one of the fast ones is not for a moment":                           {10, 14, 0, wavering(1)},
		"half of what is ready serves, with those that are not for a moment": {10, 14, 0, wavering(6)},
		"less than half would, with those that are not for a moment":         {10, 14, 14, wavering(7)},
		"all but one of the fast ones are not for a moment":                  {10, 14, 14, wavering(9)},
		"one of the fast ones is not any more":                               {10, 14, 14, func(_ *elasticwebv1.ElasticWeb, o *Observed) { o.Pods[0].Ready = false }},
		"by least requests all join": {10, 1, 1, func(w *elasticwebv1.ElasticWeb, _ *Observed) {
			w.Spec.Balancing = ptr.To(elasticwebv1.BalancingLeastRequest)
		}},
		"a Service that selects all":           {10, 1, 1, func(_ *elasticwebv1.ElasticWeb, o *Observed) { o.Service = &corev1.Service{} }},
		"where no node may be read":            {10, 1, 1, func(_ *elasticwebv1.ElasticWeb, o *Observed) { o.Nodes = nil }},
		"where the labels are somebody else's": {10, 1, 1, func(_ *elasticwebv1.ElasticWeb, o *Observed) { o.Pods[10].LabelsAreOthers = true }},
	} {
		t.Run(name, func(t *testing.T) {
			web, observed := mixedWeb(tc.fast, tc.slow)
			if tc.change != nil {
				tc.change(web, &observed)
			}
			stampAll(web, &observed)
			if got := joinedOn(observed, "s390x"); got != tc.joined || joinedOn(observed, "arm64") != tc.fast {
				t.Errorf("%d of %d on s390x join, want %d, and %d of %d on arm64", got, tc.slow, tc.joined, joinedOn(observed, "arm64"), tc.fast)
			}
			if again := Make(web, observed).Stamps; len(again) != 0 && tc.change == nil {
				t.Errorf("at rest, pods are stamped: %v", again)
			}
		})
	}
}

// While there is a pod whose template did not carry the label, or such pods may come, the Service selects all.
func TestTheServiceOfOlderTemplatesStays(t *testing.T) {
	web, observed := mixedWeb(2, 1)
	if got := Make(web, observed); !got.SelectsJoined || got.Spread != capacity.Joined || !got.Record.Joins {
		t.Errorf("selects %t, spread %v, template %t", got.SelectsJoined, got.Spread, got.Record.Joins)
	}
	observed.Pods[2].JoinedLabel = ""
	if got := Make(web, observed); got.SelectsJoined || got.Spread != capacity.Even {
		t.Errorf("with an older pod: selects %t, spread %v", got.SelectsJoined, got.Spread)
	}
	if observed.Pods[2].Gone = true; !Make(web, observed).SelectsJoined {
		t.Error("the last older pod goes, and the Service selects all")
	}
	record := RecordOf(observed.Deployment)
	record.Joins = false
	observed.Deployment.Annotations[AnnotationRecord], observed.Deployment.Spec.Template.Labels = record.String(), nil
	for i := range observed.Pods {
		observed.Pods[i].JoinedLabel, observed.Pods[i].Gone = "", false
	}
	if got := Make(web, observed); got.SelectsJoined || got.Record.Joins || got.Record.IsDue(observed.Deployment) || len(got.Stamps) != 3 {
		t.Errorf("of an older release: selects %t, template %t, stamps %v", got.SelectsJoined, got.Record.Joins, got.Stamps)
	}
	web.Generation++
	web.Spec.Image = "shop:2"
	if got := Make(web, observed); got.SelectsJoined || !got.Record.Joins {
		t.Errorf("at the user's rollout: selects %t, template %t", got.SelectsJoined, got.Record.Joins)
	}
}

// A Service that selects all pods may lead to some that the plan does not see: those of a Deployment that was deleted without them, or that is not the
// ElasticWeb's any more. It selects by the label once pods are known, and all of them bear it.
func TestTheServiceOfPodsThatAreNotKnownStays(t *testing.T) {
	all, joined := &corev1.Service{}, &corev1.Service{Spec: corev1.ServiceSpec{Selector: map[string]string{elasticwebv1.LabelJoined: "true"}}}
	for name, tc := range map[string]struct {
		hasDeployment, hasPods bool
		service                *corev1.Service
		want                   bool
	}{
		"no Deployment":                        {false, false, all, false},
		"no Deployment, but pods":              {false, true, all, false},
		"a Deployment, no pods yet":            {true, false, all, false},
		"a Deployment and its pods":            {true, true, all, true},
		"the first Service":                    {false, false, nil, true},
		"no Deployment, a Service that does":   {false, false, joined, true},
		"no pods, a Service that does already": {true, false, joined, true},
	} {
		t.Run(name, func(t *testing.T) {
			web, observed := mixedWeb(2, 0)
			observed.Service = tc.service
			if !tc.hasDeployment {
				observed.Deployment = nil
			}
			if !tc.hasPods {
				observed.Pods = nil
			}
			if got := Make(web, observed).SelectsJoined; got != tc.want {
				t.Errorf("selects by the label: %t, want %t", got, tc.want)
			}
		})
	}
}

// Older releases let spec.podLabels hold the label: the Service selects by it once no template and no pod has the user's.
func TestTheServiceDoesNotSelectByALabelOfTheUsers(t *testing.T) {
	web, observed := mixedWeb(2, 1)
	record := RecordOf(observed.Deployment)
	record.Joins = false
	observed.Deployment.Annotations[AnnotationRecord] = record.String()
	if got := Make(web, observed); got.SelectsJoined || got.Record.Joins || got.Spread != capacity.Even {
		t.Errorf("with the user's in the template: selects %t, template %t, spread %v", got.SelectsJoined, got.Record.Joins, got.Spread)
	}
	record.Joins = true
	observed.Deployment.Annotations[AnnotationRecord] = record.String()
	observed.Pods[0].JoinedLabel = "yes"
	if Make(web, observed).SelectsJoined {
		t.Error("it selects while a pod has the user's")
	}
	if observed.Pods[0].Gone = true; !Make(web, observed).SelectsJoined {
		t.Error("it does not select once the last pod with the user's goes")
	}
}

// Whatever comes, goes, gets ready and is not any more: once what is due is stamped, a Service with pods that are ready has one that joined,
// what those that joined serve is what the best prefix does, or hardly less and enough, and it did not fall because a pod was added.
func TestCapacityNeverFallsBecauseAPodWasAdded(t *testing.T) {
	names := []string{"arm64", "amd64", "s390x"}
	rapid.Check(t, func(t *rapid.T) {
		rates := map[string]int32{}
		for _, name := range names {
			rates[name] = rapid.Int32Range(1, 1000).Draw(t, name)
		}
		demand := rapid.SampledFrom([]int32{1, 1000, 10_000}).Draw(t, "demand")
		web := modelWeb(demand, rates, names...)
		_, observed := mixedWeb(0, 0)
		served := func() int64 {
			groups := map[int64]int64{}
			for i := range observed.Pods {
				if pod := &observed.Pods[i]; pod.Ready && pod.IsJoined() {
					groups[int64(rates[pod.Architecture])]++
				}
			}
			var all []capacity.Group
			for podQPS, pods := range groups {
				all = append(all, capacity.Group{PodQPS: podQPS, Pods: pods})
			}
			return capacity.Even.Served(all)
		}
		for step := range rapid.IntRange(1, 40).Draw(t, "steps") {
			before, isAdded := served(), false
			switch what := rapid.IntRange(0, 3).Draw(t, "what"); {
			case what == 0 || len(observed.Pods) == 0:
				observed.Pods = append(observed.Pods, Pod{Name: fmt.Sprintf("p-%03d", step), Node: "n", Architecture: rapid.SampledFrom(names).Draw(t, "on"), JoinedLabel: "true"})
				isAdded = true
			case what == 1:
				at := rapid.IntRange(0, len(observed.Pods)-1).Draw(t, "gone")
				observed.Pods = append(observed.Pods[:at], observed.Pods[at+1:]...)
			default:
				pod := &observed.Pods[rapid.IntRange(0, len(observed.Pods)-1).Draw(t, "pod")]
				pod.Ready = !pod.Ready
				isAdded = pod.Ready
			}
			stampAll(web, &observed)
			var ready []capacity.Group
			for i := range observed.Pods {
				if pod := observed.Pods[i]; pod.Ready {
					ready = append(ready, capacity.Group{PodQPS: int64(rates[pod.Architecture]), Pods: 1})
				}
			}
			_, best := capacity.Join(ready)
			planned := Make(web, observed)
			leave := leaving(observed.Pods, *observed.Deployment.Spec.Replicas, planned.Replicas+planned.Surge)
			if got := served(); got != best && (got < int64(demand) || leave <= 0 && (demand == unknownQPS || got < best-best/worthJoining)) {
				t.Fatalf("step %d: those that joined serve %d, the best would %d: %+v", step, got, best, observed.Pods)
			}
			if isAdded && leave <= 0 && served() < before {
				t.Fatalf("step %d: a pod was added, and what is served fell from %d to %d", step, before, served())
			}
			if again := Make(web, observed).Stamps; len(again) != 0 {
				t.Fatalf("step %d: nothing happened, and pods are stamped: %v", step, again)
			}
		}
	})
}

// 20 pods of 1000 serve 20,000, and with 29 of 400 beside them 19,600; of 19 the slow ones make 19,200 in the place of 19,000. One pod that comes
// and goes there moves the others once at most, as long as what joined is enough.
func TestAPodThatComesAndGoesNearTheBreakEvenMovesNoOthers(t *testing.T) {
	for name, tc := range map[string]struct {
		demand  int32
		slow    int
		flapper string
	}{
		"a fast one": {18_000, 29, "arm64"}, "a slow one": {18_000, 30, "s390x"}, "where little is asked for": {1000, 29, "arm64"},
	} {
		web, observed := mixedWeb(20, tc.slow)
		web.Spec.TotalQPS = new(tc.demand)
		stampAll(web, &observed)
		flapper := slices.IndexFunc(observed.Pods, func(pod Pod) bool { return pod.Architecture == tc.flapper })
		moved := 0
		for range 20 {
			observed.Pods[flapper].Ready = !observed.Pods[flapper].Ready
			for _, stamp := range Make(web, observed).Stamps {
				if stamp.Joined != "" {
					moved++
				}
			}
			stampAll(web, &observed)
		}
		if moved > tc.slow {
			t.Errorf("%s: joined and left %d times, with %d slow pods", name, moved, tc.slow)
		}
	}
}

// Whichever pods are not ready for a moment: those that join serve at least half of what the ready ones can, and all of that where none wavers.
func TestPodsThatWaverCostHalfAtMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rates, pods := []placement.Rate{}, []Pod{}
		for _, name := range []string{"arm64", "amd64", "s390x"} {
			rates = append(rates, placement.Rate{Architecture: name, QPS: rapid.Int64Range(1, 1000).Draw(t, name)})
			ready, wavers := rapid.IntRange(0, 20).Draw(t, "ready"), rapid.IntRange(0, 20).Draw(t, "wavers")
			for i := range ready + wavers {
				pod := Pod{Node: "n", Architecture: name, Ready: i < ready}
				if !pod.Ready {
					pod.WaversUntil = time.Unix(1, 0)
				}
				pods = append(pods, pod)
			}
		}
		isReady := func(pod *Pod) bool { return pod.Ready }
		joins := joiners(capacity.Joined, 0, 0, rates, pods)
		served := capacity.Even.Served(GroupsOf(rates, pods, func(pod *Pod) bool { return pod.Ready && joins(*pod) }))
		_, best := capacity.Join(GroupsOf(rates, pods, isReady))
		isSteady := !slices.ContainsFunc(pods, func(pod Pod) bool { return !pod.WaversUntil.IsZero() })
		if 2*served < best || isSteady && served != best {
			t.Fatalf("those that joined serve %d of %d: %+v, %+v", served, best, rates, pods)
		}
	})
}
