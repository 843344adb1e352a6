// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
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
	broken := errors.New("the API server is away")
	for name, test := range map[string]struct {
		hasWork bool
		err     error
		isShown bool
	}{"no work": {false, nil, false}, "work": {true, nil, true}, "not known": {false, broken, false}} {
		c := &Client{Find: func(context.Context, types.NamespacedName, client.Object) (bool, error) {
			return test.hasWork, test.err
		}}
		err := c.Get(t.Context(), types.NamespacedName{Namespace: "dev", Name: "shop"}, reported())
		if (err == nil) != test.isShown || test.err != nil && !errors.Is(err, test.err) || test.err == nil && !test.isShown && !apierrors.IsNotFound(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The reconciler sets Irreconcilable anew in each pass, and Helm lists what failed in any order, with IDs and times in it.
func TestWhatFailsInTheSameWayIsReportedInTheSameWay(t *testing.T) {
	const one, other = "* jobs.batch \"shop-amd64-1\" is forbidden: exceeded quota", "* admission webhook \"w\" denied the request: no, request id: "
	attempt := func(at, message string) any {
		object := reported()
		object.Object["status"] = map[string]any{"conditions": []any{
			map[string]any{"type": "Irreconcilable", "status": "True", "reason": "ReconcileError", "message": message, "lastTransitionTime": at},
			map[string]any{"type": "ReleaseFailed", "status": "True", "reason": "InstallError", "message": message, "lastTransitionTime": "first"},
		}}
		got, err := releaseStatus(object)
		if err != nil {
			t.Fatal(err)
		}
		return got.Object
	}
	first := attempt("first", "2 errors occurred:\n\t"+one+"\n\t"+other+"a1\n\n")
	if diff := cmp.Diff(first, attempt("second", "2 errors occurred:\n\t"+other+"b2\n\t"+one+"\n\n")); diff != "" {
		t.Error(diff)
	}
	if told := fmt.Sprint(first); !strings.Contains(told, "2 errors occurred:\n* admission") || !strings.Contains(told, one) {
		t.Errorf("%s is told", told)
	}
	if told := steady(strings.Repeat("a word in each line\n", 10000)); len(told) > longestMessage {
		t.Errorf("%d bytes are told", len(told))
	}
}
