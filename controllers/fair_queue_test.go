// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// One namespace after the other, whatever else waits, and each object once.
func TestFairQueueGivesTurns(t *testing.T) {
	options := Options(1)
	queue := options.NewQueue("test", options.RateLimiter)
	defer queue.ShutDown()
	for _, name := range []string{"a/1", "a/2", "a/3", "a/1", "b/1", "a/4", "b/2", "c/1"} {
		namespace, name, _ := strings.Cut(name, "/")
		queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}})
	}
	var got []string
	for queue.Len() > 0 {
		request, _ := queue.Get()
		got = append(got, request.String())
		if request.String() == "c/1" {
			queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "c", Name: "2"}})
		}
		queue.Done(request)
	}
	want := []string{"a/1", "b/1", "c/1", "a/2", "b/2", "c/2", "a/3", "a/4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
