// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TakeBack makes owner the controller of an object that this field manager once made, and whose controller is gone: it was
// orphaned, or came out of a backup. found is the object as it was last seen. Whether it is so the API server is asked, and
// nothing but the owner and the notes, annotations of the object as it is, changes. Errors are *ChangedError, or those of the API server.
func (a *Applier) TakeBack(
	ctx context.Context, kind string, owner metav1.OwnerReference, found client.Object, notes func(client.Object) map[string]string,
) (taken bool, err error) {
	object := emptyLike(found)
	err = a.live.Get(ctx, client.ObjectKeyFromObject(found), object)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read whose %s %s is: %w", kind, found.GetName(), err)
	}
	if !IsLeftBehind(object, owner) || !a.made(object) {
		return false, nil
	}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": object.GetResourceVersion(), "annotations": notes(object), "ownerReferences": inherited(object, owner),
	}})
	if err != nil {
		return false, fmt.Errorf("marshal the new owner of %s %s: %w", kind, found.GetName(), err)
	}
	err = a.written.During(kind, object, func() error {
		return a.writer.Patch(ctx, object, client.RawPatch(types.MergePatchType, body), client.FieldOwner(a.manager))
	})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return false, &ChangedError{Kind: kind, Name: found.GetName(), Err: err}
	}
	if err != nil {
		return false, fmt.Errorf("take back %s %s: %w", kind, found.GetName(), err)
	}
	a.refused.forget(objectKey{kind, client.ObjectKeyFromObject(found)})
	return true, nil
}

// IsLeftBehind reports whether an object was written by an Applier, and has no controller that can be alive: none at all, or one of
// the owner's kind and name, of which there is one at a time, with another UID.
func IsLeftBehind(object client.Object, owner metav1.OwnerReference) bool {
	if _, wasApplied := object.GetAnnotations()[AnnotationIntent]; !wasApplied || object.GetDeletionTimestamp() != nil {
		return false
	}
	controller := metav1.GetControllerOfNoCopy(object)
	return controller == nil || isPredecessor(*controller, owner)
}

func isPredecessor(reference, owner metav1.OwnerReference) bool {
	return reference.Kind == owner.Kind && reference.Name == owner.Name && reference.UID != owner.UID && groupOf(reference) == groupOf(owner)
}

func groupOf(reference metav1.OwnerReference) string {
	return schema.FromAPIVersionAndKind(reference.APIVersion, reference.Kind).Group
}

// made reports whether the object has fields that this manager applied. Annotations can come along with a copy of an object.
func (a *Applier) made(object client.Object) bool {
	return slices.ContainsFunc(object.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == a.manager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == ""
	})
}

// inherited is the owners of an object with the new controller. That of before has to go: two are invalid, and an apply removes no
// reference that somebody else, such as a restore, wrote.
func inherited(object client.Object, owner metav1.OwnerReference) []metav1.OwnerReference {
	others := slices.DeleteFunc(slices.Clone(object.GetOwnerReferences()), func(reference metav1.OwnerReference) bool {
		return reference.UID == owner.UID || isPredecessor(reference, owner)
	})
	return append(others, owner)
}
