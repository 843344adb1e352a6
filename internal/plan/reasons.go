// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/elasticweb/elasticweb-operator/internal/capacity"

// Basis is what a number of pods was worked out from.
type Basis int

const (
	// BasisPods: the demand is a number of pods, or nothing.
	BasisPods Basis = iota
	// BasisFirst: no pod has a node yet: what one serves on the architecture that is filled first.
	BasisFirst
	// BasisMoving: it is not known where the pods will be: the last number, within the bounds that the demand sets.
	BasisMoving
	// BasisWaiting: pods wait for a node, so that more of them would wait, too.
	BasisWaiting
	// BasisCounted: where the pods are.
	BasisCounted
	// BasisTried: as many more as would have to land on the faster nodes for the slow ones to go.
	BasisTried
	// BasisKept: as many as have to stay, since it is not sure that the slow ones would go.
	BasisKept
)

// Reasons are what a plan was decided by, as far as the plan itself does not say it.
type Reasons struct {
	Basis Basis
	// Rolls is true where the user changed what shapes the pods since the Deployment was written.
	Rolls bool
	// RecordLost is true where the Deployment has none, or a damaged one.
	RecordLost bool
	// Last is the number of pods that was last asked for.
	Last int64
	// First is what a pod serves on the architecture that is filled first.
	First int64
	// Groups are the pods that have a node and were counted, those that are kept longest first.
	Groups []capacity.Group
}
