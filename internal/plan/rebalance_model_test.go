// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// live lets a span of time pass, in which the operator looks again when it said it would; false where that does not end.
func (m *model) live(span time.Duration) bool {
	end := m.now.Add(span)
	for range 2000 {
		if !m.settle() {
			return false
		}
		if m.again <= 0 || m.now.Add(m.again).After(end) {
			m.now = end
			return m.settle()
		}
		m.now = m.now.Add(m.again)
	}
	return false
}

// rebalancingModel is a cluster with some nodes of each of two architectures, of which arm64 is the faster one, and an ElasticWeb that
// asks for its pods to be brought back.
func rebalancingModel(seed uint64, demand int32, surge string, slots int, arm64, amd64 int) *model {
	web := modelWeb(demand, map[string]int32{"arm64": 1000, "amd64": 800}, "arm64", "amd64")
	share := intstr.Parse(surge)
	web.Spec.Rebalance = &elasticwebv1.RebalanceSpec{Mode: elasticwebv1.RebalanceSurge, MaxSurge: &share}
	var nodes []*modelNode
	for i := range arm64 {
		nodes = append(nodes, &modelNode{name: fmt.Sprintf("arm64-%d", i), architecture: "arm64", slots: slots})
	}
	for i := range amd64 {
		nodes = append(nodes, &modelNode{name: fmt.Sprintf("amd64-%d", i), architecture: "amd64", slots: slots})
	}
	m := newModel(rand.New(rand.NewPCG(seed, 2)), web, nodes) //nolint:gosec // no secret.
	m.now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m.begin()
	return m
}

func (m *model) cordon(architecture string, cordoned bool) {
	for _, node := range m.nodes {
		if node.architecture == architecture {
			node.cordoned = cordoned
		}
	}
}

func (m *model) onArchitecture(architecture string) int {
	number := 0
	for _, pod := range m.pods {
		if !pod.terminating && pod.Architecture == architecture {
			number++
		}
	}
	return number
}

// holds checks after whatever anybody did that the demand that was met once stays met, and that there are never more pods than the budget
// allows beside those that the demand calls for where they are.
func (m *model) holds(t fatal, budget func(base int32) int32) {
	wasMet := false
	met := m.demand()
	m.check = func() {
		if m.demand() != met {
			met, wasMet = m.demand(), false
		}
		wasMet = wasMet || m.served() >= m.demand()
		if wasMet && m.served() < m.demand() {
			t.Fatalf("below the demand: %s", m)
		}
		if m.surge > budget(m.base) && m.surge > 0 {
			t.Fatalf("%d more than %d: %s", m.surge, m.base, m)
		}
	}
}

type fatal interface{ Fatalf(string, ...any) }

func tenPercent(base int32) int32 { return max((base+9)/10, 1) }

// A spill, room again, and all come home: 200 times, at every moment with what the demand needs.
func TestTwoHundredCordons(t *testing.T) {
	for seed := range uint64(1) {
		m := rebalancingModel(seed, 12_000, "10%", 10, 2, 3)
		m.holds(t, tenPercent)
		if !m.live(time.Minute) || m.onArchitecture("arm64") != 12 {
			t.Fatalf("at first: %s", m)
		}
		for cycle := range 200 {
			m.cordon("arm64", true)
			m.web.Generation++
			m.web.Spec.TotalQPS = ptr.To[int32](16_000)
			if !m.live(10 * time.Minute) {
				t.Fatalf("%d: the spill does not settle: %s", cycle, m)
			}
			if m.onArchitecture("amd64") == 0 {
				t.Fatalf("%d: no spill: %s", cycle, m)
			}
			m.cordon("arm64", false)
			if !m.live(4 * time.Hour) {
				t.Fatalf("%d: it does not end: %s; %v", cycle, m, m.steps)
			}
			if m.onArchitecture("amd64") != 0 || m.onArchitecture("arm64") != 16 || m.replicas != 16 || m.again != 0 {
				t.Fatalf("%d: not home: %s; %+v", cycle, m, m.rebalance)
			}
			m.web.Generation++
			m.web.Spec.TotalQPS = ptr.To[int32](12_000)
			if !m.live(time.Minute) {
				t.Fatalf("%d: the fall does not settle: %s", cycle, m)
			}
		}
	}
}

// Where there is no room the tries become rare, and nothing is given up.
func TestNoRoomAtHome(t *testing.T) {
	for seed := range uint64(5) {
		m := rebalancingModel(seed, 12_000, "25%", 10, 1, 3)
		m.holds(t, func(base int32) int32 { return (base + 3) / 4 })
		if !m.live(24 * time.Hour) {
			t.Fatalf("it does not end: %s; %v", m, m.steps)
		}
		// 1 + 2 + 4 + ... + 32 minutes, and then one an hour.
		if len(m.steps) < 24 || len(m.steps) > 32 || slices.Contains(m.steps, StepMoved) {
			t.Fatalf("%d tries: %v: %s", len(m.steps), m.steps, m)
		}
		if m.replicas != 15 || m.again <= 0 || m.again > time.Hour {
			t.Fatalf("%s; %+v", m, m.rebalance)
		}
		m.nodes = append(m.nodes, &modelNode{name: "arm64-9", architecture: "arm64", slots: 10})
		if !m.live(5*time.Minute) || m.onArchitecture("amd64") != 0 || m.replicas != 12 {
			t.Fatalf("a node came: %s; %+v", m, m.rebalance)
		}
	}
}

// However the spill was seen, pod by pod or at once, and though the demand rose meanwhile: one try follows the other until all are home.
func TestAllComeHomeInOneGo(t *testing.T) {
	for seed := range uint64(5) {
		m := rebalancingModel(seed, 12_000, "10%", 20, 2, 3)
		m.cordon("arm64", true)
		if !m.live(time.Hour) || m.onArchitecture("amd64") != 15 {
			t.Fatalf("at first: %s", m)
		}
		m.web.Generation++
		m.web.Spec.TotalQPS = ptr.To[int32](24_000)
		if !m.live(time.Hour) || m.onArchitecture("amd64") != 30 {
			t.Fatalf("the demand rose: %s", m)
		}
		m.cordon("arm64", false)
		if !m.live(2*time.Minute) || m.onArchitecture("amd64") != 0 || m.onArchitecture("arm64") != 24 {
			t.Fatalf("not home: %s; %v; %+v", m, m.steps, m.rebalance)
		}
	}
}

// A policy that has the say about some pods' deletion costs: these are away as the others are, and nothing is tried.
func TestOthersCostsKeepPodsAway(t *testing.T) {
	m := rebalancingModel(1, 12_000, "10%", 20, 2, 3)
	m.policy, m.share = "100", 2
	m.cordon("arm64", true)
	if !m.live(time.Hour) {
		t.Fatalf("does not settle: %s", m)
	}
	m.cordon("arm64", false)
	if !m.live(time.Hour) || len(m.steps) > 0 {
		t.Fatalf("%s; %v", m, m.steps)
	}
	observed := m.observed()
	planned := Make(m.web, observed)
	if scene := SceneOf(m.web, &planned, observed); scene.Away != 15 || !scene.CostsAreOthers {
		t.Errorf("%+v", scene)
	}
}

// Where the best architecture is full, pods of the third one come to the second at the same pace: a step up is a step home.
func TestComesToTheSecondBest(t *testing.T) {
	m := rebalancingModel(1, 20_000, "10%", 10, 1, 0)
	m.web.Spec.Architectures = nil
	for name, qps := range map[string]int32{"arm64": 1000, "ppc64le": 900, "s390x": 800} {
		m.web.Spec.Architectures = append(m.web.Spec.Architectures, elasticwebv1.ArchitectureSpec{Name: elasticwebv1.Architecture(name), SinglePodsQPS: &qps})
	}
	m.nodes = append(m.nodes, &modelNode{name: "s390x-0", architecture: "s390x", slots: 30})
	if !m.live(time.Minute) || m.onArchitecture("s390x") != 15 {
		t.Fatalf("at first: %s", m)
	}
	m.steps = nil
	m.nodes = append(m.nodes, &modelNode{name: "ppc64le-0", architecture: "ppc64le", slots: 30})
	if !m.live(2*time.Minute) || m.onArchitecture("s390x") != 0 || m.onArchitecture("ppc64le") != 13 {
		t.Fatalf("not at the second best: %s; %v", m, m.steps)
	}
}

// Any cluster, any change of it, an operator that forgets what it remembers at any time, and whatever order things happen and are seen in:
// what rebalancing does ends or becomes rare, and costs no capacity.
func TestRebalancingSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		m.now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		share := intstr.Parse(rapid.SampledFrom([]string{"10%", "1", "100%", "3"}).Draw(t, "surge"))
		m.web.Spec.Rebalance = &elasticwebv1.RebalanceSpec{Mode: elasticwebv1.RebalanceSurge, MaxSurge: &share, RestartForTemplate: ptr.To(rapid.Bool().Draw(t, "restarts"))}
		what := "created"
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			m.begin()
			for range rapid.IntRange(0, 3).Draw(t, "restarts") {
				m.disturb(rapid.IntRange(0, 40).Draw(t, "disturbed"))
				m.rebalance, m.restart = Rebalance{}, Restart{}
				m.now = m.now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "seconds")) * time.Second)
			}
			m.disturb(rapid.IntRange(0, 10).Draw(t, "disturbed"))
			m.resume()
			m.steps, m.takenUp = nil, 0
			if !m.live(24 * time.Hour) {
				t.Fatalf("%s: it does not end: %s; %+v, %v", what, m, m.rebalance, m.steps)
			}
			if m.lost != "" {
				t.Fatalf("%s: gave up capacity: %s: %s", what, m.lost, m)
			}
			if m.rose != "" {
				t.Fatalf("%s: calls for more pods: %s: %s", what, m.rose, m)
			}
			failed := len(slices.DeleteFunc(slices.Clone(m.steps), func(step RebalanceStep) bool { return step == StepMoved }))
			if failed > 40 || len(m.steps)-failed > 200 {
				t.Fatalf("%s: %v: %s; %+v", what, m.steps, m, m.rebalance)
			}
			m.checkRestarts(t, what)
			what = anyChange(t, m)
		}
	})
}

// checkRestarts: what waits for a rollout is taken up once, where that is allowed and the pods are well.
func (m *model) checkRestarts(t *rapid.T, what string) {
	observed := m.observed()
	planned := Make(m.web, observed)
	scene := SceneOf(m.web, &planned, observed)
	isWell := !scene.IsRollingOut && scene.IsAtRest && scene.IsReady && scene.IsMet && scene.Recorded == 0
	switch allowed := MayRestart(&m.web.Spec); {
	case m.takenUp > 1 || m.takenUp > 0 && !allowed:
		t.Fatalf("%s: taken up %d times: %s; %+v", what, m.takenUp, m, m.restart)
	case allowed && isWell && m.awaits(observed):
		t.Fatalf("%s: something waits: %s; %+v", what, m, m.restart)
	}
}

// Somebody moves pods the other way, as a descheduler does that looks at how full the nodes are: the two do not go on for ever.
func TestSomebodyMovesThemBack(t *testing.T) {
	for seed := range uint64(1) {
		m := rebalancingModel(seed, 12_000, "10%", 10, 2, 3)
		m.live(time.Minute)
		m.steps = nil
		for range 24 * 12 { // every 5 minutes of a day.
			for _, node := range m.nodes[:2] {
				node.slots = m.on(node) - 1
			}
			for _, pod := range m.pods {
				if !pod.terminating && pod.Architecture == "arm64" {
					pod.terminating, pod.Gone, pod.Ready = true, true, false
					break
				}
			}
			m.settle()
			for _, node := range m.nodes[:2] {
				node.slots = 10
			}
			if !m.live(5 * time.Minute) {
				t.Fatalf("it does not end: %s; %v", m, m.steps)
			}
		}
		if len(m.steps) > 60 {
			t.Fatalf("%d steps: %s; %+v", len(m.steps), m, m.rebalance)
		}
	}
}
