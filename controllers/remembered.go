// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// remembered keeps a value for each object of a kind, as long as the process lives. It is safe for concurrent use, and
// its zero value is empty.
type remembered[T comparable] struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]T
}

// is reports whether the value is the one that was noted last.
func (r *remembered[T]) is(name types.NamespacedName, value T) bool {
	noted, isThere := r.get(name)
	return isThere && noted == value
}

// get is the value that was noted last, if there is one.
func (r *remembered[T]) get(name types.NamespacedName) (value T, isThere bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, isThere = r.byName[name]
	return value, isThere
}

func (r *remembered[T]) note(name types.NamespacedName, value T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName == nil {
		r.byName = map[types.NamespacedName]T{}
	}
	r.byName[name] = value
}

func (r *remembered[T]) forget(name types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byName, name)
}
