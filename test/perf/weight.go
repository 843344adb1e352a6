// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
)

// weigh gives the bytes of heap that the objects take which an operator keeps, as it cuts them down, and nothing else: no
// cache, no index.
func (s *scene) weigh(ctx context.Context) (float64, error) {
	objects, err := s.trimmed(ctx)
	if err != nil {
		return 0, err
	}
	with := liveHeap()
	runtime.KeepAlive(objects)
	return with - liveHeap(), nil
}

// trimmed reads everything that is there through a cache like the operator's, and lets go of the cache.
func (s *scene) trimmed(ctx context.Context) (*kept, error) {
	options := caches.Options(nil)
	options.Scheme = s.api.Scheme()
	informers, err := cache.New(s.cluster.RESTConfig(), options)
	if err != nil {
		return nil, fmt.Errorf("weigh: %w", err)
	}
	objects := &kept{}
	var handlers []toolscache.InformerSynced
	for _, kind := range []client.Object{
		&elasticwebv1.ElasticWeb{}, &appsv1.Deployment{}, &corev1.Service{}, &policyv1.PodDisruptionBudget{}, &corev1.Pod{}, caches.ReplicaSet(), &corev1.Node{},
	} {
		informer, err := informers.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("weigh: %w", err)
		}
		handler, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: objects.add})
		if err != nil {
			return nil, fmt.Errorf("weigh: %w", err)
		}
		handlers = append(handlers, handler.HasSynced)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = informers.Start(ctx)
	}()
	defer func() { cancel(); <-done }()
	if !toolscache.WaitForCacheSync(ctx.Done(), handlers...) {
		return nil, ctx.Err()
	}
	return objects, nil
}

// kept holds objects as informers store them.
type kept struct {
	mu      sync.Mutex
	objects []any
}

func (k *kept) add(object any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.objects = append(k.objects, object)
}

// collections are as many as it takes until what finalizers and pools held is gone, too.
const collections = 3

// liveHeap is what is left after the garbage was collected.
func liveHeap() float64 {
	var stats runtime.MemStats
	for range collections {
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}
