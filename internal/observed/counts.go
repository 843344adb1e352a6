// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"crypto/sha256"
	"encoding/json"
	"sync"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// mostCounts is for how many terms counts are remembered. Nodes may stay as they are for months, and users write new terms as often as they like.
const mostCounts = 10_000

// counts remembers how nodes were counted, by a hash of the terms, which may be long.
type counts struct {
	mu      sync.Mutex
	byTerms map[[sha256.Size]byte]*plan.Nodes
}

// of gives what is remembered for the terms, or counts, which keeps nobody else waiting.
func (c *counts) of(terms NodeTerms, count func(NodeTerms) *plan.Nodes) *plan.Nodes {
	text, _ := json.Marshal(terms) // API types always marshal.
	key := sha256.Sum256(text)
	c.mu.Lock()
	known, isKnown := c.byTerms[key]
	c.mu.Unlock()
	if isKnown {
		return known
	}
	counted := count(terms)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byTerms) >= mostCounts || c.byTerms == nil { // those in use come again.
		c.byTerms = map[[sha256.Size]byte]*plan.Nodes{}
	}
	c.byTerms[key] = counted
	return counted
}
