// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"runtime"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
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
func (s *scene) trimmed(ctx context.Context) ([]client.ObjectList, error) {
	options := controllers.CacheOptions(nil)
	options.Scheme = s.api.Scheme()
	informers, err := cache.New(s.cluster.RESTConfig(), options)
	if err != nil {
		return nil, fmt.Errorf("weigh: %w", err)
	}
	kinds := []struct {
		object client.Object
		list   client.ObjectList
	}{
		{&elasticwebv1.ElasticWeb{}, &elasticwebv1.ElasticWebList{}},
		{&appsv1.Deployment{}, &appsv1.DeploymentList{}},
		{&corev1.Service{}, &corev1.ServiceList{}},
		{&policyv1.PodDisruptionBudget{}, &policyv1.PodDisruptionBudgetList{}},
		{&corev1.Pod{}, &corev1.PodList{}},
		{&corev1.Node{}, &corev1.NodeList{}},
	}
	for _, kind := range kinds {
		if _, err := informers.GetInformer(ctx, kind.object, cache.BlockUntilSynced(false)); err != nil {
			return nil, fmt.Errorf("weigh: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = informers.Start(ctx)
	}()
	defer func() { cancel(); <-done }()
	if !informers.WaitForCacheSync(ctx) {
		return nil, ctx.Err()
	}
	var lists []client.ObjectList
	for _, kind := range kinds {
		if err := informers.List(ctx, kind.list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("weigh: %w", err)
		}
		lists = append(lists, kind.list)
	}
	return lists, nil
}

// liveHeap is what is left after the garbage was collected, finalizers and pools included.
func liveHeap() float64 {
	var stats runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}
