// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/packed"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// WaysIn are the kinds of ways in, by what is read of each.
var WaysIn = map[string]struct {
	Object   client.Object
	Resource schema.GroupVersionResource
}{
	way.KindHTTPRoute: {&way.HTTPRoute{}, way.HTTPRouteVersion.WithResource("httproutes")},
	way.KindRoute:     {&way.Route{}, way.RouteVersion.WithResource("routes")},
	way.KindIngress:   {&networkingv1.Ingress{}, networkingv1.SchemeGroupVersion.WithResource("ingresses")},
}

// mostIngressAddresses is how many of the addresses of an Ingress are kept: one is told.
const mostIngressAddresses = 4

// NewWayIn makes a cache of one of these kinds alone, which can end when the cluster no longer serves it. It asks the API server for the
// kind without asking it first whether there is such a kind: onError is told of each answer that there is none.
func NewWayIn(mgr ctrl.Manager, namespaces []string, kind string, onError toolscache.WatchErrorHandlerWithContext) (cache.Cache, error) {
	of := WaysIn[kind]
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.AddSpecific(of.Resource.GroupVersion().WithKind(kind), of.Resource, of.Resource, meta.RESTScopeNamespace)
	options := cache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mapper,
		ReaderFailOnMissingInformer: true, DefaultWatchErrorHandler: onError,
		ByObject: map[client.Object]cache.ByObject{of.Object: {
			Label:     labels.SelectorFromSet(labels.Set{elasticwebv1.LabelManagedBy: elasticwebv1.ManagedByValue}),
			Transform: transformOfWayIn(kind),
		}},
	}
	if len(namespaces) > 0 {
		options.DefaultNamespaces = map[string]cache.Config{}
	}
	for _, namespace := range namespaces {
		options.DefaultNamespaces[namespace] = cache.Config{}
	}
	made, err := cache.New(mgr.GetConfig(), options)
	if err != nil {
		return nil, fmt.Errorf("make the cache of %s: %w", kind, err)
	}
	return made, nil
}

// transformOfWayIn keeps no more of what others write into a way in than is read. Those of which the operator has no type bound themselves.
func transformOfWayIn(kind string) toolscache.TransformFunc {
	switch kind {
	case way.KindHTTPRoute:
		return projected(ofAnElasticWeb[way.HTTPRoute])
	case way.KindRoute:
		return projected(ofAnElasticWeb[way.Route])
	}
	return packed.Transform(func(ingress *networkingv1.Ingress) *networkingv1.Ingress {
		addresses := ingress.Status.LoadBalancer.Ingress
		ingress.Status.LoadBalancer.Ingress = addresses[:min(len(addresses), mostIngressAddresses)]
		return ofAnElasticWeb(ingress)
	})
}
