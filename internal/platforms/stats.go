// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import "maps"

// Resolved is the outcome, in Stats, of a look-up that did not fail.
const Resolved = "Resolved"

// OtherRegistries stands, in Stats, for registries that are not counted by
// name: those that never answered, since anybody can make up names, and those
// that did when maxCounted others had.
const OtherRegistries = "other"

const maxCounted = 32

// Count says of which look-ups a number is.
type Count struct {
	// Registry, without the path of the image.
	Registry string
	// Outcome is Resolved, or the Reason of the failure.
	Outcome string
}

// Stats are counters since the start, and gauges of this moment.
type Stats struct {
	// Lookups counts the look-ups made.
	Lookups map[Count]uint64
	// Requests counts the HTTP requests to registries and token services.
	Requests uint64
	// Remembered counts the calls of Lookup that were answered at once.
	Remembered uint64
	// Running look-ups are being made, Queued ones wait for their turn.
	Running, Queued int
	// Images is the number of images whose answers are kept.
	Images int
}

// Stats returns the present values. It is cheap enough for every scrape.
func (r *Resolver) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{
		Lookups:    maps.Clone(r.outcomes),
		Requests:   r.client.requests.Load(),
		Remembered: r.remembered,
		Running:    r.places.used,
		Queued:     len(r.flights) - r.places.used,
		Images:     r.requested.cache.Len(),
	}
}

func (r *Resolver) count(ref reference, err *Error) {
	outcome, registry := Resolved, publicHost(ref.registry())
	if err != nil {
		outcome = string(err.Reason)
	}
	if !r.counted[registry] {
		if hasAnswered := err == nil || err.Reason != ReasonRegistryUnreachable; hasAnswered && len(r.counted) < maxCounted {
			r.counted[registry] = true
		} else {
			registry = OtherRegistries
		}
	}
	r.outcomes[Count{registry, outcome}]++
}
