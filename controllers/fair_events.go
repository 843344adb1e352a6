// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/lru"
)

const (
	// mostEventsAtOnce are for the objects of a namespace that fail together, and one more comes per second.
	mostEventsAtOnce = 500
	eventsPerSecond  = 1
	// mostEventNamespaces bounds those whose pace is kept in mind.
	mostEventNamespaces = 4096
)

// FairEvents leaves out the events of a namespace that come too fast; conditions tell the same. The recorder of client-go keeps each for up to
// 12 minutes, by the version of its object: who has failures begin and end as fast as the API server takes specs would fill the memory.
func FairEvents(recorder events.EventRecorder) events.EventRecorder {
	return &fairEvents{EventRecorder: recorder, paces: lru.New(mostEventNamespaces)}
}

type fairEvents struct {
	events.EventRecorder

	mu    sync.Mutex
	paces *lru.Cache
}

// Eventf implements events.EventRecorder.
func (f *fairEvents) Eventf(regarding, related runtime.Object, kind, reason, action, note string, args ...any) {
	if object, err := meta.Accessor(regarding); err == nil && !f.pace(object.GetNamespace()).Allow() {
		return
	}
	f.EventRecorder.Eventf(regarding, related, kind, reason, action, note, args...)
}

func (f *fairEvents) pace(namespace string) *rate.Limiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, isKnown := f.paces.Get(namespace); isKnown {
		return known.(*rate.Limiter) //nolint:forcetypeassert // nothing else is added.
	}
	pace := rate.NewLimiter(eventsPerSecond, mostEventsAtOnce)
	f.paces.Add(namespace, pace)
	return pace
}
