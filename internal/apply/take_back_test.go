// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	note := func(client.Object) map[string]string { return map[string]string{"note": "new"} }
	before := *b.owner.DeepCopy()
	before.UID = "00000000-0000-4000-8000-000000000000"
	changeOwners := func(name string, owners ...metav1.OwnerReference) *corev1.ConfigMap {
		object := b.live(t, name)
		object.OwnerReferences = owners
		if err := b.client.Update(t.Context(), object, client.FieldOwner("restore")); err != nil {
			t.Fatal(err)
		}
		return object
	}
	old, bystander := owner, owner
	old.UID = before.UID
	bystander.UID, bystander.Name, bystander.Controller = "00000000-0000-4000-8000-000000000001", "bystander", nil

	b.apply(t, b.intent("left", map[string]string{"a": "1"}), nil)
	left := changeOwners("left", old, bystander)
	writes := *b.writes
	taken, err := b.applier.TakeBack(t.Context(), "ConfigMap", owner, left, note)
	if err != nil || !taken || *b.writes != writes+1 {
		t.Errorf("taken %t with %d writes, error %v", taken, *b.writes-writes, err)
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

	copied := object.DeepCopy()
	copied.ObjectMeta = metav1.ObjectMeta{Namespace: "default", Name: "copied-left", Annotations: object.Annotations}
	if err := b.client.Create(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if taken, err := b.applier.TakeBack(t.Context(), "ConfigMap", owner, copied, note); taken || err != nil {
		t.Errorf("took a copy %t, error %v", taken, err)
	}
	if taken, err := b.applier.TakeBack(t.Context(), "ConfigMap", owner, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "none"}}, note); taken || err != nil {
		t.Errorf("took what is not there %t, error %v", taken, err)
	}
}
