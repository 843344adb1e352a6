// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package demand

import "time"

// SawWindow reports whether the numbers of a whole stabilization window were seen, without a gap: before that, nothing tells that less
// than before is needed.
func (m *Memory) SawWindow(window time.Duration) bool {
	if !m.isObserved {
		return false
	}
	_, isWhole := m.greatest(window)
	return isWhole
}
