// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

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
}

func watchReports(ctx context.Context, c *cluster.Cluster, scheme *runtime.Scheme) (*reports, error) {
	informers, err := cache.New(c.RESTConfig(), cache.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	informer, err := informers.GetInformer(ctx, &elasticwebv1.ElasticWeb{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	r := &reports{reported: map[string]int64{}, counted: map[string]int64{}}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    r.note,
		UpdateFunc: func(_, object any) { r.note(object) },
	})
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	go func() { _ = informers.Start(ctx) }()
	if !informers.WaitForCacheSync(ctx) {
		return nil, ctx.Err()
	}
	return r, nil
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
	if !isWeb || w.Status.ObservedGeneration != w.Generation {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reported[w.Name] = w.Generation
	if r.open == nil || r.open[w.Name] || w.Generation <= r.counted[w.Name] {
		return
	}
	r.open[w.Name] = true
	if r.left--; r.left == 0 {
		close(r.all)
	}
}
