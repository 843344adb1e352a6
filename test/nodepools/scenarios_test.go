// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package nodepools

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// rounding is how much more the nodes may cost than the cheapest of one kind: instances come in powers of two.
const rounding = 2

// Both pools begin at nothing, a burst comes and goes, and no pod is restarted for it.
func TestABurstFromNothing(t *testing.T) {
	s := newStage(t)
	s.pool(nodePool{arch: "arm64"})
	s.pool(nodePool{arch: "amd64"})
	diary := s.create(3 * armQPS)
	small := s.serves(map[string]int{"arm64": 3})
	s.demand(120 * armQPS)
	large := s.serves(map[string]int{"arm64": 120})
	if bound := rounding*s.least("arm64", 120) + small.price; large.price > bound {
		t.Errorf("120 pods cost %.3f an hour, want no more than %.3f", large.price, bound)
	}
	if large.nodes > small.nodes+4 {
		t.Errorf("%d nodes for 120 pods", large.nodes)
	}
	s.demand(3 * armQPS)
	s.serves(map[string]int{"arm64": 3})
	s.settles(3 * s.least("arm64", 1))
	s.serves(map[string]int{"arm64": 3})
	diary.tells(t, 3, 120, 3)
	if s.rollouts() != 1 {
		t.Errorf("%d templates", s.rollouts())
	}
}

// Many pods from nothing cost what they need, too.
func TestManyFromNothing(t *testing.T) {
	s := newStage(t)
	s.pool(nodePool{arch: "arm64"})
	s.pool(nodePool{arch: "amd64"})
	diary := s.create(120 * armQPS)
	if found, bound := s.serves(map[string]int{"arm64": 120}), rounding*s.least("arm64", 120); found.price > bound {
		t.Errorf("120 pods cost %.3f an hour, want no more than %.3f", found.price, bound)
	}
	diary.tells(t, 120)
}

// What is preferred makes no pool grow while others have room. The number of pods is that of those from the beginning.
func TestRoomElsewhere(t *testing.T) {
	s := newStage(t, cluster.NodePool{Arch: "amd64", Count: 2, CPU: "4", Memory: "32Gi"})
	s.pool(nodePool{arch: "arm64"})
	diary := s.create(3 * armQPS)
	if found := s.serves(map[string]int{"amd64": 4}); found.nodes != 0 {
		t.Errorf("%v, though the nodes that were there have room", found)
	}
	diary.tells(t, 4)
}

// Where the preferred pool is at its limit, the rest goes elsewhere, and the number of pods follows what they serve there.
func TestAPoolAtItsLimit(t *testing.T) {
	s := newStage(t)
	s.pool(nodePool{arch: "arm64", cpus: "2"})
	s.pool(nodePool{arch: "amd64"})
	diary := s.create(40 * armQPS)
	found := s.servesWhere("40000 QPS", func(f fleet) bool { return f.pods["arm64"] >= 15 && f.pods["arm64"]+f.pods["amd64"] == 50 })
	if bound := rounding*(s.least("arm64", found.pods["arm64"])+s.least("amd64", found.pods["amd64"])) + s.least("amd64", 1); found.price > bound {
		t.Errorf("%v, want no more than %.3f", found, bound)
	}
	diary.tells(t, 40, 50)
}

// A pool that cannot be had for a while is used again once it can.
func TestAPoolThatComesBack(t *testing.T) {
	s := newStage(t)
	s.pool(nodePool{arch: "arm64", cpus: "0"})
	s.pool(nodePool{arch: "amd64"})
	diary := s.create(10 * armQPS)
	s.serves(map[string]int{"amd64": 13})
	s.pool(nodePool{arch: "arm64", cpus: "1000"})
	s.demand(60 * armQPS)
	found := s.servesWhere("60000 QPS, the new pods on arm64", func(f fleet) bool { return f.pods["arm64"] >= 40 })
	if bound := rounding*(s.least("arm64", found.pods["arm64"])+s.least("amd64", 13)) + s.least("amd64", 13); found.price > bound {
		t.Errorf("%v, want no more than %.3f", found, bound)
	}
	diary.tells(t)
	if s.rollouts() != 1 {
		t.Errorf("%d templates", s.rollouts())
	}
}

var (
	life = flag.Duration("life", 0, "how long the demand changes at random, with consolidation on; 0 for not at all")
	seed = flag.Uint64("seed", 1, "of the demand")
)

// A life of random demand under consolidation: the nodes follow, all is on what is preferred, and no template changes.
func TestLife(t *testing.T) {
	if *life == 0 {
		t.Skip("set -life")
	}
	s := newStage(t)
	s.pool(nodePool{arch: "arm64"})
	s.pool(nodePool{arch: "amd64"})
	random := rand.New(rand.NewPCG(*seed, 0)) //nolint:gosec // a test's.
	pods := 3
	diary := s.create(pods * armQPS)
	wanted := []int32{3}
	for end := time.Now().Add(*life); time.Now().Before(end); {
		s.serves(map[string]int{"arm64": pods})
		s.settles(rounding*s.least("arm64", pods) + 3*s.least("arm64", 1))
		next := 1 + random.IntN(120)
		if next != pods {
			pods, wanted = next, append(wanted, int32(next)) //nolint:gosec // at most 120.
			s.demand(pods * armQPS)
		}
	}
	s.serves(map[string]int{"arm64": pods})
	diary.tells(t, wanted...)
	if s.rollouts() != 1 {
		t.Errorf("%d templates", s.rollouts())
	}
}
