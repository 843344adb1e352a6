// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// bounds prints what could be reached: without looking ahead at all, and by one who knows the future for as long as pods take, and decides by
// the same rules. And which part of the requests that the HPA left unserved each forecast saw coming.
func bounds(t *testing.T, out io.Writer, traces []trace) {
	fmt.Fprintln(out, "| trace | pods | no forecast: unserved | pod hours | who knows: unserved | pod hours | of the clairvoyant's | seen: trend | days | neither |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, recording := range traces {
		on := arrivals(recording)
		decided := recordHPA(t, on, targets[0])
		for _, s := range sets {
			for _, s.start = range startTimes {
				hpa := replay(on, s, &numbers{decided}, nil)
				fmt.Fprintf(out, "| %s | %v |", on.name, s)
				besides(out, byHeadroom(on, s, demand.Forecast{}, headroomStep), hpa)
				known := knowing(on, s)
				besides(out, known, hpa)
				seen, all := foreseen(on, s, decided), total(hpa).unserved
				fmt.Fprintf(out, " %.2f | %.2f | %.2f | %.2f |\n", total(known[0]).podHours/total(newClairvoyant(on, s)).podHours,
					seen.byTrend/all, seen.byDays/all, 1-seen.byEither/all)
			}
		}
	}
}

// besides are the unserved requests with no more pod hours, and the pod hours with no more unserved, as parts of the HPA's.
func besides(out io.Writer, found [][]figures, hpa []figures) {
	all := total(hpa)
	fmt.Fprintf(out, " %.2f | %.2f |", acrossFolds(found, hpa, mostHours).unserved/all.unserved, acrossFolds(found, hpa, fewestUnserved).podHours/all.podHours)
}

// knowing is the operator with the growth that will be in the place of those of earlier days.
func knowing(on traffic, s setting) [][]figures {
	found := make([][]figures, greatestHeadroom/headroomStep+1)
	inParallel(len(found), func(i int) {
		o := newOperator(int32(i*headroomStep), demand.Forecast{GrowthRank: 1}, s)
		o.future = func(from, to time.Duration) (greatest float64) {
			for at := from; at <= to; at += period {
				greatest = max(greatest, on.observed(min(int(at/step), len(on.requests))))
			}
			return greatest
		}
		found[i] = replay(on, s, o, nil)
	})
	return found
}

// sight is how many of the requests that were left unserved a forecast saw coming.
type sight struct{ byTrend, byDays, byEither float64 }

// foreseen looks at what each forecast expected when pods had to be asked for, and adds what the HPA at 70% has in reserve.
func foreseen(on traffic, s setting, decided []int) (seen sight) {
	trend, days := demand.Auto, demand.Auto
	trend.GrowthRank, days.TrendOver = 0, 0
	byTrend, byDays := expected(on, s, trend), expected(on, s, days)
	replay(on, s, &numbers{decided}, func(since time.Duration, requests float64, c *cluster) {
		unserved := requests - c.serves()*step.Seconds()
		asked := int((since-s.start)/period) - 1
		if since < settling || unserved <= 0 {
			return
		}
		enough := requests / step.Seconds() * float64(targets[0]) / 100
		isByTrend, isByDays := byTrend[asked] >= enough, byDays[asked] >= enough
		if isByTrend {
			seen.byTrend += unserved
		}
		if isByDays {
			seen.byDays += unserved
		}
		if isByTrend || isByDays {
			seen.byEither += unserved
		}
	})
	return seen
}

// expected is what is expected at each decision.
func expected(on traffic, s setting, forecast demand.Forecast) (all []float64) {
	o := newOperator(0, forecast, s)
	replay(on, s, o, func(since time.Duration, _ float64, _ *cluster) {
		if since > 0 && since%period == 0 {
			all = append(all, float64(o.expected))
		}
	})
	return all
}
