// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
)

func TestFreshness(t *testing.T) {
	version := func(resourceVersion string, generation int64) *elasticwebv1.ElasticWeb {
		return &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "a", ResourceVersion: resourceVersion, Generation: generation,
		}}
	}
	name := client.ObjectKeyFromObject(version("", 0))
	for title, test := range map[string]struct {
		before func(*memory)
		want   bool
	}{
		"nothing is known":                              {func(*memory) {}, false},
		"as new as the first write":                     {func(f *memory) { f.wrote("8", version("20", 1)) }, false},
		"newer than what a write left as it was":        {func(f *memory) { f.wrote("9", version("9", 1)) }, false},
		"newer than the first write":                    {func(f *memory) { f.wrote("8", version("9", 1)) }, true},
		"newer than the first write, not than the last": {func(f *memory) { f.wrote("8", version("9", 1)); f.wrote("8", version("21", 1)) }, true},
		"confirmed":                                  {func(f *memory) { f.confirm(version("20", 2)) }, true},
		"an older generation confirmed":              {func(f *memory) { f.confirm(version("10", 1)) }, false},
		"doubted since it was confirmed":             {func(f *memory) { f.confirm(version("20", 2)); f.doubt(version("", 0)) }, false},
		"doubted, though newer than the first write": {func(f *memory) { f.wrote("8", version("9", 1)); f.doubt(version("", 0)) }, false},
		"confirmed since it was doubted":             {func(f *memory) { f.doubt(version("", 0)); f.confirm(version("20", 2)) }, true},
		"another of the same name confirmed, and deleted": {func(f *memory) {
			f.confirm(version("20", 2))
			f.forget(name)
		}, false},
	} {
		t.Run(title, func(t *testing.T) {
			f := &memory{}
			test.before(f)
			if got := f.isTrusted(version("20", 2)); got != test.want {
				t.Errorf("trusted: %t, want %t", got, test.want)
			}
		})
	}
}

// live is an API server that has one ElasticWeb, or none.
type live struct {
	client.Reader
	web *elasticwebv1.ElasticWeb
	err error
}

func (l live) Get(_ context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if l.web == nil {
		return cmp.Or[error](l.err, apierrors.NewNotFound(schema.GroupResource{Resource: "elasticwebs"}, "web"))
	}
	l.web.DeepCopyInto(into.(*elasticwebv1.ElasticWeb))
	return nil
}

// A write of the ElasticWeb itself that met another version is decided anew, on that version. A denial with the same code is none.
func TestAWriteThatMetAnotherVersion(t *testing.T) {
	version := func(resourceVersion string) *elasticwebv1.ElasticWeb {
		return &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", ResourceVersion: resourceVersion}}
	}
	resource := schema.GroupResource{Resource: "elasticwebs"}
	conflict, gone, down := apierrors.NewConflict(resource, "web", errors.New("modified")), apierrors.NewNotFound(resource, "web"), errors.New("down")
	denied := func(err *apierrors.StatusError) error {
		err.ErrStatus.Message = `admission webhook "w" denied the request: no`
		return err
	}
	for name, test := range map[string]struct {
		answer     error
		live       live
		hasChanged bool
		want       string
	}{
		"none":                      {nil, live{web: version("9")}, false, "7"},
		"a newer one":               {conflict, live{web: version("9")}, true, "9"},
		"one that is gone":          {gone, live{}, true, "7"},
		"one that cannot be read":   {conflict, live{err: down}, false, "7"},
		"a denial, as a conflict":   {denied(apierrors.NewConflict(resource, "web", down)), live{web: version("9")}, false, "7"},
		"a denial, as if not found": {denied(apierrors.NewNotFound(resource, "web")), live{web: version("9")}, false, "7"},
	} {
		r := &Reconciler{Live: test.live, written: apply.NewWritten(clock.RealClock{})}
		err := r.orLookAgain(t.Context(), version("7"), test.answer)
		if _, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged != test.hasChanged || (err == nil) != (test.answer == nil) {
			t.Errorf("%s: %v", name, err)
		}
		newest, _ := apply.Newest(r.written, Kind, types.NamespacedName{Namespace: "shop", Name: "web"}, version("7"))
		if newest.ResourceVersion != test.want {
			t.Errorf("%s: the next pass works on version %s, want %s", name, newest.ResourceVersion, test.want)
		}
	}
}

// An ElasticWeb that the API server no longer has is waited for, however late its event comes: with a watch that hangs, there would be a
// live read five times a second.
func TestWhatIsGoneIsRarelyReadAgain(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "a", Generation: 2}}
	newer := web.DeepCopy()
	newer.Generation = 3
	for name, test := range map[string]struct {
		live live
		want time.Duration
	}{
		"gone":   {live{}, 30 * time.Second},
		"behind": {live{web: newer}, controllers.StaleRetry},
	} {
		r := &Reconciler{Live: test.live, written: apply.NewWritten(clock.RealClock{})}
		result := outcome{}
		result.add(r.confirmNow(t.Context(), web))
		if !result.isStale || result.retry != test.want {
			t.Errorf("%s: %+v, want to look again after %s", name, result, test.want)
		}
	}
}

// What a live read showed is no write of ours: its event has to wake somebody.
func TestAForeignStatusIsNoEcho(t *testing.T) {
	version := func(resourceVersion, pods string) *elasticwebv1.ElasticWeb {
		return &elasticwebv1.ElasticWeb{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "a", Generation: 1, ResourceVersion: resourceVersion},
			Status:     elasticwebv1.ElasticWebStatus{PodsByArchitecture: pods},
		}
	}
	r := &Reconciler{Live: live{web: version("9", "forged")}, written: apply.NewWritten(clock.RealClock{})}
	if err := r.confirmNow(t.Context(), version("7", "true")); err != nil {
		t.Fatal(err)
	}
	if !r.webChanged().Update(event.UpdateEvent{ObjectOld: version("7", "true"), ObjectNew: version("9", "forged")}) {
		t.Error("a status that somebody else wrote wakes nobody, since a live read saw it before")
	}
}
