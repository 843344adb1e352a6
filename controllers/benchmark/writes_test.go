// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
)

// The answers of the API server that say more than that a write failed. Admission webhooks choose their code freely.
var (
	gone       = apierrors.NewNotFound(batchv1.Resource("jobs"), "shop")
	changed    = apierrors.NewConflict(batchv1.Resource("jobs"), "shop", errors.New("it was modified"))
	goneToo    = denial(404, metav1.StatusReasonNotFound)
	changedToo = denial(409, metav1.StatusReasonConflict)
)

func denial(code int32, reason metav1.StatusReason) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Message: `admission webhook "w" denied the request: no`}}
}

func TestWhatAWriteOfTheStatusMeets(t *testing.T) {
	for _, test := range []struct {
		answer    error
		isStale   bool
		isRefused bool
	}{{nil, false, false}, {changed, true, false}, {gone, false, false}, {changedToo, false, true}, {goneToo, false, true}} {
		recorder := events.NewFakeRecorder(10)
		r := &Reconciler{Events: recorder, applier: newApplier(), Writer: interceptor.NewClient(nil, interceptor.Funcs{
			SubResourceApply: func(context.Context, client.Client, string, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
				return test.answer
			},
			SubResourcePatch: func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
				return test.answer
			},
		})}
		for range 3 { // a refusal is told once, and not tried again at each event.
			retry, err := r.report(t.Context(), withStrings(t, "a", "b", 1), v1alpha1.ElasticWebBenchmarkStatus{QPSByArchitecture: "arm64: 800"})
			if (retry == controllers.StaleRetry) != test.isStale || (retry > controllers.StaleRetry) != test.isRefused || err != nil {
				t.Errorf("%v: again after %s, %v", test.answer, retry, err)
			}
		}
		if told := len(recorder.Events); (told == 1) != test.isRefused {
			t.Errorf("%v: told %d times", test.answer, told)
		}
		if err := r.resetStatus(t.Context(), withStrings(t, "a", "b", 1)); (err != nil) != (test.answer != nil && !errors.Is(test.answer, gone)) {
			t.Errorf("%v: the reset gives %v", test.answer, err)
		}
	}
}

func newApplier() *apply.Applier {
	clock := clock.RealClock{}
	return apply.New(nil, nil, "test", apply.NewWritten(clock), clock)
}

// reader has one benchmark, and Jobs.
type reader struct {
	client.Reader
	b    *v1alpha1.ElasticWebBenchmark
	jobs []batchv1.Job
}

func (r reader) Get(_ context.Context, name client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if job, isJob := into.(*batchv1.Job); isJob {
		at := slices.IndexFunc(r.jobs, func(each batchv1.Job) bool { return each.Name == name.Name })
		if at < 0 {
			return gone
		}
		r.jobs[at].DeepCopyInto(job)
		return nil
	}
	if r.b == nil {
		return gone
	}
	if object, isUnstructured := into.(*unstructured.Unstructured); isUnstructured {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(r.b)
		object.Object = content
		return err
	}
	r.b.DeepCopyInto(into.(*v1alpha1.ElasticWebBenchmark))
	return nil
}

func (r reader) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	into.(*batchv1.JobList).Items = append([]batchv1.Job{}, r.jobs...)
	return nil
}

// A Job that is gone was pruned, one that may not be deleted is told of and tried again after a while, and neither keeps the others.
func TestPruning(t *testing.T) {
	b := withStrings(t, "a", "b", 1)
	newer := b.DeepCopy()
	newer.Status.Run.ID = "two"
	job := func(run string, owner types.UID) batchv1.Job {
		return batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: run, UID: "u-" + types.UID(run), Labels: map[string]string{v1alpha1.LabelRun: run},
			OwnerReferences: []metav1.OwnerReference{{UID: owner, Controller: ptr.To(true)}}}}
	}
	jobs := []batchv1.Job{job("one", b.UID), job("two", b.UID), job(b.Status.Run.ID, b.UID), job("another's", "x")}
	for _, test := range []struct {
		live     *v1alpha1.ElasticWebBenchmark
		answer   error
		deleted  string
		isFailed bool
	}{
		{b, nil, "[one u-one Background two u-two Background]", false},
		{b, gone, "[one u-one Background two u-two Background]", false},
		{b, goneToo, "[one u-one Background two u-two Background]", true},
		{nil, nil, "[]", false},
		{newer, nil, "[one u-one Background " + b.Status.Run.ID + " u-" + b.Status.Run.ID + " Background]", false}, // what the cache does not know of.
	} {
		deleted := []any{}
		told := events.NewFakeRecorder(10)
		r := &Reconciler{Clock: clock.RealClock{}, Events: told, applier: newApplier(), Cached: reader{b: b, jobs: jobs}, Live: reader{b: test.live}, Writer: interceptor.NewClient(nil, interceptor.Funcs{
			Delete: func(_ context.Context, _ client.WithWatch, object client.Object, options ...client.DeleteOption) error {
				applied := (&client.DeleteOptions{}).ApplyOptions(options)
				deleted = append(deleted, object.GetName(), *applied.Preconditions.UID, *applied.PropagationPolicy)
				return test.answer
			},
		})}
		retry, err := r.prune(t.Context(), b)
		if fmt.Sprint(deleted) != test.deleted || err != nil || (retry > 0) != test.isFailed || len(told.Events) > 0 != test.isFailed {
			t.Errorf("%v: %v are deleted, again in %s, %d events (%v); want %s", test.answer, deleted, retry, len(told.Events), err, test.deleted)
		}
		if _, err := r.prune(t.Context(), b); test.isFailed && (fmt.Sprint(deleted) != test.deleted || err != nil) {
			t.Errorf("what was refused is tried again at once: %v (%v)", deleted, err)
		}
	}
}

// Thousands of Jobs that somebody gave to a benchmark do not hold up the benchmarks of others.
func TestPruningTakesItsTurns(t *testing.T) {
	b, deleted := withStrings(t, "a", "b", 1), 0
	owner := metav1.OwnerReference{UID: b.UID, Controller: ptr.To(true)}
	old := batchv1.Job{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1alpha1.LabelRun: "old"}, OwnerReferences: []metav1.OwnerReference{owner}}}
	r := &Reconciler{applier: newApplier(), Cached: reader{b: b, jobs: slices.Repeat([]batchv1.Job{old}, 10*mostPruned)}, Live: reader{b: b}, Writer: interceptor.NewClient(nil, interceptor.Funcs{
		Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
			deleted++
			return nil
		},
	})}
	if retry, err := r.prune(t.Context(), b); deleted != mostPruned || retry > 0 || err != nil {
		t.Errorf("%d Jobs are deleted in one pass, want %d; again in %s (%v)", deleted, mostPruned, retry, err)
	}
}

// A status that is refused leaves no Job of an old run at work.
func TestARefusedStatusDoesNotStopPruning(t *testing.T) {
	b := withStrings(t, "a", "b", 1)
	b.Status.Run.Generation = b.Generation
	for i := range b.Status.Run.Architectures {
		b.Status.Run.Architectures[i].State = v1alpha1.RunStateFinished
	}
	owner := metav1.OwnerReference{UID: b.UID, Controller: ptr.To(true)}
	old := batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "old", UID: "u", Labels: map[string]string{v1alpha1.LabelRun: "old"},
		OwnerReferences: []metav1.OwnerReference{owner}}}
	deleted := 0
	r := &Reconciler{
		Clock: clock.RealClock{}, Events: events.NewFakeRecorder(10), applier: newApplier(),
		Cached: reader{b: b, jobs: []batchv1.Job{old}}, Live: reader{b: b}, Writer: interceptor.NewClient(nil, interceptor.Funcs{
			SubResourceApply: func(context.Context, client.Client, string, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
				return denial(403, metav1.StatusReasonForbidden)
			},
			Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
				deleted++
				return nil
			},
		}),
	}
	result, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(b)})
	if err != nil || result.RequeueAfter == 0 || deleted != 1 {
		t.Errorf("deleted %d Jobs, %v, %v; want 1, and another try", deleted, result, err)
	}
}
