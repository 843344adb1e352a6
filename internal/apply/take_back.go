// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Leftover is an object that may be taken back.
type Leftover struct {
	Kind string
	// Found is the object as it was last seen, and Owner whose it is to be.
	Found client.Object
	Owner metav1.OwnerReference
	// Notes are annotations that it is given, told from the object as it is. Those that it has otherwise stay.
	Notes func(client.Object) map[string]string
	// Confirm has to agree between the read of the object and its write: what was decided on something older than that must not
	// get into it.
	Confirm func(context.Context) error
}

// TakeBack makes the owner the controller of an object that this field manager once made, and whose controller is gone: it was
// orphaned, or came out of a backup. Whether it is so the API server is asked, and nothing but the owner and the notes changes. What
// failed is not tried again for a while, and errors are those of Apply. What is none of ours is left alone, which is no error.
func (a *Applier) TakeBack(ctx context.Context, left Leftover) (taken bool, err error) {
	what := Write{Kind: left.Kind, Namespace: left.Found.GetNamespace(), Name: left.Found.GetName(), What: "owner"}
	if err := a.refused.waiting(what); err != nil {
		return false, err
	}
	if taken, err = a.takeBack(ctx, left); err == nil && !taken {
		return false, nil // that its name is taken stays known.
	}
	return taken, a.sorted(what, err)
}

func (a *Applier) takeBack(ctx context.Context, left Leftover) (taken bool, err error) {
	object := emptyLike(left.Found)
	err = a.live.Get(ctx, client.ObjectKeyFromObject(left.Found), object)
	if IsGone(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read whose it is: %w", err)
	}
	if !IsLeftBehind(object, left.Owner) || !a.made(object) {
		return false, nil
	}
	if err := left.Confirm(ctx); err != nil {
		return false, err
	}
	changed := map[string]any{"resourceVersion": object.GetResourceVersion(), "ownerReferences": inherited(object, left.Owner)}
	if notes := left.Notes(object); len(notes) > 0 { // null would take away all annotations that there are.
		changed["annotations"] = notes
	}
	body, err := json.Marshal(map[string]any{"metadata": changed})
	if err != nil {
		return false, fmt.Errorf("marshal the new owner: %w", err)
	}
	err = a.written.During(left.Kind, object, func() error {
		return a.writer.Patch(ctx, object, client.RawPatch(types.MergePatchType, body), client.FieldOwner(a.manager))
	})
	if IsConflict(err) || IsGone(err) {
		return false, objectKey{left.Kind, client.ObjectKeyFromObject(left.Found)}.changed(err)
	}
	if err == nil && !isControlledBy(object, left.Owner.UID) { // the next pass would find it as this one did, and nothing else would be done.
		return false, errOwnerLost
	}
	return err == nil, err
}

var errOwnerLost = errors.New("the owner that it was given did not stay: see which admission policy or webhook takes it away")

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
