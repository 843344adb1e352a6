// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodepools runs the operator beside the real Karpenter, whose kwok provider makes simulated nodes that cost something: pools from
// nothing, with limits, unavailable for a while, consolidated. make nodepools runs it.
package nodepools
