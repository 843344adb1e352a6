// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package attack

import (
	"math"
	"time"
)

// The histogram's buckets grow by one percent, from a microsecond to beyond a minute: a step of millions of requests
// takes as little memory as one of ten.
const (
	bucketGrowth = 1.01
	buckets      = 1900
)

// histogram counts durations. The zero value is empty.
type histogram struct {
	counts [buckets]uint64
	count  uint64
}

func (h *histogram) add(d time.Duration) {
	bucket := 0
	if d > time.Microsecond {
		bucket = int(math.Log(float64(d)/float64(time.Microsecond)) / math.Log(bucketGrowth))
	}
	h.counts[min(bucket, buckets-1)]++
	h.count++
}

// quantile is the duration, exact to a percent, that a share q of the durations stays within; 0 without any.
func (h *histogram) quantile(q float64) time.Duration {
	rank, seen := uint64(math.Ceil(q*float64(h.count))), uint64(0)
	for bucket, count := range h.counts {
		if seen += count; count > 0 && seen >= rank {
			return time.Duration(math.Pow(bucketGrowth, float64(bucket)+0.5) * float64(time.Microsecond))
		}
	}
	return 0
}
