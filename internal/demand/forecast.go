// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"math"
	"slices"
	"time"
)

const (
	// atMost is how many times the greatest of the last window the trend may lead to, and growthAtMost the growth on an earlier day.
	atMost, growthAtMost = 2, 4
	// leastSamples make a trend. Over their periods there is one more, of which one that stands out turns half of the slopes, and so
	// not the median.
	leastSamples = 3
	// rateOver is what a sample is the rate over, as a rule: so much it may be behind.
	rateOver = time.Minute
)

// Forecast is how it looks ahead; the zero value does not. The greatest counts of what is observed, the trend, and the growth on
// earlier days.
type Forecast struct {
	// TrendOver is the time that the trend is made of, no less than leastSamples periods; 0 is no trend.
	TrendOver time.Duration
	// TrendRank says which of the slopes between each two samples counts: 0.5 is their median, less is more cautious.
	TrendRank float64
	// TrendAhead is how far the slope is carried on. Beyond that, where noise would grow with it, it is the flattest of the slopes, and none
	// where one falls.
	TrendAhead time.Duration
	// GrowthRank says which of the growths on earlier days counts: 0.5 is their median, 1 the greatest; 0 is none.
	GrowthRank float64
	// TrendNoise and GrowthNoise are the part of what is expected by each that is taken for noise. The headroom is there for it.
	TrendNoise, GrowthNoise float64
}

// Auto is what left the fewest requests unserved for the same pod hours; test/traffic measures it.
var Auto = Forecast{TrendOver: 45 * time.Second, TrendRank: 0.5, TrendAhead: 2 * time.Minute, TrendNoise: 0.1, GrowthRank: 1, GrowthNoise: 0.2}

// Day is what was measured on an earlier day, in requests per second.
type Day struct {
	// Then is the greatest of the stabilization window that ended at the same time of the day; Ahead is the greatest from then until as
	// long after as Settings.Ahead says.
	Then, Ahead float64
}

// Ahead is how far to look: until pods that are asked for with the next sample are ready, from the time that the last one tells of, which may
// be behind by what it is the rate over, and by a period.
func (s Settings) Ahead(lead time.Duration) time.Duration { return lead + 2*s.Period + rateOver }

// expect is the greatest that is expected until pods that are asked for now are ready.
func (m *Memory) expect(s Settings, lead time.Duration, earlier []Day) float64 {
	greatest := m.greatest(s.Stabilization, 0).observed
	trend := min(m.trend(s, s.Ahead(lead))/(1+s.Forecast.TrendNoise), atMost*greatest)
	return max(m.observed, trend, s.Forecast.grown(greatest, earlier))
}

// trend is what the last sample comes to at the end of ahead. The slope is one of those between each two of the last samples, so
// that single ones that stand out do not turn it (Theil and Sen).
func (m *Memory) trend(s Settings, ahead time.Duration) float64 {
	if s.Forecast.TrendOver == 0 {
		return 0
	}
	points := m.recent[:m.recents]
	for m.since.moment().sub(points[0].at) > s.trendOver()+s.Period/2 { // no sample comes on the millisecond.
		points = points[1:]
	}
	if len(points) < leastSamples {
		return 0
	}
	slopes := make([]float64, 0, pairs)
	for i, from := range points {
		for _, to := range points[i+1:] {
			slopes = append(slopes, (float64(to.qps)-float64(from.qps))/to.at.sub(from.at).Seconds())
		}
	}
	near := min(ahead, s.Forecast.TrendAhead)
	return m.observed + ranked(slopes, s.Forecast.TrendRank)*near.Seconds() + max(0, slices.Min(slopes))*(ahead-near).Seconds()
}

func (s Settings) trendOver() time.Duration {
	return max(s.Forecast.TrendOver, leastSamples*s.Period)
}

// grown is what the greatest of a window grows to if it does as on earlier days, noise taken off; 0 where it does not, or that is not known.
// More than twice as much is expected only where there was as much.
func (f Forecast) grown(greatest float64, earlier []Day) float64 {
	var factors []float64
	most := atMost * greatest
	for _, day := range earlier {
		if day.Then > 0 && day.Ahead >= day.Then && day.Ahead <= math.MaxFloat64 {
			factors = append(factors, min(day.Ahead/day.Then, growthAtMost))
			most = max(most, day.Ahead)
		}
	}
	if len(factors) == 0 || f.GrowthRank == 0 {
		return 0
	}
	if grown := greatest * ranked(factors, f.GrowthRank) / (1 + f.GrowthNoise); grown > greatest {
		return min(grown, most)
	}
	return 0
}

// ranked is the value below which the part rank of the others stands.
func ranked(values []float64, rank float64) float64 {
	slices.Sort(values)
	return values[int(rank*float64(len(values)-1))]
}
