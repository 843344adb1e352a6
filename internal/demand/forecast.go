// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"math"
	"slices"
	"time"
)

const (
	// atMost is how many times the greatest of the last window may be expected.
	atMost = 2
	// leastSamples make a trend. Over their periods there is one more, of which one that stands out turns half of the slopes, and so
	// not the median.
	leastSamples = 3
)

// Forecast is how it looks ahead; the zero value does not. The greatest counts of what is observed, the trend, and the growth on
// earlier days.
type Forecast struct {
	// TrendOver is the time that the trend is made of, no less than leastSamples periods; 0 is no trend.
	TrendOver time.Duration
	// TrendRank says which of the slopes between each two samples counts: 0.5 is their median, less is more cautious.
	TrendRank float64
	// GrowthRank says which of the growths on earlier days counts: 0.5 is their median, 1 the greatest; 0 is none.
	GrowthRank float64
	// GrowthNoise is the part of a growth that is taken for noise.
	GrowthNoise float64
}

// Auto is what left the fewest requests unserved for the same pod hours; test/traffic measures it.
var Auto = Forecast{TrendOver: 45 * time.Second, TrendRank: 0.5, GrowthRank: 1, GrowthNoise: 0.1}

// Day is what was measured on an earlier day, in requests per second.
type Day struct {
	// Then is the greatest of the stabilization window that ended at the same time of the day; Ahead is the greatest from then until as
	// long after as pods take to be ready, and one period.
	Then, Ahead float64
}

// expect is the greatest that is expected until pods that are asked for now are ready.
func (m *Memory) expect(s Settings, lead time.Duration, earlier []Day) float64 {
	greatest, _ := m.greatest(s.Stabilization)
	ahead := m.trend(s, lead+s.Period)
	if factor := s.Forecast.growth(earlier); factor > 1 {
		ahead = max(ahead, greatest.observed*factor)
	}
	return max(m.observed, min(ahead, atMost*greatest.observed))
}

// trend is what a line through the last samples comes to at the end of ahead. Its slope is one of those between each two of them, so
// that single samples that stand out do not turn it (Theil and Sen).
func (m *Memory) trend(s Settings, ahead time.Duration) float64 {
	if s.Forecast.TrendOver == 0 {
		return 0
	}
	points := m.recent[:m.recents]
	for m.since.sub(points[0].at) > s.trendOver() {
		points = points[1:]
	}
	if len(points) < leastSamples {
		return 0
	}
	slopes := make([]float64, 0, pairs)
	for i, from := range points {
		for _, to := range points[i+1:] {
			slopes = append(slopes, (to.qps-from.qps)/to.at.sub(from.at).Seconds())
		}
	}
	slope := ranked(slopes, s.Forecast.TrendRank)
	levels := make([]float64, 0, kept)
	for _, p := range points {
		levels = append(levels, p.qps+slope*m.since.sub(p.at).Seconds())
	}
	return ranked(levels, 0.5) + slope*ahead.Seconds()
}

func (s Settings) trendOver() time.Duration {
	return max(s.Forecast.TrendOver, leastSamples*s.Period)
}

// growth is by which factor the demand grew on earlier days, noise taken off; 0 where that is not known.
func (f Forecast) growth(earlier []Day) float64 {
	var factors []float64
	for _, day := range earlier {
		if day.Then > 0 && day.Ahead >= day.Then && day.Ahead <= math.MaxFloat64 {
			factors = append(factors, min(day.Ahead/day.Then, 2*atMost))
		}
	}
	if len(factors) == 0 || f.GrowthRank == 0 {
		return 0
	}
	return ranked(factors, f.GrowthRank) / (1 + f.GrowthNoise)
}

// ranked is the value below which the part rank of the others stands.
func ranked(values []float64, rank float64) float64 {
	slices.Sort(values)
	return values[int(rank*float64(len(values)-1))]
}
