// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Rate is what one pod serves on an architecture.
type Rate struct {
	// Architecture as in the node label kubernetes.io/arch.
	Architecture string
	// QPS of one pod, in requests per second.
	QPS int64
	// Measured numbers are noisy: those within 10% of each other are alike. Numbers of the spec are exact.
	Measured bool
	// AtLeast numbers are lower bounds, since something else than the application was the limit: two of them change no order.
	AtLeast bool
}

// Levels are architectures in order of falling performance; those of one level are alike.
type Levels [][]string

// Rank orders architectures by what a pod serves on them. Of previous, the levels that the live pod template was made with, all stays
// that no number contradicts by more than noise: a new measurement with the same order must restart no pod. Those that are alike, and
// those that are new, are told apart by what they count for, even by lower bounds: pods that land anywhere count for no more than the
// lowest.
func Rank(rates []Rate, previous Levels) Levels {
	levels := rank(rates, previous)
	// What is new in an order can contradict the rest of it, which must hold for the rates that it was made from.
	for range rates {
		if reflect.DeepEqual(levels, previous) {
			break
		}
		levels, previous = rank(rates, levels), levels
	}
	return levels
}

func rank(rates []Rate, previous Levels) Levels {
	before := beforeBy(previous)
	left := slices.Clone(rates)
	slices.SortFunc(left, func(a, b Rate) int {
		return cmp.Or(cmp.Compare(b.QPS, a.QPS), cmp.Compare(a.Architecture, b.Architecture))
	})
	var levels Levels
	var last []Rate // those of the last level.
	for len(left) > 0 {
		// Noise can make a circle of the architectures, in which each stands behind another one: then the fastest is the first.
		next := max(0, slices.IndexFunc(left, func(rate Rate) bool {
			return !slices.ContainsFunc(left, func(other Rate) bool { return before(other, rate) })
		}))
		rate := left[next]
		left = slices.Delete(left, next, next+1)
		isTold := func(other Rate) bool { return before(other, rate) || before(rate, other) }
		if len(levels) == 0 || slices.ContainsFunc(last, isTold) {
			levels, last = append(levels, nil), nil
		}
		at := len(levels) - 1
		levels[at], last = append(levels[at], rate.Architecture), append(last, rate)
	}
	for _, level := range levels {
		slices.Sort(level)
	}
	return levels
}

// beforeBy reports whether a stands before b: as in the levels, where these tell the two apart and no number contradicts that, else by
// what they count for.
func beforeBy(levels Levels) func(a, b Rate) bool {
	levelOf := map[string]int{}
	for i, level := range levels {
		for _, name := range level {
			levelOf[name] = i
		}
	}
	return func(a, b Rate) bool {
		levelOfA, isKnownA := levelOf[a.Architecture]
		levelOfB, isKnownB := levelOf[b.Architecture]
		switch isKnown := isKnownA && isKnownB; {
		case isKnown && levelOfA < levelOfB && !contradicts(a, b):
			return true
		case isKnown && levelOfA > levelOfB && !contradicts(b, a):
			return false
		default:
			return ahead(a, b)
		}
	}
}

// Flat is the architectures of all levels, the best first.
func (l Levels) Flat() []string {
	return slices.Concat(l...)
}

// Of is the levels without the architectures that are not wanted, and without the levels that are empty then.
func (l Levels) Of(isWanted func(architecture string) bool) Levels {
	var left Levels
	for _, level := range l {
		if names := slices.DeleteFunc(slices.Clone(level), func(name string) bool { return !isWanted(name) }); len(names) > 0 {
			left = append(left, names)
		}
	}
	return left
}

// contradicts reports whether the numbers say that a does not stand before b.
func contradicts(a, b Rate) bool {
	return better(b, a) || !a.Measured && !b.Measured && a.QPS == b.QPS
}

// ahead reports whether a counts for more than b by more than noise: any difference between numbers of the spec, see IsNoise where
// one is measured.
func ahead(a, b Rate) bool {
	isMeasured := a.Measured || b.Measured
	return a.QPS > b.QPS && (!isMeasured || !IsNoise(a.QPS, b.QPS))
}

// better reports whether a certainly serves more than b does, as far as b is known. Two lower bounds say nothing of each other.
func better(a, b Rate) bool { return ahead(a, b) && (!a.AtLeast || !b.AtLeast) }

// IsNoise reports whether two measurements differ by 10% of the smaller one at most: such a difference says nothing.
func IsNoise(a, b int64) bool {
	return max(a, b)*10 <= min(a, b)*11
}

// maxRead bounds what is read in every way: there are as many architectures that an ElasticWeb can list, and whoever may edit
// Deployments may write any number of terms. Of more the likeliest reading has to do.
const maxRead = 9

// Readings are the orders of allowed architectures that a template with these pods may have been made with, the likeliest first. The
// terms that prefer one architecture are in the order of the levels, so that these end somewhere between them: weights that the user gave
// do not tell where. What else is in use comes last: a required term names it, unless the user's own is enough, or a toleration, unless
// the user has one.
func Readings(pods corev1.PodSpec, allowed []string) []Levels {
	if pods.Affinity == nil || pods.Affinity.NodeAffinity == nil {
		return nil
	}
	isNotAllowed := func(name string) bool { return !slices.Contains(allowed, name) }
	inUse := slices.DeleteFunc(required(pods.Affinity), isNotAllowed)
	readings := readingsOf(pods.Affinity.NodeAffinity, inUse)
	if others := slices.DeleteFunc(tolerated(pods.Tolerations), isNotAllowed); !slices.Equal(others, inUse) {
		readings = append(readings, readingsOf(pods.Affinity.NodeAffinity, others)...)
	}
	return readings
}

// readingsOf reads the order of what is in use.
func readingsOf(affinity *corev1.NodeAffinity, inUse []string) []Levels {
	names, weights := preferred(affinity, inUse)
	others := slices.DeleteFunc(slices.Clone(inUse), func(name string) bool { return slices.Contains(names, name) })
	ends, likeliest := max(len(names)-1, 0), uint64(0) // ends are the places where a level may end.
	for i := range ends {
		if weights[i] != weights[i+1] {
			likeliest |= 1 << i
		}
	}
	tried := uint64(1)
	if len(inUse) <= maxRead {
		tried <<= ends
	}
	var readings []Levels
	for reading := range tried {
		levels := cut(names, likeliest^reading)
		if len(others) > 0 {
			levels = append(levels, others)
		}
		readings = append(readings, levels)
	}
	return readings
}

// cut ends a level behind each name whose bit is set.
func cut(names []string, ends uint64) Levels {
	var levels Levels
	for i, name := range names {
		if i == 0 || ends>>(i-1)&1 == 1 {
			levels = append(levels, nil)
		}
		levels[len(levels)-1] = append(levels[len(levels)-1], name)
	}
	return levels
}

// preferred are the architectures in use that terms prefer by themselves, each once, and the weights of these terms.
func preferred(affinity *corev1.NodeAffinity, inUse []string) (names []string, weights []int32) {
	for _, term := range affinity.PreferredDuringSchedulingIgnoredDuringExecution {
		for _, r := range term.Preference.MatchExpressions {
			if r.Key == corev1.LabelArchStable && len(r.Values) == 1 && slices.Contains(inUse, r.Values[0]) && !slices.Contains(names, r.Values[0]) {
				names, weights = append(names, r.Values[0]), append(weights, term.Weight)
			}
		}
	}
	return names, weights
}

// required are the architectures that the terms allow, sorted. The operator's requirement is the last one of a term.
func required(affinity *corev1.Affinity) []string {
	var names []string
	for _, term := range requiredTerms(affinity) {
		for _, r := range slices.Backward(term.MatchExpressions) {
			if r.Key == corev1.LabelArchStable && r.Operator == corev1.NodeSelectorOpIn {
				names = append(names, r.Values...)
				break
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// tolerated are the architectures for whose taint there is a toleration, sorted.
func tolerated(tolerations []corev1.Toleration) []string {
	var names []string
	for _, toleration := range tolerations {
		if toleration.Key == corev1.LabelArchStable && toleration.Value != "" {
			names = append(names, toleration.Value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Differ reports whether some of the rates differ by more than noise.
func Differ(rates []Rate) bool {
	for _, a := range rates {
		for _, b := range rates {
			if better(a, b) {
				return true
			}
		}
	}
	return false
}
