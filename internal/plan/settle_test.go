// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

func modelWeb(demand int32, rates map[string]int32, names ...string) *elasticwebv1.ElasticWeb {
	web := &elasticwebv1.ElasticWeb{}
	web.Name, web.Generation = "shop", 1
	web.Spec.Image, web.Spec.SinglePodsQPS, web.Spec.TotalQPS = "shop:1", ptr.To[int32](100), &demand
	for _, name := range names {
		web.Spec.Architectures = append(web.Spec.Architectures, elasticwebv1.ArchitectureSpec{
			Name: elasticwebv1.Architecture(name), SinglePodsQPS: ptr.To(rates[name])})
	}
	return web
}

func anyModel(t *rapid.T) *model {
	names := []string{"arm64", "amd64", "ppc64le", "s390x"}[:rapid.IntRange(1, 4).Draw(t, "architectures")]
	rates := map[string]int32{}
	for _, name := range names {
		rates[name] = rapid.SampledFrom([]int32{1000, 900, 800, 500, 400, 300, 100, 50}).Draw(t, "rate")
	}
	var nodes []*modelNode
	for _, name := range names {
		for range rapid.IntRange(0, 3).Draw(t, "nodes") {
			nodes = append(nodes, &modelNode{name: fmt.Sprintf("%s-%d", name, len(nodes)), architecture: name, slots: rapid.IntRange(1, 12).Draw(t, "slots")})
		}
	}
	seed := rapid.Uint64().Draw(t, "seed")
	return newModel(rand.New(rand.NewPCG(seed, 1)), modelWeb(anyDemand(t), rates, names...), nodes) //nolint:gosec // no secret.
}

func anyDemand(t *rapid.T) int32 { return rapid.Int32Range(1, 20000).Draw(t, "demand") }

// changeWorld does one thing to the world, and says what.
func changeWorld(t *rapid.T, m *model) string {
	what := rapid.SampledFrom([]string{"demand", "demand", "rollout", "node lost", "node added"}).Draw(t, "change")
	switch what {
	case "demand":
		m.web.Generation++
		m.web.Spec.TotalQPS = ptr.To(anyDemand(t))
	case "rollout":
		m.web.Generation++
		m.web.Spec.Image = fmt.Sprintf("shop:%d", m.web.Generation)
	case "node lost":
		if len(m.nodes) > 0 {
			m.lose(m.nodes[rapid.IntRange(0, len(m.nodes)-1).Draw(t, "node")])
		}
	case "node added":
		entry := rapid.SampledFrom(m.web.Spec.Architectures).Draw(t, "architecture")
		m.serial++
		m.nodes = append(m.nodes, &modelNode{name: fmt.Sprintf("%s-%d", entry.Name, 100+m.serial), architecture: string(entry.Name), slots: rapid.IntRange(1, 12).Draw(t, "slots")})
	}
	return what
}

// most is the number of pods beyond which nothing is gained.
func most(m *model) int32 {
	slowest := *m.web.Spec.Architectures[0].SinglePodsQPS
	for _, entry := range m.web.Spec.Architectures {
		slowest = min(slowest, *entry.SinglePodsQPS)
	}
	return int32(capacity.PodsFor(m.demand(), int64(slowest))) //nolint:gosec // at most 20,000.
}

func TestReplicasSettle(t *testing.T) {
	histogram := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		what := "created"
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			m.changes, m.lost = nil, ""
			before := m.String()
			m.disturb(rapid.IntRange(0, 60).Draw(t, "disturbed"))
			if !m.settle() {
				t.Fatalf("%s: does not settle; before: %s; now: %s", what, before, m)
			}
			histogram[len(m.changes)]++
			// The demand's own change, and one for each slower architecture that pods spill onto in turn.
			if limit := max(3, len(m.web.Spec.Architectures)); len(m.changes) > limit {
				t.Fatalf("%s: too many changes; before: %s; now: %s", what, before, m)
			}
			for _, replicas := range m.changes {
				if replicas > most(m) {
					t.Fatalf("%s: %d replicas, and %d are enough on any architecture; before: %s; now: %s", what, replicas, most(m), before, m)
				}
			}
			if m.lost != "" {
				t.Fatalf("%s: gave up capacity: %s; before: %s; now: %s", what, m.lost, before, m)
			}
			what = changeWorld(t, m)
		}
	})
	t.Logf("changes of the replicas per change of the world: %v", histogram)
}
