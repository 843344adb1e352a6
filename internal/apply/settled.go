// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import "sync"

// settled remembers where the API server, or an admission plugin, answered an intent with other values than it was given: how its answer
// differs, as prepared.unlike has it. Writing again would go on for ever.
type settled struct {
	mu    sync.Mutex
	byKey map[objectKey]string
}

func newSettled() *settled { return &settled{byKey: map[objectKey]string{}} }

// answerTo is "" where the answer was as it was asked for.
func (s *settled) answerTo(key objectKey) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byKey[key]
}

func (s *settled) note(key objectKey, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer == "" {
		delete(s.byKey, key) // as of nearly all of them.
		return
	}
	s.byKey[key] = answer
}
