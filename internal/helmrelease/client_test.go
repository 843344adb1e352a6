// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// reported is an object as helm-operator-plugins wants to write its status.
func reported() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "elasticweb.example.com/v1alpha1", "kind": "ElasticWebBenchmark",
		"metadata": map[string]any{"namespace": "dev", "name": "shop", "uid": "u", "generation": int64(3), "resourceVersion": "7"},
		"spec":     map[string]any{"image": "shop:1"},
		"status": map[string]any{
			"deployedRelease": map[string]any{"name": "shop", "manifest": "0123456789"},
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
	got, err := releaseStatus(reported())
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
			"deployedRelease": map[string]any{"name": "shop", "run": "0123456789"},
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

// What was reported before has no manifest, and says nothing of a release that failed.
func TestAReleaseThatFailedIsNotReported(t *testing.T) {
	failed := reported()
	failed.Object["status"].(map[string]any)["deployedRelease"] = map[string]any{"name": "shop"}
	got, err := releaseStatus(failed)
	if err != nil {
		t.Fatal(err)
	}
	if release, isThere := got.Object["status"].(map[string]any)["deployedRelease"]; isThere {
		t.Errorf("%v is reported", release)
	}
}

func TestWhatTheReconcilerIsShown(t *testing.T) {
	for name, test := range map[string]struct{ hasWork, isDeleted, isShown bool }{
		"no work":                              {false, false, false},
		"work":                                 {true, false, true},
		"work, and it is being deleted by now": {true, true, false},
	} {
		live := interceptor.NewClient(nil, interceptor.Funcs{
			Get: func(_ context.Context, _ client.WithWatch, _ client.ObjectKey, object client.Object, _ ...client.GetOption) error {
				if test.isDeleted {
					object.SetDeletionTimestamp(&metav1.Time{Time: time.Unix(1, 0)})
				}
				return nil
			},
		})
		c := &Client{Live: live, HasWork: func(context.Context, types.NamespacedName) (bool, error) { return test.hasWork, nil }}
		err := c.Get(t.Context(), types.NamespacedName{Namespace: "dev", Name: "shop"}, reported())
		if (err == nil) != test.isShown || err != nil && !apierrors.IsNotFound(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
