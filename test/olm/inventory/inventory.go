// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package inventory lists all that a cluster holds, to see what an installation leaves behind.
package inventory

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// Inventory are the names of all objects of a cluster, as in "services default/kubernetes".
type Inventory map[string]bool

// passing are kinds whose objects end by themselves, or belong to the cluster.
var passing = []string{"events", "nodes", "componentstatuses", "endpoints"}

// ofEveryNamespace are names of what a namespace gets a moment after it was made.
var ofEveryNamespace = []string{"default", "kube-root-ca.crt"}

// Take lists what there is now, but for what comes and goes by itself.
func Take(ctx context.Context, config *rest.Config) (Inventory, error) {
	discoverer, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	lister, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	lists, err := discoverer.ServerPreferredResources()
	if err != nil {
		return nil, fmt.Errorf("discover the kinds of the cluster: %w", err)
	}
	found := Inventory{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range list.APIResources {
			if !slices.Contains(resource.Verbs, "list") || slices.Contains(passing, resource.Name) {
				continue
			}
			if err := found.add(ctx, lister, version.WithResource(resource.Name)); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

func (i Inventory) add(ctx context.Context, lister metadata.Interface, kind schema.GroupVersionResource) error {
	objects, err := lister.Resource(kind).List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return nil // its CRD was deleted in between
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", kind.Resource, err)
	}
	for _, object := range objects.Items {
		if !slices.Contains(ofEveryNamespace, object.Name) {
			i[kind.Resource+" "+object.Namespace+"/"+object.Name] = true
		}
	}
	return nil
}

// Without lists what is here and not in other, sorted.
func (i Inventory) Without(other Inventory) []string {
	var rest []string
	for name := range i {
		if !other[name] {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return rest
}
