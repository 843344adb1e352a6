// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"time"

	"golang.org/x/time/rate"
)

// So many status writes of an ElasticWeb may follow one another at once, which is enough for the usual change, and
// one per interval after that: pods that flap, or hundreds that come, are told of once a second.
const (
	statusBurst    = 10
	statusInterval = time.Second
)

// waitForPace is how long a status write has to wait; where it is zero, the write counts as made.
func waitForPace(pace *rate.Limiter, now time.Time) time.Duration {
	turn := pace.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait > 0 {
		turn.CancelAt(now)
	}
	return wait
}
