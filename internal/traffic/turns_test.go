// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// TestSlowNamespacesDoNotSlowOthers: these have a number in each period.
func TestSlowNamespacesDoNotSlowOthers(t *testing.T) {
	for name, crowd := range map[string]int{
		"one namespace":                           1,
		"as many as there are places for":         places,
		"many more than there are places":         20 * places,
		"each query in a namespace of its own":    1000,
		"three, that fill the places if they may": 3,
	} {
		t.Run(name, func(t *testing.T) {
			read(t, func(t *testing.T, h *harness) {
				h.takes = func(q question) time.Duration {
					if strings.HasPrefix(q.namespace, "slow") {
						return time.Hour
					}
					return 10 * time.Millisecond
				}
				for i := range 1000 {
					namespace := fmt.Sprintf("slow-%d", i%crowd)
					h.Read(key(namespace, fmt.Sprint(i)), promQL(namespace, fmt.Sprint(i)), window)
				}
				// Until all of them were found to be slow.
				after(15 * time.Minute)
				for i := range 100 {
					h.Read(key("dev", fmt.Sprint(i)), promQL("dev", fmt.Sprint(i)), 0)
				}
				after(4 * period)
				for i := range 100 {
					answers := h.of(key("dev", fmt.Sprint(i)))
					for _, answer := range answers {
						if answer.Message != "" {
							t.Errorf("%d: %+v", i, answer)
						}
					}
					if len(answers) < 3 {
						t.Errorf("%d: %d answers in 4 periods", i, len(answers))
					}
				}
			})
		})
	}
}

// TestOneThatBecomesSlowDelaysNobody: not before it is known that it is slow, either.
func TestOneThatBecomesSlowDelaysNobody(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.takes = func(q question) time.Duration {
			if q.namespace == "slow" {
				return time.Hour
			}
			return 10 * time.Millisecond
		}
		for i := range 100 {
			h.Read(key("dev", fmt.Sprint(i)), promQL("dev", fmt.Sprint(i)), 0)
		}
		after(10 * period)
		for i := range 1000 {
			h.Read(key("slow", fmt.Sprint(i)), promQL("slow", fmt.Sprint(i)), 0)
		}
		after(10 * period)
		for i := range 100 {
			answers := h.of(key("dev", fmt.Sprint(i)))
			for j := range answers[1:] {
				if apart := answers[j+1].at.Sub(answers[j].at); apart > period+time.Second {
					t.Fatalf("%d: %v without an answer at %v", i, apart, answers[j].at)
				}
			}
		}
	})
}

// TestSlowOnesHaveTheirTurns: each of them in the end, and each of their readers is told once a period that it takes long.
func TestSlowOnesHaveTheirTurns(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.takes = func(question) time.Duration { return 5 * time.Second }
		for i := range 100 {
			h.Read(key("slow", fmt.Sprint(i)), promQL("slow", fmt.Sprint(i)), 0)
		}
		after(20 * period)
		for i := range 100 {
			numbers, answers := 0, h.of(key("slow", fmt.Sprint(i)))
			for _, answer := range answers {
				if answer.Message == "" {
					numbers++
				} else if answer.Samples[0].Trouble != demand.SourceUnreachable || answer.Message != overdue(period).message {
					t.Errorf("%+v", answer)
				}
			}
			if numbers == 0 || len(answers) < 19 {
				t.Errorf("%d: %d numbers in %d answers", i, numbers, len(answers))
			}
		}
		if busy := h.turns().taken; busy > ofSlow-ofOne {
			t.Errorf("%d at a time", busy)
		}
	})
}

// TestASourceThatIsSlowForAll loses no answer that it has the time for.
func TestASourceThatIsSlowForAll(t *testing.T) {
	for name, tc := range map[string]struct {
		takes      time.Duration
		namespaces int
		atLeast    int // percent of the numbers.
	}{
		"a little, many namespaces": {1100 * time.Millisecond, 50, 100},
		"a little, one namespace":   {1100 * time.Millisecond, 1, 100},
		"more than there is time":   {2 * time.Second, 50, 80},
	} {
		t.Run(name, func(t *testing.T) {
			read(t, func(t *testing.T, h *harness) {
				h.takes = func(question) time.Duration { return tc.takes }
				key := func(i int) types.NamespacedName { return key(fmt.Sprint(i%tc.namespaces), fmt.Sprint(i)) }
				for i := range 100 {
					h.Read(key(i), promQL(key(i).Namespace, fmt.Sprint(i)), 0)
				}
				after(80 * period)
				numbers, answers := 0, 0
				for i := range 100 {
					for _, answer := range h.of(key(i))[60:] {
						if answers++; answer.Message == "" {
							numbers++
						}
					}
				}
				if numbers*100 < answers*tc.atLeast {
					t.Errorf("%d of %d answers have a number", numbers, answers)
				}
			})
		})
	}
}

// TestQuickQueriesDoNotHideSlowOnes of their namespace: together these would have all places.
func TestQuickQueriesDoNotHideSlowOnes(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.takes = func(q question) time.Duration {
			if strings.HasPrefix(q.promQL, "slow") {
				return time.Hour
			}
			return 10 * time.Millisecond
		}
		for i := range 1000 {
			namespace, kind := fmt.Sprintf("mixed-%d", i%10), map[bool]string{true: "slow", false: "quick"}[i%20 < 10]
			h.Read(key(namespace, fmt.Sprint(i)), promQL(namespace, fmt.Sprint(kind, i)), 0)
		}
		after(15 * time.Minute)
		h.Read(key("dev", "shop"), promQL("dev", "shop"), 0)
		for range 300 {
			after(time.Second / 7)
			if got := h.turns(); got.slow > ofSlow || got.taken-got.slow > 1 {
				t.Fatalf("%d slow ones, %d others", got.slow, got.taken-got.slow)
			}
		}
	})
}

// TestWhoLeavesKeepsItsPlaces until their answers are there, also when it comes back.
func TestWhoLeavesKeepsItsPlaces(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.takes = func(question) time.Duration { return 9 * time.Second }
		for i := range 200 {
			h.Read(key("dev", "shop"), promQL("dev", fmt.Sprint(i)), 0)
			after(time.Second)
			turns := h.turns()
			if got := turns.byName["dev"]; got.taken != turns.taken || got.isSlow() && turns.slow != turns.taken {
				t.Fatalf("it has %d of the %d places that are taken, %d of them slow", got.taken, turns.taken, turns.slow)
			}
		}
		h.Forget(key("dev", "shop"))
		after(2 * period)
		if turns := h.turns(); len(turns.byName) > 0 || turns.taken != 0 || turns.slow != 0 {
			t.Errorf("something is kept: %+v", turns)
		}
	})
}

// TestOneNamespaceAloneHasItsNumbers: it may have a thousand, where nobody else needs the places.
func TestOneNamespaceAloneHasItsNumbers(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.takes = func(question) time.Duration { return 120 * time.Millisecond }
		for i := range 1000 {
			h.Read(key("dev", fmt.Sprint(i)), promQL("dev", fmt.Sprint(i)), 0)
		}
		after(20 * period)
		for i := range 1000 {
			for _, answer := range h.of(key("dev", fmt.Sprint(i)))[10:] {
				if answer.Message != "" {
					t.Fatalf("%d: %+v", i, answer)
				}
			}
		}
	})
}

// TestPlacesAreBounded: no more are asked at a time.
func TestPlacesAreBounded(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.takes = func(question) time.Duration { return 9 * time.Second }
		for i := range 100 {
			namespace := fmt.Sprint(i)
			h.Read(key(namespace, "shop"), promQL(namespace, "shop"), 0)
		}
		for range 100 {
			after(time.Second / 3)
			if got := h.turns(); got.taken > places {
				t.Fatalf("%d at a time", got.taken)
			}
		}
	})
}
