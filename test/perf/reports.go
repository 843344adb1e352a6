// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// reports counts the ElasticWebs whose status speaks of a newer generation than at the last count.
type reports struct {
	mu       sync.Mutex
	reported map[string]int64
	counted  map[string]int64
	open     map[string]bool
	left     int
	all      chan struct{}
	updates  int
}

// watch begins to count what the operator reports, and to time what it writes.
func watch(ctx context.Context, c *cluster.Cluster, scheme *runtime.Scheme) (*reports, *deploymentWrites, error) {
	informers, err := cache.New(c.RESTConfig(), cache.Options{Scheme: scheme})
	if err != nil {
		return nil, nil, fmt.Errorf("watch: %w", err)
	}
	r := &reports{reported: map[string]int64{}, counted: map[string]int64{}}
	w := &deploymentWrites{generations: map[string]int64{}, sent: map[string]time.Time{}}
	for object, note := range map[client.Object]func(any){&elasticwebv1.ElasticWeb{}: r.note, &appsv1.Deployment{}: w.note} {
		informer, err := informers.GetInformer(ctx, object, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, nil, fmt.Errorf("watch: %w", err)
		}
		_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc:    note,
			UpdateFunc: func(_, object any) { note(object) },
		})
		if err != nil {
			return nil, nil, fmt.Errorf("watch: %w", err)
		}
	}
	go func() { _ = informers.Start(ctx) }()
	if !informers.WaitForCacheSync(ctx) {
		return nil, nil, ctx.Err()
	}
	return r, w, nil
}

// changes is how often ElasticWebs changed in any way. While nobody else changes them, these are the
// operator's writes of their status.
func (r *reports) changes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.updates
}

// next begins a new count, and gives what is closed when n ElasticWebs have been reported.
func (r *reports) next(n int) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left, r.all, r.open = n, make(chan struct{}), map[string]bool{}
	for name, generation := range r.reported {
		r.counted[name] = generation
	}
	return r.all
}

func (r *reports) note(object any) {
	w, isWeb := object.(*elasticwebv1.ElasticWeb)
	if !isWeb {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.updates++
	if w.Status.ObservedGeneration != w.Generation {
		return
	}
	r.reported[w.Name] = w.Generation
	if r.open == nil || r.open[w.Name] || w.Generation <= r.counted[w.Name] {
		return
	}
	r.open[w.Name] = true
	if r.left--; r.left == 0 {
		close(r.all)
	}
}
