// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// scene is an ElasticWeb whose pods stand still: so many on each architecture, and so many that wait for a node.
type scene struct {
	demand  int32
	pods    map[string]int
	waiting int
	// asked is the record's number of pods; that of the Deployment where it is 0.
	asked int32
	// moving is true while the Deployment has not reported its pods yet.
	moving bool
	// costless is true where pods of slower architectures bear no deletion cost, unready where the faster ones are not ready, and warming where
	// they are, and do not count yet.
	costless, unready, warming bool
	// theirs is true where each pod bears a deletion cost that is somebody else's, joins where those join that help.
	theirs, joins bool
	// least is spec.minReplicas; 0 for none.
	least, want int32
}

func (s scene) observed(web *elasticwebv1.ElasticWeb) Observed {
	observed := Observed{Image: Image{State: ImageFailed}, Nodes: &Nodes{All: map[string]int{}, Schedulable: map[string]int{}}}
	for i, entry := range web.Spec.Architectures {
		name := string(entry.Name)
		observed.Nodes.All[name], observed.Nodes.Schedulable[name] = 1, 1
		for range s.pods[name] {
			pod := Pod{Name: fmt.Sprint(name, len(observed.Pods)), Node: "n", Architecture: name, ArchitectureLabel: name, Ready: i > 0 || !s.unready}
			if s.warming && i == 0 {
				pod.WarmUntil = time.Unix(1, 0)
			}
			if s.joins {
				pod.JoinedLabel = elasticwebv1.JoinedTrue
			}
			if s.theirs {
				pod.DeletionCost, pod.CostIsOthers = "-100", true
			}
			if !s.costless && !s.theirs && i > 0 {
				pod.DeletionCost = fmt.Sprint(-100 * i)
			}
			observed.Pods = append(observed.Pods, pod)
		}
	}
	for range s.waiting {
		observed.Pods = append(observed.Pods, Pod{Name: fmt.Sprint("waits", len(observed.Pods)), Unschedulable: "no room"})
	}
	replicas := int32(len(observed.Pods)) //nolint:gosec // some dozens.
	record := Record{Generation: 1, Pod: podHash(&web.Spec), Replicas: s.asked, Joins: s.joins}
	observed.Deployment = &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Generation: 1, Annotations: map[string]string{AnnotationRecord: record.String()}},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(replicas)},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: replicas, UpdatedReplicas: replicas},
	}
	if s.joins {
		observed.Deployment.Spec.Template.Labels = map[string]string{elasticwebv1.LabelJoined: elasticwebv1.JoinedTrue}
	}
	if s.moving {
		observed.Deployment.Status.Replicas--
	}
	return observed
}

// What a demand calls for, by where the pods are: one row for each rule.
func TestAskedFor(t *testing.T) {
	pods := func(arm64, slow int) map[string]int {
		return map[string]int{"arm64": arm64, "s390x": slow, "amd64": slow}
	}
	for slow, scenes := range map[string]map[string]scene{
		"s390x": { // 100 there, 1000 on arm64.
			"one slow pod of ten is chance: one more":                      {demand: 10_000, pods: pods(9, 1), want: 11},
			"somebody else's costs hide no pod that serves":                {demand: 900, pods: pods(4, 4), theirs: true, joins: true, least: 8, want: 8},
			"nor make up for one that does not":                            {demand: 4500, pods: pods(4, 4), theirs: true, joins: true, least: 8, want: 16},
			"and it is let go once the others suffice":                     {demand: 10_000, pods: pods(10, 1), want: 10},
			"all on the fast one":                                          {demand: 11_000, pods: pods(11, 0), want: 11},
			"chance again, after another demand":                           {demand: 12_000, pods: pods(11, 1), want: 13},
			"what was tried and failed is a spill":                         {demand: 10_000, pods: pods(9, 2), want: 100},
			"several slow pods, as a surge leaves them":                    {demand: 10_000, pods: pods(7, 3), want: 13},
			"which do not go by themselves":                                {demand: 10_000, pods: pods(7, 6), want: 100},
			"all on slow nodes may be chance, too":                         {demand: 10_000, pods: pods(0, 10), want: 20},
			"it is none":                                                   {demand: 10_000, pods: pods(0, 20), want: 100},
			"more than are needed for the least number were no try":        {demand: 2500, least: 4, pods: pods(2, 2), want: 6},
			"a spill that is counted stays":                                {demand: 10_000, pods: pods(9, 91), want: 100},
			"a spill follows the demand":                                   {demand: 11_000, pods: pods(9, 91), want: 110},
			"more of what waits would wait, too":                           {demand: 10_000, pods: pods(5, 2), waiting: 3, want: 10},
			"but the demand may grow":                                      {demand: 14_000, pods: pods(5, 2), waiting: 3, want: 14},
			"on the move, the number stays":                                {demand: 10_000, pods: pods(7, 6), moving: true, want: 13},
			"on the move, the demand may grow":                             {demand: 20_000, pods: pods(9, 2), moving: true, want: 20},
			"on the move, it falls to what is enough anywhere":             {demand: 500, pods: pods(9, 2), moving: true, want: 5},
			"on the move, what others asked for does not count":            {demand: 10_000, pods: pods(9, 6), asked: 11, moving: true, want: 11},
			"slow pods that bear no cost may stay in the fast one's place": {demand: 2000, pods: pods(2, 18), costless: true, want: 20},
			"none of them goes before the fast ones are ready":             {demand: 2000, pods: pods(2, 18), unready: true, want: 20},
			"nor before these count":                                       {demand: 2000, pods: pods(2, 18), warming: true, want: 20},
			"but where it does not matter which":                           {demand: 100, pods: pods(2, 18), costless: true, unready: true, want: 1},
			"and so many that it does not":                                 {demand: 1900, pods: pods(2, 18), costless: true, want: 19},
		},
		"amd64": { // 600 there.
			"twice as many at most are asked for at once":   {demand: 10_000, pods: pods(9, 1), want: 17},
			"the slower ones leave":                         {demand: 9000, pods: pods(9, 8), want: 9},
			"one request more, and they are needed":         {demand: 9001, pods: pods(9, 8), want: 16},
			"all on the slow one":                           {demand: 6000, pods: pods(0, 10), want: 10},
			"some are let go where the costs allow no more": {demand: 6000, pods: pods(6, 8), costless: true, want: 10},
		},
	} {
		for name, scene := range scenes {
			t.Run(slow+": "+name, func(t *testing.T) {
				web := modelWeb(scene.demand, map[string]int32{"arm64": 1000, "amd64": 600, "s390x": 100}, "arm64", slow)
				if scene.least > 0 {
					web.Spec.MinReplicas = &scene.least
				}
				if got := Make(web, scene.observed(web)).Asked; got != int64(scene.want) {
					t.Errorf("%d pods, want %d", got, scene.want)
				}
			})
		}
	}
}

// What the user prefers is filled first and kept longest, and counts as what it serves.
func TestPreferenceByWeight(t *testing.T) {
	web := modelWeb(1, map[string]int32{"amd64": 800, "arm64": 1000}, "amd64", "arm64")
	web.Spec.Architectures[0].Weight, web.Spec.Architectures[1].Weight = ptr.To[int32](100), ptr.To[int32](1)
	for name, scene := range map[string]scene{
		"nothing there: the preferred one counts": {demand: 8000, want: 10},
		"the preferred ones suffice":              {demand: 8000, pods: map[string]int{"amd64": 10, "arm64": 3}, want: 10},
		"they do not: all count as the slower":    {demand: 8001, pods: map[string]int{"amd64": 10, "arm64": 3}, want: 11},
		"only the other one has room":             {demand: 8000, pods: map[string]int{"arm64": 10}, want: 8},
	} {
		web.Spec.TotalQPS = ptr.To(scene.demand)
		if got := Make(web, scene.observed(web)).Asked; got != int64(scene.want) {
			t.Errorf("%s: %d pods, want %d", name, got, scene.want)
		}
	}
	scene := scene{pods: map[string]int{"amd64": 1, "arm64": 1}, costless: true}
	if got := Make(web, scene.observed(web)).Stamps; len(got) != 1 || *got["arm641"].Cost != -100 {
		t.Errorf("the one that is preferred less leaves first; got %v", got)
	}
}

// What is filled alike is kept alike: faster pods of the same weight could not be told from the slower ones when a rollout comes.
func TestAlikeByWeight(t *testing.T) {
	web := modelWeb(8000, map[string]int32{"amd64": 100, "arm64": 1000}, "amd64", "arm64")
	web.Spec.Architectures[0].Weight, web.Spec.Architectures[1].Weight = ptr.To[int32](50), ptr.To[int32](50)
	for name, scene := range map[string]scene{
		"nothing there: the best counts": {demand: 8000, want: 8},
		"both have pods: that is tried":  {demand: 8000, pods: map[string]int{"amd64": 4, "arm64": 4}, costless: true, want: 16},
		"both have more":                 {demand: 8000, pods: map[string]int{"amd64": 8, "arm64": 8}, costless: true, want: 80},
		"and keep them":                  {demand: 8000, pods: map[string]int{"amd64": 40, "arm64": 40}, costless: true, want: 80},
	} {
		planned := Make(web, scene.observed(web))
		if planned.Asked != int64(scene.want) || len(planned.Stamps) != 0 {
			t.Errorf("%s: %d pods, want %d; deletion costs %v", name, planned.Asked, scene.want, planned.Stamps)
		}
	}
}

// Where another order replaces the pods, those that go count for nothing: not by what they serve now.
func TestAnotherOrderMultipliesNothing(t *testing.T) {
	web := modelWeb(8000, map[string]int32{"amd64": 100, "arm64": 1000}, "amd64", "arm64")
	observed := scene{pods: map[string]int{"amd64": 8}, costless: true}.observed(web)
	record := RecordOf(observed.Deployment)
	for name, levels := range map[string]placement.Levels{"the order before": {{"amd64"}, {"arm64"}}, "this order": {{"arm64"}, {"amd64"}}, "not known": nil} {
		record.Levels = levels
		observed.Deployment.Annotations[AnnotationRecord] = record.String()
		want := int64(16) // tries once: all of them are on slow nodes.
		if name == "the order before" {
			want = 8
		}
		if got := Make(web, observed).Asked; got != want {
			t.Errorf("%s: %d pods, want %d", name, got, want)
		}
	}
}

// The cost that a pod bears counts, whoever set it: a wrong one is put right.
func TestDeletionCosts(t *testing.T) {
	web := modelWeb(1, map[string]int32{"arm64": 1000, "amd64": 500, "s390x": 100}, "arm64", "amd64", "s390x")
	for name, tc := range map[string]struct {
		pod  Pod
		want string
	}{
		"the best needs none":                  {Pod{Node: "n", Architecture: "arm64"}, ""},
		"the best may bear more":               {Pod{Node: "n", Architecture: "arm64", DeletionCost: "100"}, ""},
		"the best must not go first":           {Pod{Node: "n", Architecture: "arm64", DeletionCost: "-1"}, "0"},
		"the second":                           {Pod{Node: "n", Architecture: "amd64"}, "-100"},
		"the third":                            {Pod{Node: "n", Architecture: "s390x"}, "-200"},
		"stamped":                              {Pod{Node: "n", Architecture: "amd64", DeletionCost: "-100"}, ""},
		"stamped when the order was another":   {Pod{Node: "n", Architecture: "amd64", DeletionCost: "-200"}, "-100"},
		"somebody else's":                      {Pod{Node: "n", Architecture: "s390x", DeletionCost: "100"}, "-200"},
		"no number":                            {Pod{Node: "n", Architecture: "amd64", DeletionCost: "x"}, "-100"},
		"no number as Kubernetes reads it":     {Pod{Node: "n", Architecture: "amd64", DeletionCost: "-0100"}, "-100"},
		"somebody else's, who does not let go": {Pod{Node: "n", Architecture: "s390x", DeletionCost: "100", CostIsOthers: true}, ""},
		"not bound":                            {Pod{Unschedulable: "no room"}, ""},
		"gone":                                 {Pod{Node: "n", Architecture: "amd64", Gone: true}, ""},
		"on a node that is not known":          {Pod{Node: "n"}, ""},
	} {
		tc.pod.Name = "p"
		stamp, isDue := Make(web, Observed{Image: Image{State: ImageFailed}, Pods: []Pod{tc.pod}}).Stamps["p"]
		if isDue != (tc.want != "") || isDue && fmt.Sprint(*stamp.Cost) != tc.want {
			t.Errorf("%s: %v (%t), want %q", name, stamp, isDue, tc.want)
		}
	}
}

// Pods that are ready and do not count yet may stay in the place of others that do: they go once they count.
func TestWarmingPodsMayStay(t *testing.T) {
	for name, s := range map[string]struct {
		pods map[string]int
		want int32
	}{
		"of one architecture": {map[string]int{"arm64": 10}, 8},
		"of the slower one":   {map[string]int{"arm64": 2, "amd64": 10}, 12},
	} {
		web := modelWeb(4000, map[string]int32{"arm64": 1000, "amd64": 500}, "arm64", "amd64")
		observed := scene{pods: s.pods, joins: true}.observed(web)
		for i := range observed.Pods {
			observed.Pods[i].Ready = true
		}
		for i := range 4 {
			observed.Pods[len(observed.Pods)-1-i].WarmUntil = time.Unix(1, 0)
		}
		if planned := Make(web, observed); planned.Replicas != s.want {
			t.Errorf("%s: %d pods while four warm up, want %d", name, planned.Replicas, s.want)
		}
	}
}
