// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
		for i := range 20 {
			h.Read(key("slow", fmt.Sprint(i)), promQL("slow", fmt.Sprint(i)), 0)
		}
		after(20 * period)
		for i := range 20 {
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
		if busy := h.outlet(question{}).turns.taken; busy > ofSlowOne {
			t.Errorf("%d at a time", busy)
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
			if got := h.outlet(question{}).turns; got.taken > places {
				t.Fatalf("%d at a time", got.taken)
			}
		}
	})
}
