// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// settled remembers which version of an object was found to have which intent, so that it is compared once,
// and where the API server, or an admission plugin, answers an intent with other values than it was given:
// such an answer is as good as it gets, and writing again would go on for ever.
type settled struct {
	mu sync.Mutex
	// found has an entry for each object, so that it is small.
	found   map[objectKey]fingerprint
	answers map[objectKey]answer
}

// fingerprint stands for a version of an object and the hash of an intent.
type fingerprint [16]byte

// answer is an object as the API server made it of an intent, where that differs from the intent.
type answer struct {
	hash   string
	fields map[string]any
}

func newSettled() *settled {
	return &settled{found: map[objectKey]fingerprint{}, answers: map[objectKey]answer{}}
}

func fingerprintOf(wanted *prepared, current client.Object) fingerprint {
	sum := sha256.Sum256([]byte(wanted.hash + " " + current.GetResourceVersion()))
	return fingerprint(sum[:len(fingerprint{})])
}

func (s *settled) has(wanted *prepared, current client.Object) bool {
	sum := fingerprintOf(wanted, current)
	s.mu.Lock()
	defer s.mu.Unlock()
	found, isThere := s.found[wanted.key()]
	return isThere && found == sum
}

// accepts reports whether live has the intent's fields, or what the API server made of them.
func (s *settled) accepts(wanted *prepared, current client.Object) bool {
	if wanted.isHeldBy(current) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made, isThere := s.answers[wanted.key()]
	return isThere && made.hash == wanted.hash && holds(reflect.ValueOf(current), reflect.ValueOf(made.fields), comparison{})
}

func (s *settled) note(wanted *prepared, current client.Object) {
	sum := fingerprintOf(wanted, current)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers[wanted.key()].hash != wanted.hash {
		delete(s.answers, wanted.key())
	}
	s.found[wanted.key()] = sum
}

// answered notes the API server's answer as settled, and keeps the part that the intent speaks of, where it is not the
// intent.
func (s *settled) answered(wanted *prepared, object client.Object) error {
	sum := fingerprintOf(wanted, object)
	var fields map[string]any
	if !wanted.isHeldBy(object) {
		live, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return fmt.Errorf("convert %s %s: %w", wanted.kind, wanted.name, err)
		}
		intended, err := wanted.fields()
		if err != nil {
			return err
		}
		fields, _ = project(live, intended).(map[string]any)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found[wanted.key()] = sum
	delete(s.answers, wanted.key())
	if fields != nil {
		s.answers[wanted.key()] = answer{hash: wanted.hash, fields: fields}
	}
	return nil
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
	delete(s.found, key)
	delete(s.answers, key)
}
