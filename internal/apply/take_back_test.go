// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestIsLeftBehind(t *testing.T) {
	owner := metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "Web", Name: "shop", UID: "new", Controller: ptr.To(true)}
	from := func(change func(*metav1.OwnerReference)) []metav1.OwnerReference {
		reference := owner
		change(&reference)
		return []metav1.OwnerReference{reference}
	}
	applied := map[string]string{AnnotationIntent: "x"}
	for name, tc := range map[string]struct {
		object metav1.ObjectMeta
		want   bool
	}{
		"orphaned":               {metav1.ObjectMeta{Annotations: applied}, true},
		"never applied":          {metav1.ObjectMeta{}, false},
		"of one before":          {metav1.ObjectMeta{Annotations: applied, OwnerReferences: from(func(r *metav1.OwnerReference) { r.UID = "old" })}, true},
		"of an older version":    {metav1.ObjectMeta{Annotations: applied, OwnerReferences: from(func(r *metav1.OwnerReference) { r.UID, r.APIVersion = "old", "example.com/v1beta1" })}, true},
		"of another kind":        {metav1.ObjectMeta{Annotations: applied, OwnerReferences: from(func(r *metav1.OwnerReference) { r.UID, r.Kind = "old", "Site" })}, false},
		"of another group":       {metav1.ObjectMeta{Annotations: applied, OwnerReferences: from(func(r *metav1.OwnerReference) { r.UID, r.APIVersion = "old", "v1" })}, false},
		"of another name":        {metav1.ObjectMeta{Annotations: applied, OwnerReferences: from(func(r *metav1.OwnerReference) { r.UID, r.Name = "old", "blog" })}, false},
		"the owner's":            {metav1.ObjectMeta{Annotations: applied, OwnerReferences: from(func(*metav1.OwnerReference) {})}, false},
		"owned without control":  {metav1.ObjectMeta{Annotations: applied, OwnerReferences: from(func(r *metav1.OwnerReference) { r.UID, r.Kind, r.Controller = "x", "Site", nil })}, true},
		"about to be deleted":    {metav1.ObjectMeta{Annotations: applied, DeletionTimestamp: &metav1.Time{Time: time.Now()}}, false},
		"of the owner, no reign": {metav1.ObjectMeta{Annotations: applied, OwnerReferences: from(func(r *metav1.OwnerReference) { r.Controller = nil })}, true},
	} {
		if got := IsLeftBehind(&corev1.ConfigMap{ObjectMeta: tc.object}, owner); got != tc.want {
			t.Errorf("%s: left behind %t, want %t", name, got, tc.want)
		}
	}
}

// takesBack is a test of TestApplier.
func takesBack(t *testing.T, b *bench) {
	owner := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: b.owner.Name, UID: b.owner.UID, Controller: ptr.To(true)}
	leftover := func(found client.Object, notes map[string]string) Leftover {
		return Leftover{
			Kind: "ConfigMap", Found: found, Owner: owner, Notes: func(client.Object) map[string]string { return notes },
			Confirm: func(context.Context) error { return nil },
		}
	}
	note := map[string]string{"note": "new"}
	before := *b.owner.DeepCopy()
	before.UID = "00000000-0000-4000-8000-000000000000"
	changeOwners := func(name string, owners ...metav1.OwnerReference) *corev1.ConfigMap {
		for { // the garbage collector takes away references to what is no more.
			object := b.live(t, name)
			object.OwnerReferences, object.Annotations["theirs"] = owners, "stays"
			err := b.client.Update(t.Context(), object, client.FieldOwner("restore"))
			if err == nil {
				return object
			}
			if !apierrors.IsConflict(err) {
				t.Fatal(err)
			}
		}
	}
	// One owner that there is keeps the garbage collector from taking the object.
	neighbour := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "bystander"}}
	if err := b.client.Create(t.Context(), neighbour); err != nil {
		t.Fatal(err)
	}
	old, bystander := owner, owner
	old.UID = before.UID
	bystander.UID, bystander.Name, bystander.Controller = neighbour.UID, neighbour.Name, nil

	b.apply(t, b.intent("left", map[string]string{"a": "1"}), nil)
	var left client.Object
	for { // The garbage collector's write may come between; the next pass reads anew.
		left = changeOwners("left", old, bystander)
		writes := *b.writes
		taken, err := b.applier.TakeBack(t.Context(), leftover(left, note))
		if isChanged(err) {
			continue
		}
		if err != nil || !taken || *b.writes != writes+1 {
			t.Errorf("taken %t with %d writes, error %v", taken, *b.writes-writes, err)
		}
		break
	}
	object := b.live(t, "left")
	if !isControlledBy(object, b.owner.UID) || len(object.OwnerReferences) != 2 || object.OwnerReferences[0].Name != "bystander" || object.Annotations["note"] != "new" || object.Annotations[AnnotationIntent] == "" {
		t.Errorf("it is %+v", object.ObjectMeta)
	}
	if newest, _ := Newest(b.written, "ConfigMap", client.ObjectKeyFromObject(left), left); !isControlledBy(newest, b.owner.UID) {
		t.Error("the next pass does not see it")
	}
	if _, wrote := b.apply(t, b.intent("left", map[string]string{"a": "1"}), object); wrote {
		t.Error("it was written again")
	}

	if taken, err := b.applier.TakeBack(t.Context(), leftover(changeOwners("left"), nil)); err != nil || !taken {
		t.Errorf("without a note: taken %t, error %v", taken, err)
	}
	if object = b.live(t, "left"); object.Annotations["theirs"] != "stays" || object.Annotations["note"] != "new" || object.Annotations[AnnotationIntent] == "" {
		t.Errorf("without a note the annotations are %v", object.Annotations)
	}

	copied := object.DeepCopy()
	copied.ObjectMeta = metav1.ObjectMeta{Namespace: "default", Name: "copied-left", Annotations: object.Annotations}
	if err := b.client.Create(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if taken, err := b.applier.TakeBack(t.Context(), leftover(copied, note)); taken || err != nil {
		t.Errorf("took a copy %t, error %v", taken, err)
	}
	if taken, err := b.applier.TakeBack(t.Context(), leftover(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "none"}}, note)); taken || err != nil {
		t.Errorf("took what is not there %t, error %v", taken, err)
	}
}

// failing answers the patches of some type with an error, once it has one.
type failing struct {
	client.Client
	to    types.PatchType
	error *error
}

func (a failing) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	if *a.error != nil && patch.Type() == a.to {
		return *a.error
	}
	return a.Client.Patch(ctx, object, patch, options...)
}

func answered(code int32, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Message: message}}
}

// A taking back that is denied or fails waits, whatever code the denial has; one that meets another version is looked at again.
func takesBackLater(t *testing.T, b *bench) {
	var fails error
	b.applier.writer = counting{failing{b.client, types.MergePatchType, &fails}, b.writes}
	b.apply(t, b.intent("later", map[string]string{"a": "1"}), nil)
	left := b.live(t, "later")
	left.OwnerReferences = nil
	if err := b.client.Update(t.Context(), left, client.FieldOwner(somebody)); err != nil {
		t.Fatal(err)
	}
	takeBack := func() (bool, error) {
		return b.applier.TakeBack(t.Context(), Leftover{
			Kind: "ConfigMap", Found: left, Owner: metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: b.owner.Name, UID: b.owner.UID, Controller: ptr.To(true)},
			Notes:   func(client.Object) map[string]string { return nil },
			Confirm: func(context.Context) error { return nil },
		})
	}
	const denial = `admission webhook "w" denied the request: no`
	for _, fails = range []error{
		answered(http.StatusConflict, denial), answered(http.StatusNotFound, denial), answered(http.StatusForbidden, denial),
		apierrors.NewServiceUnavailable("starting"),
	} {
		writes := *b.writes
		for i := range 3 {
			taken, err := takeBack()
			refused, isRefused := errors.AsType[*RefusedError](err)
			if taken || !isRefused || refused.Waiting != (i > 0) || refused.Passing != !isDenial(err) {
				t.Errorf("after %v: taken %t, error %+v", fails, taken, err)
			}
		}
		if *b.writes != writes+1 {
			t.Errorf("after %v: %d writes", fails, *b.writes-writes)
		}
		b.clock.SetTime(b.clock.Now().Add(lastRetry))
	}
	fails = answered(http.StatusConflict, "modified")
	if _, err := takeBack(); !isChanged(err) {
		t.Errorf("a conflict is %v", err)
	}
	fails = nil
	if taken, err := takeBack(); !taken || err != nil {
		t.Errorf("at last: taken %t, error %v", taken, err)
	}
}

// stripping is an admission policy that takes away the owners of whatever is patched.
type stripping struct{ client.Client }

func (s stripping) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	if patch.Type() == types.MergePatchType {
		patch = client.RawPatch(types.MergePatchType, []byte(`{"metadata": {"ownerReferences": null}}`))
	}
	return s.Client.Patch(ctx, object, patch, options...)
}

// A taking back that does not stay is a failure that waits: else it would be done again at once, for ever, and nothing besides.
func takesBackInVain(t *testing.T, b *bench) {
	b.applier.writer = counting{stripping{b.client}, b.writes}
	b.apply(t, b.intent("in-vain", map[string]string{"a": "1"}), nil)
	left := b.live(t, "in-vain")
	left.OwnerReferences = nil
	if err := b.client.Update(t.Context(), left, client.FieldOwner(somebody)); err != nil {
		t.Fatal(err)
	}
	writes := *b.writes
	for i := range 3 {
		taken, err := b.applier.TakeBack(t.Context(), Leftover{
			Kind: "ConfigMap", Found: left, Owner: metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: b.owner.Name, UID: b.owner.UID, Controller: ptr.To(true)},
			Notes:   func(client.Object) map[string]string { return nil },
			Confirm: func(context.Context) error { return nil },
		})
		if refused, isRefused := errors.AsType[*RefusedError](err); taken || !isRefused || refused.Waiting != (i > 0) || !errors.Is(err, errOwnerLost) {
			t.Errorf("taken %t, error %v", taken, err)
		}
	}
	if *b.writes != writes+1 {
		t.Errorf("%d writes", *b.writes-writes)
	}
}

func isChanged(err error) bool {
	_, hasChanged := errors.AsType[*ChangedError](err)
	return hasChanged
}
