// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import "slices"

// Worthwhile leaves out of the rates an architecture that was measured at less than half of the best that was measured of all, unless the
// user names it. One with a lower bound is not left out. What is in use stays until it is below 45%, and where the others are held, what
// is not comes in from 55%, and by no lower bound, which leaves nothing out, either: noise at the threshold moves nothing, and neither
// does an operator that reads a result otherwise than the one before.
func Worthwhile(rates, all []Rate, isNamed, isUsed func(architecture string) bool, isHeld bool) []Rate {
	var best int64
	for _, rate := range all {
		mayComeIn := !isHeld || !rate.AtLeast || isUsed(rate.Architecture) || isNamed(rate.Architecture)
		if rate.Measured && mayComeIn {
			best = max(best, rate.QPS)
		}
	}
	return slices.DeleteFunc(slices.Clone(rates), func(rate Rate) bool {
		switch {
		case !rate.Measured || isNamed(rate.Architecture):
			return false
		case isHeld && !isUsed(rate.Architecture):
			return rate.AtLeast || rate.QPS*100 < best*55
		case rate.AtLeast:
			return false
		case isUsed(rate.Architecture):
			return rate.QPS*100 < best*45
		default:
			return rate.QPS*100 < best*50
		}
	})
}
