// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/internal/page"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/whatif"
)

// eventsPause is how long events that were read count as the newest: nobody watches them.
const eventsPause = 3 * time.Second

// mostEventsOf bounds of how many ElasticWebs events are kept.
const mostEventsOf = 64

// readEventsOf are events as they were read.
type readEventsOf struct {
	at     time.Time
	events []screen.Event
	err    error
}

// Look implements page.Cluster.
func (w *watched) Look(ctx context.Context, key types.NamespacedName) (page.Sight, error) {
	v, web, err := w.find(ctx, key)
	if err != nil {
		return page.Sight{}, err
	}
	seen, err := elasticweb.Onlooker{Reader: v}.Look(ctx, web, w.now())
	if err != nil {
		return page.Sight{}, err
	}
	where := w.where(key.Namespace)
	planned, steps := explained(&seen, where)
	sight := page.Sight{
		Web:   screen.Web{Web: seen.Web, Observed: seen.Observed, Plan: planned, Missing: texts(seen.Missing), Where: where, Now: w.now()},
		Steps: steps,
	}
	events, err := w.eventsFor(ctx, key, seen)
	if sight.Events = events; err != nil { // all else is shown.
		sight.Missing = append(sight.Missing, err.Error())
	}
	return sight, nil
}

func (w *watched) find(ctx context.Context, key types.NamespacedName) (*view, *elasticwebv1.ElasticWeb, error) {
	v, err := w.current()
	if err != nil {
		return nil, nil, err
	}
	web := &elasticwebv1.ElasticWeb{}
	return v, web, v.Get(ctx, key, web)
}

// eventsFor reads events, now and then.
func (w *watched) eventsFor(ctx context.Context, key types.NamespacedName, seen elasticweb.Sight) ([]screen.Event, error) {
	w.mu.Lock()
	last, isKnown := w.events[key]
	w.mu.Unlock()
	if isKnown && w.now().Sub(last.at) < eventsPause {
		return last.events, last.err
	}
	read := readEventsOf{at: w.now()}
	if read.events, read.err = readEvents(ctx, w.live, seen); read.err != nil && !apierrors.IsForbidden(read.err) && isKnown {
		read.events = last.events // of a cluster that does not answer the last ones stay.
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.events) >= mostEventsOf {
		clear(w.events)
	}
	w.events[key] = read
	return read.events, read.err
}

// WhatIf implements page.Cluster.
func (w *watched) WhatIf(ctx context.Context, key types.NamespacedName, question page.Question) (whatif.Outcome, error) {
	v, web, err := w.find(ctx, key)
	if err == nil {
		err = readable(web)
	}
	if err != nil {
		return whatif.Outcome{}, err
	}
	after := web.DeepCopy()
	after.Generation++
	after.Spec.TotalQPS, after.Spec.Replicas, after.Spec.Demand = question.TotalQPS, question.Replicas, nil
	if err := complete(after); err != nil {
		return whatif.Outcome{}, err
	}
	looker := elasticweb.Onlooker{Reader: v}
	before, _, err := w.sideOf(ctx, looker, web)
	if err != nil {
		return whatif.Outcome{}, err
	}
	changed, missing, err := w.sideOf(ctx, looker, after)
	if err != nil {
		return whatif.Outcome{}, err
	}
	return compared(before, changed, missing), nil
}
