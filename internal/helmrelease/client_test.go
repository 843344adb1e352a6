// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

// reported is an object as helm-operator-plugins wants to write its status.
func reported() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "elasticweb.example.com/v1alpha1", "kind": "ElasticWebBenchmark",
		"metadata": map[string]any{"namespace": "dev", "name": "shop", "uid": "u", "generation": int64(3), "resourceVersion": "7"},
		"spec":     map[string]any{"image": "shop:1"},
		"status": map[string]any{
			"deployedRelease": map[string]any{"name": "shop", "manifest": "m"},
			"progress":        "1/2",
			"conditions": []any{
				map[string]any{"type": "Complete", "status": "False", "reason": "Running", "lastTransitionTime": "t"},
				map[string]any{"type": "Paused", "status": "False", "lastTransitionTime": "t"},
				map[string]any{"type": "Initialized", "status": "True", "lastTransitionTime": "t"},
				map[string]any{"type": "Deployed", "status": "True", "reason": "InstallSuccessful", "message": "run kubectl ...", "lastTransitionTime": "t"},
				map[string]any{"type": "ReleaseFailed", "status": "True", "reason": "InstallError", "message": "quota", "lastTransitionTime": "t"},
				map[string]any{"type": "Irreconcilable", "status": "Unknown", "lastTransitionTime": "t"},
			},
		},
	}}
}

func TestOnlyTheReleaseIsReported(t *testing.T) {
	got, err := releaseStatus(reported(), func(manifest string) string { return "run of " + manifest })
	if err != nil {
		t.Fatal(err)
	}
	condition := func(kind, status, reason, message string) map[string]any {
		return map[string]any{
			"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": "t", "observedGeneration": int64(3),
		}
	}
	want := map[string]any{
		"apiVersion": "elasticweb.example.com/v1alpha1", "kind": "ElasticWebBenchmark",
		"metadata": map[string]any{"namespace": "dev", "name": "shop", "uid": "u"},
		"status": map[string]any{
			"deployedRelease": map[string]any{"name": "shop", "run": "run of m"},
			"conditions": []any{
				condition("Initialized", "True", "Initialized", ""),
				condition("Deployed", "True", "InstallSuccessful", "the Helm release is installed"),
				condition("ReleaseFailed", "True", "InstallError", "quota"),
				condition("Irreconcilable", "Unknown", "Unknown", ""),
			},
		},
	}
	if diff := cmp.Diff(want, got.Object); diff != "" {
		t.Error(diff)
	}
}

func TestAnObjectWithoutWorkIsNotFound(t *testing.T) {
	c := &Client{HasWork: func(context.Context, types.NamespacedName) (bool, error) { return false, nil }}
	if err := c.Get(t.Context(), types.NamespacedName{Namespace: "dev", Name: "shop"}, reported()); !apierrors.IsNotFound(err) {
		t.Errorf("got %v, want not found", err)
	}
}

func TestKeysFitIntoALabelAndTellObjectsApart(t *testing.T) {
	name := strings.Repeat("a", 53)
	seen := map[string]bool{}
	for _, uid := range []string{"0f5d3b2e-8c43-4a53-9a3f-2f4f1a0c7d11", "0f5d3b2e-8c43-4a53-9a3f-2f4f1a0c7d12"} {
		for _, version := range []string{"v1", "v2", "v1234567"} {
			key := keyed{owner: "release-" + uid}.key("sh.helm.release.v1." + name + "." + version)
			if mistakes := append(validation.IsValidLabelValue(key), validation.IsDNS1123Subdomain(key)...); len(mistakes) > 0 {
				t.Errorf("%s: %v", key, mistakes)
			}
			if seen[key] {
				t.Errorf("%s twice", key)
			}
			seen[key] = true
		}
	}
}
