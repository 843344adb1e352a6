// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"testing"
	"time"
)

func TestLeadTime(t *testing.T) {
	seconds := func(from, to int) (all []time.Duration) {
		for i := from; i <= to; i++ {
			all = append(all, time.Duration(i)*time.Second)
		}
		return all
	}
	for name, tc := range map[string]struct {
		starts []time.Duration
		want   time.Duration
	}{
		"none yet":               {nil, time.Minute},
		"one":                    {seconds(30, 30), 30 * time.Second},
		"nine of ten":            {seconds(11, 20), 19 * time.Second},
		"eighteen of twenty":     {seconds(11, 30), 28 * time.Second},
		"the last twenty":        {append(seconds(800, 820), seconds(11, 30)...), 28 * time.Second},
		"one slow one":           {append(seconds(600, 600), seconds(11, 29)...), 28 * time.Second},
		"no less than 5 s":       {seconds(1, 3), 5 * time.Second},
		"no more than 15 min":    {seconds(2000, 2003), 15 * time.Minute},
		"a clock that went back": {[]time.Duration{-time.Hour}, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var s Starts
			for _, took := range tc.starts {
				s.Add(took)
			}
			if got := s.LeadTime(); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}
