// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// settled remembers which version of an object was found to have which intent, so that it is compared once,
// and where the API server, or an admission plugin, answers an intent with other values than it was given:
// such an answer is as good as it gets, and writing again would go on for ever.
type settled struct {
	mu    sync.Mutex
	byKey map[objectKey]settledObject
}

type settledObject struct {
	hash, version string
	// answer is the object as the API server made it of the intent, where that differs from the intent.
	answer map[string]any
}

func newSettled() *settled {
	return &settled{byKey: map[objectKey]settledObject{}}
}

func (s *settled) has(wanted *prepared, current client.Object) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry, isThere := s.byKey[wanted.key()]
	return isThere && entry.hash == wanted.hash && entry.version == current.GetResourceVersion()
}

// accepts reports whether live has the intent's fields, or what the API server made of them.
func (s *settled) accepts(wanted *prepared, live map[string]any) bool {
	if holds(live, wanted.compared, "") {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry, isThere := s.byKey[wanted.key()]
	return isThere && entry.hash == wanted.hash && entry.answer != nil && holds(live, entry.answer, "")
}

func (s *settled) note(wanted *prepared, current client.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := s.byKey[wanted.key()]
	if entry.hash != wanted.hash {
		entry.answer = nil
	}
	entry.hash, entry.version = wanted.hash, current.GetResourceVersion()
	s.byKey[wanted.key()] = entry
}

// answered keeps the part of the API server's answer that the intent speaks of, where it is not the intent.
func (s *settled) answered(wanted *prepared, live map[string]any) {
	var answer map[string]any
	if !holds(live, wanted.compared, "") {
		answer, _ = project(live, wanted.compared).(map[string]any)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey[wanted.key()] = settledObject{hash: wanted.hash, answer: answer}
}

// project is the part of live that the intent speaks of; lists are taken as they are.
func project(live, intent any) any {
	wanted, isMap := intent.(map[string]any)
	present, isPresentMap := live.(map[string]any)
	if !isMap || !isPresentMap {
		return live
	}
	result := map[string]any{}
	for key, value := range wanted {
		if child, isThere := present[key]; isThere {
			result[key] = project(child, value)
		}
	}
	return result
}

func (s *settled) forget(key objectKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byKey, key)
}
