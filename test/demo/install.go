// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// install creates what "make deploy" does, but for the manager's Deployment and the Service of its metrics: here, the
// manager is a process.
func (s *stage) install(ctx context.Context) error {
	manifests, err := s.kubectl(ctx, "", "kustomize", "config/default")
	if err != nil {
		return err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewBufferString(manifests), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the manifests of config/default: %w", err)
		}
		if kind := object.GetKind(); kind == "" || kind == "Deployment" || kind == "Service" {
			continue
		}
		if err := s.client.Create(ctx, object, client.FieldOwner("demo")); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	_, err = s.kubectl(ctx, "", "wait", "--for=condition=Established", "--timeout=30s", "crd/elasticwebs.elasticweb.example.com")
	return err
}
