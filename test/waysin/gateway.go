// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package waysin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// gatewayPause is how often the gateway looks for what it has not accepted yet.
const gatewayPause = 50 * time.Millisecond

// InstallHTTPRoutes makes the kind HTTPRoute, and returns when it is served.
func InstallHTTPRoutes(ctx context.Context, c client.Client) error {
	crd, err := HTTPRoutes(ctx)
	if err != nil {
		return err
	}
	if err := c.Create(ctx, crd); err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, gatewayPause, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := c.List(ctx, httpRoutes())
		if err != nil && !meta.IsNoMatchError(err) {
			return false, nil //nolint:nilerr // it is not served yet.
		}
		return err == nil, nil
	})
}

// StartGateway says of each version of an HTTPRoute that it is served, as the controller of its Gateway does, until stop.
func StartGateway(c client.Client) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			list := httpRoutes()
			if c.List(ctx, list) == nil {
				for i := range list.Items {
					_ = accept(ctx, c, &list.Items[i]) // tried again.
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(gatewayPause):
			}
		}
	}()
	return func() { cancel(); <-done }
}

func httpRoutes() *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(way.HTTPRouteVersion.WithKind(way.KindHTTPRoute + "List"))
	return list
}

// accept writes what a gateway says, unless it has said it of this version.
func accept(ctx context.Context, c client.Client, route *unstructured.Unstructured) error {
	said, _, _ := unstructured.NestedSlice(route.Object, "status", "parents")
	asked, _, _ := unstructured.NestedSlice(route.Object, "spec", "parentRefs")
	if len(said) > 0 && fmt.Sprint(said[0].(map[string]any)["conditions"].([]any)[0].(map[string]any)["observedGeneration"]) == fmt.Sprint(route.GetGeneration()) {
		return nil
	}
	var parents []any
	for _, parent := range asked {
		var conditions []any
		for _, kind := range []string{"Accepted", "ResolvedRefs"} {
			conditions = append(conditions, map[string]any{"type": kind, "status": "True", "reason": kind, "message": "nobody leads requests to it: it is accepted for a test",
				"observedGeneration": route.GetGeneration(), "lastTransitionTime": metav1.Now().UTC().Format(time.RFC3339)})
		}
		parents = append(parents, map[string]any{"parentRef": parent, "controllerName": "example.com/gateway", "conditions": conditions})
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"parents": parents}})
	if err != nil {
		return err
	}
	return c.Status().Patch(ctx, route, client.RawPatch(types.MergePatchType, patch), client.FieldOwner("gateway"))
}
