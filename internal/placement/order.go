// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"slices"
)

// Rate is what one pod serves on an architecture.
type Rate struct {
	// Architecture as in the node label kubernetes.io/arch.
	Architecture string
	// QPS of one pod, in requests per second.
	QPS int64
	// Measured numbers are noisy: those within 10% of each other are alike. Numbers of the spec are exact.
	Measured bool
}

// Levels are architectures in order of falling performance; those of one level are alike.
type Levels [][]string

// Rank orders architectures by what a pod serves on them. previous, the levels that the live pod template
// was made with, stay as long as they name the same architectures and no number contradicts them by more
// than noise: a new measurement with the same order must restart no pod.
func Rank(rates []Rate, previous Levels) Levels {
	if previous.holds(rates) {
		return previous
	}
	sorted := slices.Clone(rates)
	slices.SortFunc(sorted, func(a, b Rate) int {
		return cmp.Or(cmp.Compare(b.QPS, a.QPS), cmp.Compare(a.Architecture, b.Architecture))
	})
	var levels Levels
	var lowest []Rate // those of the last level.
	for _, rate := range sorted {
		isWorse := func(above Rate) bool { return better(above, rate) }
		if len(levels) == 0 || slices.ContainsFunc(lowest, isWorse) {
			levels, lowest = append(levels, nil), nil
		}
		last := len(levels) - 1
		levels[last], lowest = append(levels[last], rate.Architecture), append(lowest, rate)
	}
	for _, level := range levels {
		slices.Sort(level)
	}
	return levels
}

// Flat is the architectures of all levels, the best first.
func (l Levels) Flat() []string {
	return slices.Concat(l...)
}

// holds reports whether the levels name the architectures of rates, and no others, in an order that the
// numbers do not contradict.
func (l Levels) holds(rates []Rate) bool {
	level := map[string]int{}
	for i, names := range l {
		for _, name := range names {
			level[name] = i
		}
	}
	if len(level) == 0 || len(level) != len(rates) {
		return false
	}
	for _, a := range rates {
		levelOfA, known := level[a.Architecture]
		if !known {
			return false
		}
		for _, b := range rates {
			levelOfB, known := level[b.Architecture]
			if !known || levelOfA <= levelOfB && better(b, a) {
				return false
			}
			if levelOfA < levelOfB && !a.Measured && !b.Measured && a.QPS == b.QPS {
				return false
			}
		}
	}
	return true
}

// better reports whether a serves more than b by more than noise: any difference between numbers of the
// spec, more than 10% where one is measured.
func better(a, b Rate) bool {
	if a.Measured || b.Measured {
		return a.QPS*10 > b.QPS*11
	}
	return a.QPS > b.QPS
}
