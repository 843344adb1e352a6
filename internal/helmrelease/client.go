// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// FieldManager owns what is reported of a release.
const FieldManager = "elasticweb-operator-helm"

// Client is what helm-operator-plugins' reconciler gets for a client.
type Client struct {
	client.Client
	// Find reads an object from the API server where there is anything to do for Helm. It is false where there is not, or no such object.
	Find func(ctx context.Context, name types.NamespacedName, object client.Object) (bool, error)
}

// Get shows an object only while there is work: otherwise it is not found, and the reconciler has nothing to do.
func (c *Client) Get(ctx context.Context, name client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	hasWork, err := c.Find(ctx, name, object)
	if hasWork || err != nil {
		return err
	}
	kind := object.GetObjectKind().GroupVersionKind()
	return apierrors.NewNotFound(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, name.Name)
}

// Update writes nothing. The reconciler changes nothing but its finalizer, and there is nothing to uninstall: what was made is
// owned by the object, and goes with it whether or not an operator runs.
func (*Client) Update(context.Context, client.Object, ...client.UpdateOption) error { return nil }

// Status writes the release's part of the status.
func (c *Client) Status() client.SubResourceWriter {
	return &statusWriter{SubResourceWriter: c.Client.Status(), writer: c.Client}
}

type statusWriter struct {
	client.SubResourceWriter
	writer client.Client
}

// Update applies the conditions of the release and the release, and leaves the rest of the status to its writers.
func (w *statusWriter) Update(ctx context.Context, object client.Object, _ ...client.SubResourceUpdateOption) error {
	from, isUnstructured := object.(*unstructured.Unstructured)
	if !isUnstructured {
		return fmt.Errorf("report the Helm release: %T is not unstructured", object)
	}
	applied, err := releaseStatus(from)
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

// releaseStatus is the object with nothing but what is known of its release: its run, which Rendered puts in the place of the manifest.
// A release that failed is not reported.
func releaseStatus(from *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	conditions, err := releaseConditions(from)
	if err != nil {
		return nil, err
	}
	status := map[string]any{"conditions": conditions}
	if deployed, _, _ := unstructured.NestedMap(from.Object, "status", "deployedRelease"); text(deployed, "manifest") != "" {
		status["deployedRelease"] = map[string]any{"name": text(deployed, "name"), "run": text(deployed, "manifest")}
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
			"lastTransitionTime": since(condition, given), "observedGeneration": from.GetGeneration(),
		})
	}
	return conditions, nil
}

// since is when a condition came to be as it is. The reconciler sets Irreconcilable to False and back in each pass: another time at each
// attempt would be a write, and its event another attempt. An object has been so for as long as its release has failed.
func since(condition map[string]any, all []any) string {
	if text(condition, "type") == "Irreconcilable" && text(condition, "status") == string(metav1.ConditionTrue) {
		for _, each := range all {
			other, isMap := each.(map[string]any)
			if isMap && text(other, "type") == "ReleaseFailed" && text(other, "status") == string(metav1.ConditionTrue) {
				return text(other, "lastTransitionTime")
			}
		}
	}
	return text(condition, "lastTransitionTime")
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
	return steady(text(condition, "message"))
}

// longestMessage bounds what Helm says: it quotes manifests, and a status that is too large is never written.
const longestMessage = 2048

// steady is what Helm says, the same at each attempt: it lists what failed in the order in which its requests ended.
func steady(message string) string {
	var lines []string
	for line := range strings.Lines(message) {
		if said := quote.Said(line); said != "" {
			lines = append(lines, said)
		}
	}
	if len(lines) > 1 {
		slices.Sort(lines[1:])
	}
	return quote.Bounded(strings.Join(lines, "\n"), longestMessage)
}

func text(object map[string]any, field string) string {
	value, _, _ := unstructured.NestedString(object, field)
	return value
}
