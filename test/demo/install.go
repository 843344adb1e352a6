// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// install creates what "make deploy" does, but for the manager's Deployment and the Service of its metrics: here, the
// manager is a process.
func (s *stage) install(ctx context.Context) error {
	text, err := s.cluster.Kubectl(ctx, "", "kustomize", filepath.Join(s.root, "config/default"))
	if err != nil {
		return err
	}
	objects, err := manifests.Decode(strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("read the manifests of config/default: %w", err)
	}
	for _, object := range objects {
		if kind := object.GetKind(); kind == "Deployment" || kind == "Service" {
			continue
		}
		if err := s.client.Create(ctx, object, client.FieldOwner("demo")); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return s.awaitServed(ctx)
}

// awaitServed waits until the API server answers for ElasticWebs. kubectl wait would not do: it fails where the CRD has no
// conditions yet.
func (s *stage) awaitServed(ctx context.Context) error {
	for deadline := time.Now().Add(patience); ; {
		err := s.client.List(ctx, &elasticwebv1.ElasticWebList{})
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}
