// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"slices"
	"time"
)

const (
	leastLead = 5 * time.Second
	// GreatestLead is the longest lead time that is looked ahead for.
	GreatestLead = 15 * time.Minute
	// startLead is counted with until a pod was seen to start.
	startLead = time.Minute
	// starts are how many of them count, and lateOnes how many of these may take longer than the lead time: a tenth.
	starts, lateOnes = 20, 2
)

// Starts is how long the last pods took from their creation until they were ready. Its zero value is none.
type Starts struct {
	// took in milliseconds.
	took  [starts]int32
	count int32
}

// Add takes note of a start.
func (s *Starts) Add(took time.Duration) {
	s.took[s.count%starts] = int32(min(max(took, 0), GreatestLead).Milliseconds())
	if s.count++; s.count == 2*starts { // it is full, and does not overflow.
		s.count = starts
	}
}

// LeadTime is how long nine of ten starts took at most, from 5 s to 15 min.
func (s *Starts) LeadTime() time.Duration {
	known := min(int(s.count), starts)
	if known == 0 {
		return startLead
	}
	took := slices.Sorted(slices.Values(s.took[:known]))
	return max(time.Duration(took[known-1-known*lateOnes/starts])*time.Millisecond, leastLead)
}
