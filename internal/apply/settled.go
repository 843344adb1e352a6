// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// settled remembers which version of each object was found to be as good as it gets, so that it is compared once, and where the API
// server, or an admission plugin, answers an intent with other values than it was given: writing again would go on for ever.
type settled struct {
	mu    sync.Mutex
	byKey map[objectKey]settlement
}

// settlement is of an object. The version says which intent it has, since the hash of that is in it.
type settlement struct {
	version string
	// answer is how the API server's answer differs from the intent, as prepared.unlike has it.
	answer string
}

func newSettled() *settled { return &settled{byKey: map[objectKey]settlement{}} }

func (s *settled) of(key objectKey) settlement {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byKey[key]
}

func (s *settled) note(key objectKey, object client.Object, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey[key] = settlement{object.GetResourceVersion(), answer}
}

func (s *settled) forget(key objectKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byKey, key)
}
