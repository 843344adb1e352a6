// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FieldManager owns what is reported of a release.
const FieldManager = "elasticweb-operator-helm"

// Finalizer is the one with which helm-operator-plugins keeps an object until its release is uninstalled.
const Finalizer = "uninstall-helm-release"

// Client is what helm-operator-plugins' reconciler gets for a client.
type Client struct {
	client.Client
	// Live reads from the API server.
	Live client.Reader
	// HasWork reports whether there is anything to do for Helm, from the caches alone. It is false where there is no such object.
	HasWork func(ctx context.Context, name types.NamespacedName) (bool, error)
	// RunOf is the run that a release's manifest belongs to.
	RunOf func(manifest string) string
}

// Get shows an object only while there is work: otherwise it is not found, and the reconciler has nothing to do.
func (c *Client) Get(ctx context.Context, name client.ObjectKey, object client.Object, options ...client.GetOption) error {
	hasWork, err := c.HasWork(ctx, name)
	if err != nil {
		return err
	}
	if !hasWork {
		kind := object.GetObjectKind().GroupVersionKind()
		return apierrors.NewNotFound(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, name.Name)
	}
	return c.Live.Get(ctx, name, object, options...)
}

// Update changes the finalizers, which is all that the reconciler changes.
func (c *Client) Update(ctx context.Context, object client.Object, _ ...client.UpdateOption) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": object.GetResourceVersion(), "finalizers": object.GetFinalizers(),
	}})
	if err != nil {
		return fmt.Errorf("make the patch of the finalizers: %w", err)
	}
	return c.Client.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager))
}

// Status writes the release's part of the status.
func (c *Client) Status() client.SubResourceWriter {
	return &statusWriter{SubResourceWriter: c.Client.Status(), writer: c.Client, runOf: c.RunOf}
}

type statusWriter struct {
	client.SubResourceWriter
	writer client.Client
	runOf  func(manifest string) string
}

// Update applies the conditions of the release and the release, and leaves the rest of the status to its writers.
func (w *statusWriter) Update(ctx context.Context, object client.Object, _ ...client.SubResourceUpdateOption) error {
	from, isUnstructured := object.(*unstructured.Unstructured)
	if !isUnstructured {
		return fmt.Errorf("report the Helm release: %T is not unstructured", object)
	}
	applied, err := releaseStatus(from, w.runOf)
	if err != nil {
		return err
	}
	err = w.writer.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(applied), client.FieldOwner(FieldManager), client.ForceOwnership)
	if err != nil {
		return err
	}
	// The reconciler goes on with the object, and its next write must not conflict with this one.
	from.SetResourceVersion(applied.GetResourceVersion())
	return nil
}

// releaseStatus is the object with nothing but what is known of its release. Its manifest is not reported: whoever may read the
// object need not be allowed to read what is in a pod.
func releaseStatus(from *unstructured.Unstructured, runOf func(manifest string) string) (*unstructured.Unstructured, error) {
	conditions, err := releaseConditions(from)
	if err != nil {
		return nil, err
	}
	status := map[string]any{"conditions": conditions}
	if deployed, isThere, _ := unstructured.NestedMap(from.Object, "status", "deployedRelease"); isThere {
		status["deployedRelease"] = map[string]any{"name": text(deployed, "name"), "run": runOf(text(deployed, "manifest"))}
	}
	return StatusOf(from, from.GroupVersionKind(), status), nil
}

// StatusOf is an object with nothing but a status, to be applied.
func StatusOf(object metav1.Object, kind schema.GroupVersionKind, status map[string]any) *unstructured.Unstructured {
	applied := &unstructured.Unstructured{Object: map[string]any{"status": status}}
	applied.SetGroupVersionKind(kind)
	applied.SetNamespace(object.GetNamespace())
	applied.SetName(object.GetName())
	applied.SetUID(object.GetUID())
	return applied
}

// releaseConditionTypes are those that helm-operator-plugins sets and that are shown.
var releaseConditionTypes = []string{"Initialized", "Deployed", "ReleaseFailed", "Irreconcilable"}

// releaseConditions are those of the release, with the reason that the schema of conditions demands.
func releaseConditions(from *unstructured.Unstructured) ([]any, error) {
	given, _, err := unstructured.NestedSlice(from.Object, "status", "conditions")
	if err != nil {
		return nil, fmt.Errorf("read the conditions of the Helm release: %w", err)
	}
	conditions := []any{}
	for _, each := range given {
		condition, isMap := each.(map[string]any)
		if !isMap || !slices.Contains(releaseConditionTypes, text(condition, "type")) {
			continue
		}
		reason := text(condition, "reason")
		if reason == "" {
			reason = defaultReason(text(condition, "type"), text(condition, "status"))
		}
		conditions = append(conditions, map[string]any{
			"type": text(condition, "type"), "status": text(condition, "status"),
			"reason": reason, "message": message(condition),
			"lastTransitionTime": text(condition, "lastTransitionTime"), "observedGeneration": from.GetGeneration(),
		})
	}
	return conditions, nil
}

// defaultReason says what a condition without a reason means.
func defaultReason(condition, status string) string {
	switch {
	case status == string(metav1.ConditionUnknown):
		return "Unknown"
	case condition == "Initialized":
		return "Initialized"
	case condition == "Deployed":
		return "NotDeployed"
	default:
		return "AsExpected"
	}
}

// message is that of the condition. That of a release that is deployed would be the chart's notes, which speak to
// those who run helm install.
func message(condition map[string]any) string {
	if text(condition, "type") == "Deployed" && text(condition, "status") == string(metav1.ConditionTrue) {
		return "the Helm release is installed"
	}
	return shorten(text(condition, "message"))
}

// longestMessage bounds what Helm says: it quotes manifests, and a status that is too large is never written.
const longestMessage = 2048

func shorten(message string) string {
	if len(message) <= longestMessage {
		return message
	}
	return strings.ToValidUTF8(message[:longestMessage], "") + "..."
}

func text(object map[string]any, field string) string {
	value, _, _ := unstructured.NestedString(object, field)
	return value
}
