// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"context"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

// New makes caches for a manager that ends with ctx, even while they wait for an API server that does
// not answer.
func New(ctx context.Context) cache.NewCacheFunc {
	return func(config *rest.Config, options cache.Options) (cache.Cache, error) {
		inner, err := cache.New(config, options)
		if err != nil {
			return nil, err
		}
		return &endingCache{Cache: inner, stopped: ctx}, nil
	}
}

type endingCache struct {
	cache.Cache
	stopped context.Context // WaitForCacheSync is given another one, which ends later.
}

// WaitForCacheSync reports true when the manager is stopped, too. Until it reports that, the manager's Start
// goes on waiting, busily, and SIGTERM does not end the process.
func (c *endingCache) WaitForCacheSync(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.stopped, cancel)()
	return c.Cache.WaitForCacheSync(ctx) || c.stopped.Err() != nil
}
