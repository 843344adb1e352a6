// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// candidates are the forecasts that are compared: none, that of the product, and those that differ from it in one thing.
func candidates() []demand.Forecast {
	all := []demand.Forecast{{}, demand.Auto}
	but := func(change func(*demand.Forecast)) {
		differs := demand.Auto
		change(&differs)
		all = append(all, differs)
	}
	but(func(f *demand.Forecast) { f.TrendOver = 0 })
	but(func(f *demand.Forecast) { f.GrowthRank = 0 })
	for _, over := range []time.Duration{time.Minute, 2 * time.Minute} {
		but(func(f *demand.Forecast) { f.TrendOver = over })
	}
	but(func(f *demand.Forecast) { f.TrendRank = 0.25 })
	for _, ahead := range []time.Duration{0, time.Minute, 3 * time.Minute} {
		but(func(f *demand.Forecast) { f.TrendAhead = ahead })
	}
	for _, noise := range []float64{0, 0.05, 0.15} {
		but(func(f *demand.Forecast) { f.TrendNoise = noise })
	}
	but(func(f *demand.Forecast) { f.GrowthRank = 0.5 })
	for _, noise := range []float64{0.1, 0.3} {
		but(func(f *demand.Forecast) { f.GrowthNoise = noise })
	}
	return all
}

// hours are the pod hours, in those of the clairvoyant, at which forecasts are compared.
var hours = []float64{1.2, 1.3, 1.45}

// losses of a candidate are the logarithms of its unserved requests in each fold, a day of a trace in a
// setting.
type losses [][]float64

// tune leaves one day out after the other, takes what did best on the others, and tells how it did on that day. It prints the mean
// factor of unserved requests for the same pod hours, against no forecast, over traces, starts and hours.
func tune(out io.Writer, traces []trace) {
	all := candidates()
	found := make([]losses, len(all))
	days := 0
	for _, recording := range traces {
		on := arrivals(recording)
		for _, start := range startTimes {
			s := setting{start: start}
			best := newClairvoyant(on, s)
			for i, forecast := range all {
				found[i] = append(found[i], lossesOf(byHeadroom(on, s, forecast, 15), best)...)
			}
			days += len(best)
		}
	}
	for i, forecast := range all {
		fmt.Fprintf(out, "%.3f %+v\n", factor(found[i], found[0], func(int) bool { return true }), forecast)
	}
	chosen, sum := map[int]int{}, 0.0
	for left := range days {
		best := 0
		for i := range all {
			others := func(fold int) bool { return fold != left }
			if factor(found[i], found[0], others) < factor(found[best], found[0], others) {
				best = i
			}
		}
		chosen[best]++
		sum += math.Log(factor(found[best], found[0], func(fold int) bool { return fold == left }))
	}
	for i, times := range chosen {
		fmt.Fprintf(out, "chosen %d times of %d: %+v\n", times, days, all[i])
	}
	fmt.Fprintf(out, "%.3f on the days left out\n", math.Exp(sum/float64(days)))
}

// lossesOf are a row for each day, with a column for each of the hours.
func lossesOf(found [][]figures, best []figures) losses {
	rows := make(losses, len(best))
	for day := range rows {
		for _, at := range hours {
			rows[day] = append(rows[day], lossAt(found, day, at*best[day].podHours))
		}
	}
	return rows
}

// lossAt is the logarithm of the share of unserved requests at the given pod hours, between those of two headrooms.
func lossAt(found [][]figures, day int, podHours float64) float64 {
	loss := func(i int) float64 {
		// One in a million more: what is next to nothing should count as that.
		return math.Log(found[i][day].unserved/found[i][day].requests + 1e-6)
	}
	i := 1
	for i < len(found)-1 && found[i][day].podHours < podHours {
		i++
	}
	from, to := found[i-1][day].podHours, found[i][day].podHours
	part := (podHours - from) / (to - from)
	return loss(i-1) + part*(loss(i)-loss(i-1))
}

// factor is the mean factor between the losses in the folds that count.
func factor(of, against losses, counts func(fold int) bool) float64 {
	sum, count := 0.0, 0
	for fold := range of {
		if !counts(fold) {
			continue
		}
		for i := range of[fold] {
			sum += of[fold][i] - against[fold][i]
			count++
		}
	}
	return math.Exp(sum / float64(count))
}
