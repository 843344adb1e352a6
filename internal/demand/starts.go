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
	took  [starts]time.Duration
	count int
}

// Add takes note of a start.
func (s *Starts) Add(took time.Duration) {
	s.took[s.count%starts] = took
	s.count++
}

// LeadTime is how long nine of ten starts took at most, from 5 s to 15 min.
func (s *Starts) LeadTime() time.Duration {
	known := min(s.count, starts)
	if known == 0 {
		return startLead
	}
	took := slices.Sorted(slices.Values(s.took[:known]))
	return min(max(took[known-1-known*lateOnes/starts], leastLead), GreatestLead)
}
