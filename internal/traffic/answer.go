// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import "github.com/elasticweb/elasticweb-operator/internal/demand"

// Answer is what a source said.
type Answer struct {
	// Samples in the order of time, the last one of now. The first answer that has a number has those of the window before, too, where
	// the source has a history, and so has one after a gap.
	Samples []demand.Sample
	// Message says what is wrong with the last sample and what helps; "" where it has a number. It is the same for as long as the
	// same is wrong.
	Message string
	// History is that of earlier days; nil where there is none (yet).
	History *History
}
