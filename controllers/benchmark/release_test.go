// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"
	"maps"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// The caches say whether to ask; what Helm gets decides.
func TestHelmGetsABenchmarkOnlyWithWork(t *testing.T) {
	b := withStrings(t, "a", "b", 1)
	b.Status.Run.Generation, b.Status.Run.Rerun = b.Generation, b.Annotations[v1alpha1.AnnotationRerun]
	changed := func(change func(*v1alpha1.ElasticWebBenchmark)) *v1alpha1.ElasticWebBenchmark {
		other := b.DeepCopy()
		change(other)
		return other
	}
	newSpec := changed(func(b *v1alpha1.ElasticWebBenchmark) { b.Generation++ })
	for name, test := range map[string]struct {
		cached, live *v1alpha1.ElasticWebBenchmark
		want         bool
	}{
		"work":                            {b, b, true},
		"none of which the caches know":   {newSpec, b, false},
		"a spec that has no run yet":      {b, newSpec, false},
		"another one of its name":         {b, changed(func(b *v1alpha1.ElasticWebBenchmark) { b.Status.Run = nil }), false},
		"being deleted since":             {b, changed(func(b *v1alpha1.ElasticWebBenchmark) { now := metav1.Now(); b.DeletionTimestamp = &now }), false},
		"gone, of which the caches know":  {nil, b, false},
		"gone, of which they do not know": {b, nil, false},
	} {
		r := &ReleaseReconciler{Cached: reader{b: test.cached}, Live: reader{b: test.live}}
		if got, err := r.find(t.Context(), client.ObjectKeyFromObject(b), &unstructured.Unstructured{}); got != test.want || err != nil {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

func TestWhatBringsABenchmarkToHelm(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1alpha1.ElasticWebBenchmark)
		want   bool
	}{
		"nothing": {func(*v1alpha1.ElasticWebBenchmark) {}, false},
		"what Helm reported": {func(b *v1alpha1.ElasticWebBenchmark) {
			b.Status.Conditions = []metav1.Condition{{Type: "ReleaseFailed"}}
		}, false},
		"the spec": {func(b *v1alpha1.ElasticWebBenchmark) { b.Generation++ }, true},
		"a run":    {func(b *v1alpha1.ElasticWebBenchmark) { b.Status.Run.ID = "new" }, true},
		"a request to run": {func(b *v1alpha1.ElasticWebBenchmark) {
			b.Annotations = map[string]string{v1alpha1.AnnotationRerun: "new"}
		}, true},
		"a label": {func(b *v1alpha1.ElasticWebBenchmark) { b.Labels = map[string]string{"team": "new"} }, true},
	} {
		before := withStrings(t, "a", "b", 1)
		after := before.DeepCopy()
		test.change(after)
		if got := concernsHelm.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// What is there already is never made again, and never changed but for the labels of the benchmark's own.
func TestJobsThatAreThere(t *testing.T) {
	made, b := loadChart(t), withStrings(t, "a", "b", 1)
	first, err := install(t, made, b)
	if err != nil {
		t.Fatal(err)
	}
	all := read(t, first.Manifest)
	renamed := all[0].DeepCopy()
	renamed.Name = "of-another-chart"
	withoutLabels := all[0].DeepCopy()
	withoutLabels.Labels = map[string]string{"a": "b"}
	foreign := all[0].DeepCopy()
	foreign.OwnerReferences, foreign.Labels["app.kubernetes.io/managed-by"] = nil, "Helm"
	for name, test := range map[string]struct {
		there    *batchv1.Job
		isListed bool
		words    string
		patches  int
	}{
		"its own, of whatever name":     {renamed, true, "", 0},
		"its own, that lost its labels": {withoutLabels, false, "", 1},
		"somebody else's":               {foreign, false, "Job " + foreign.Name + " exists and has no owner, so it is left alone: delete it", 0},
	} {
		patches := 0
		live := interceptor.NewClient(nil, interceptor.Funcs{
			Get: func(ctx context.Context, _ client.WithWatch, name client.ObjectKey, into client.Object, _ ...client.GetOption) error {
				return reader{jobs: []batchv1.Job{*test.there}}.Get(ctx, name, into)
			},
			List: func(_ context.Context, _ client.WithWatch, list client.ObjectList, _ ...client.ListOption) error {
				if test.isListed {
					list.(*batchv1.JobList).Items = []batchv1.Job{*test.there}
				}
				return nil
			},
			Patch: func(_ context.Context, _ client.WithWatch, job client.Object, _ client.Patch, _ ...client.PatchOption) error {
				patches++
				want := maps.Clone(all[0].Labels)
				want["a"] = "b"
				if !maps.Equal(job.GetLabels(), want) {
					t.Errorf("%s: it gets the labels %v", name, job.GetLabels())
				}
				return nil
			},
		})
		got, err := installWith(t, &ReleaseReconciler{Live: live, Writer: live}, made, b)
		if (err != nil) != (test.words != "") || err != nil && !strings.Contains(err.Error(), test.words) || patches != test.patches {
			t.Errorf("%s: %v, %d patches", name, err, patches)
		}
		if err == nil && len(read(t, got.Manifest)) != len(all)-1 {
			t.Errorf("%s: %s is applied", name, got.Manifest)
		}
	}
}
