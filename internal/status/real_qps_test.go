// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/placement"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// TestRealQPSIsNeverAboveTheFormula: 1,000 pods in random states, 10,000 times. The pods that serve are those
// that are ready, bound and do not end; together they serve their number times the least rate among them.
func TestRealQPSIsNeverAboveTheFormula(t *testing.T) {
	cases := 10_000
	if testing.Short() {
		cases = 500
	}
	pods := make([]plan.Pod, 1000)
	names := []string{"amd64", "arm64", "ppc64le", "s390x"}
	for seed := range cases {
		random := rand.New(rand.NewPCG(uint64(seed), 7)) //nolint:gosec // no secret.
		in := planned()
		rates := map[string]int64{}
		in.Plan.Rates = nil
		for _, name := range names {
			rates[name] = 1 + random.Int64N([]int64{10, 1000, math.MaxInt32}[random.IntN(3)])
			in.Plan.Rates = append(in.Plan.Rates, placement.Rate{Architecture: name, QPS: rates[name]})
		}
		in.Observed.Pods = pods
		randomPods(random, pods, names[:1+random.IntN(len(names))])
		ready, least := map[string]int64{}, int64(math.MaxInt64)
		var total int64
		for _, pod := range in.Observed.Pods {
			if pod.Ready && !pod.Gone && pod.Node != "" {
				ready[pod.Architecture]++
				total++
				least = min(least, rates[pod.Architecture])
			}
		}
		want := int64(0)
		if total > 0 {
			want = min(total*least, math.MaxInt32)
		}
		got := statusOf(in)
		if int64(*got.RealQPS) != want {
			t.Fatalf("seed %d: realQPS = %d, want %d: %d ready pods at %d", seed, *got.RealQPS, want, total, least)
		}
		for _, entry := range got.Architectures {
			if int64(entry.ReadyPods) != ready[entry.Name] || int64(entry.SinglePodsQPS) != rates[entry.Name] || entry.ReadyPods > entry.Pods {
				t.Fatalf("seed %d: %+v, want %d ready at %d", seed, entry, ready[entry.Name], rates[entry.Name])
			}
		}
	}
}

// randomPods fills in states in every combination, the common ones often.
func randomPods(random *rand.Rand, pods []plan.Pod, architectures []string) {
	readyOf, endsOf, slowOf := random.Uint64N(257), random.Uint64N(80), random.Uint64N(257)
	for i := range pods {
		dice := random.Uint64()
		roll := func() uint64 { // of 256 sides.
			dice >>= 8
			return dice & 0xff
		}
		pod := plan.Pod{Ready: roll() < readyOf, Gone: roll() < endsOf}
		if roll() > 25 || pod.Ready && roll() > 5 {
			pod.Node, pod.Architecture = "n", architectures[0]
			if roll() < slowOf {
				pod.Architecture = architectures[roll()%uint64(len(architectures))]
			}
		}
		pods[i] = pod
	}
}
