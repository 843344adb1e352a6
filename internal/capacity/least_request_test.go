// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"container/heap"
	"math/rand/v2"
	"testing"
)

// Requests come at random at what LeastRequest counts on. A balancer that looks at all pods, whatever these serve, or at two of them, as
// Envoy does, where the slowest serve two fifths of the fastest or more, has none of them wait for half a second, be it one balancer or four
// that know nothing of each other.
func TestLeastRequestMargin(t *testing.T) {
	for name, tc := range map[string]struct {
		groups  []Group
		choices int
		fails   bool
	}{
		"twice as fast, two choices":                 {[]Group{{"amd64", 800, 5}, {"arm64", 400, 5}}, 2, false},
		"two and a half times, two choices":          {[]Group{{"amd64", 1000, 3}, {"arm64", 400, 12}}, 2, false},
		"ten times as fast, all pods":                {[]Group{{"amd64", 1000, 10}, {"s390x", 100, 10}}, 20, false},
		"ten times as fast, two choices, is too far": {[]Group{{"amd64", 1000, 10}, {"s390x", 100, 10}}, 2, true},
	} {
		for _, balancers := range []int{1, 4} {
			failed := simulate(tc.groups, float64(sum(tc.groups))*(100-LeastRequestMargin)/100, tc.choices, balancers)
			if (failed > 0) != tc.fails {
				t.Errorf("%s, %d balancers: %d requests of 50000 failed", name, balancers, failed)
			}
		}
	}
}

// answer is when a request ends, which balancer sent it, and to which pod.
type answer struct {
	at            float64
	balancer, pod int
}

type answers []answer

func (a answers) Len() int           { return len(a) }
func (a answers) Less(i, j int) bool { return a[i].at < a[j].at }
func (a answers) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *answers) Push(x any)        { *a = append(*a, x.(answer)) }
func (a *answers) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// simulate sends 50,000 requests at a rate, each to the pod with the fewest under way of so many, and counts those that would wait for more
// than half a second. Pods answer one after the other, as those of package throttle do.
func simulate(groups []Group, qps float64, choices, balancers int) (failed int) {
	random := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // no secret.
	var takes []float64
	for _, group := range groups {
		for range group.Pods {
			takes = append(takes, 1/float64(group.PodQPS))
		}
	}
	free, underWay, open, now := make([]float64, len(takes)), make([][]int, balancers), &answers{}, 0.0
	for i := range underWay {
		underWay[i] = make([]int, len(takes))
	}
	for range 50_000 {
		now += random.ExpFloat64() / qps
		for open.Len() > 0 && (*open)[0].at <= now {
			done := heap.Pop(open).(answer)
			underWay[done.balancer][done.pod]--
		}
		balancer := random.IntN(balancers)
		candidates := random.Perm(len(takes))[:choices]
		pod := candidates[0]
		for _, other := range candidates {
			if underWay[balancer][other] < underWay[balancer][pod] {
				pod = other
			}
		}
		begin := max(free[pod], now)
		if begin-now > 0.5 {
			failed++
			continue
		}
		free[pod] = begin + takes[pod]
		underWay[balancer][pod]++
		heap.Push(open, answer{free[pod] + 0.005, balancer, pod})
	}
	return failed
}
