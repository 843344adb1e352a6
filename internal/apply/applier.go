// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// absentVersion is the resource version that a creation asks for. No object can have it, since etcd counts
// from 1 and the first write makes it 2: an object that exists is a conflict, and nothing is taken over.
const absentVersion = "1"

// onlyTheSchema leaves out the search for fields that an apply has twice, for which the API server reads its body once more: a tenth
// of all that it allocates for an ElasticWeb's creation, see docs/performance.md. A body that json.Marshal made has none. Unknown fields
// are refused all the same.
const onlyTheSchema = client.FieldValidation(metav1.FieldValidationIgnore)

// Applier writes intents. It is safe for concurrent use on different objects.
type Applier struct {
	writer  client.Writer
	live    client.Reader
	manager string
	written *Written
	refused *refusals
	settled *settled
}

// New returns an Applier that writes with the field manager's name, and reads through live where the cache
// cannot tell.
func New(writer client.Writer, live client.Reader, manager string, written *Written, clock clock.PassiveClock) *Applier {
	return &Applier{
		writer: writer, live: live, manager: manager, written: written,
		refused: newRefusals(clock), settled: newSettled(),
	}
}

// Apply makes the object have the fields of the intent. cached is the object as the cache has it, nil where
// it has none. It returns the object as it now is. Errors are *RefusedError (which wraps a *NotOwnedError where the object is somebody
// else's), and *ChangedError.
func (a *Applier) Apply(ctx context.Context, intent Intent, cached client.Object) (current client.Object, err error) {
	wanted, err := prepare(intent)
	if err != nil {
		return nil, err
	}
	current, unseen := Newest(a.written, intent.Kind, wanted.key().NamespacedName, cached)
	if err := a.refused.waiting(wanted.attempt()); err != nil {
		return current, err
	}
	if unseen { // it has been missing from the cache for long: only a live read tells whether it is still there.
		if current, err = a.read(ctx, wanted.key(), intent.Into); err != nil {
			return nil, a.sorted(wanted.attempt(), err)
		}
	}
	if current != nil && !isControlledBy(current, intent.Owner) {
		return current, a.notOwned(wanted, current)
	}
	if a.isSettled(wanted, current) {
		return current, nil
	}
	current, err = a.write(ctx, wanted, current)
	return current, a.sorted(wanted.attempt(), err)
}

// Write is an attempt to write something: an intent, a deletion, an annotation, a status.
type Write struct {
	// Kind, Namespace and Name of the object, or of what else is remembered by them.
	Kind, Namespace, Name string
	// What is written, in a word: something else is tried at once where this was refused.
	What string
	// Manager is the field manager; "" for that of the Applier. What another one writes is refused for itself.
	Manager string
}

func (w Write) key() objectKey {
	return objectKey{w.Kind, types.NamespacedName{Namespace: w.Namespace, Name: w.Name}}
}

// Try makes a write, unless the same one failed not long ago. Errors are *RefusedError and *ChangedError.
func (a *Applier) Try(what Write, write func() error) error {
	if err := a.refused.waiting(what); err != nil {
		return err
	}
	return a.sorted(what, write())
}

// sorted tells what changed in the meantime from what failed, which is remembered. What was written is forgotten.
func (a *Applier) sorted(what Write, err error) error {
	_, isRefused := errors.AsType[*RefusedError](err)
	_, hasChanged := errors.AsType[*ChangedError](err)
	switch {
	case err == nil:
		a.refused.forget(what)
		return nil
	case isRefused, hasChanged:
		return err
	case IsConflict(err):
		return what.key().changed(err)
	default:
		return a.refused.note(what, err)
	}
}

// read asks the API server itself for an object of the same type as like. nil means that there is none.
func (a *Applier) read(ctx context.Context, key objectKey, like client.Object) (client.Object, error) {
	object := emptyLike(like)
	err := a.live.Get(ctx, key.NamespacedName, object)
	if apierrors.IsNotFound(err) {
		a.written.Forget(key.kind, key.NamespacedName)
		return nil, nil //nolint:nilnil // an absent object is an answer, not an error.
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", key.kind, key.Name, err)
	}
	object.SetManagedFields(nil)
	a.written.Remember(key.kind, object)
	return object, nil
}

// lookAgain has the next decision made on the object as the API server has it: the cache may be behind for long, and each try from it
// would be a conflict again. What is not the owner's is given back.
func (a *Applier) lookAgain(
	ctx context.Context, key objectKey, owner types.UID, like client.Object, conflict error,
) (foreign client.Object, err error) {
	current, err := a.read(ctx, key, like)
	if err != nil {
		return nil, err
	}
	if current != nil && !isControlledBy(current, owner) {
		a.written.Forget(key.kind, key.NamespacedName)
		foreign = current
	}
	return foreign, key.changed(conflict)
}

// isSettled reports whether the object has the fields of the intent already, or what the API server made of them. An object of another intent
// may have fields that this one drops, unless another field manager applies it, which takes none away.
func (a *Applier) isSettled(wanted *prepared, current client.Object) bool {
	if current == nil || wanted.IsIncomplete {
		return false
	}
	if current.GetAnnotations()[AnnotationIntent] != wanted.hash {
		return wanted.Manager != "" && wanted.unlike(current) == ""
	}
	answer := wanted.unlike(current)
	if answer != "" && answer != a.settled.answerTo(wanted.key()) {
		return false
	}
	a.settled.note(wanted.key(), answer) // an answer of before is none once the object was as wanted.
	return true
}

// write writes the intent onto what is there. A creation that meets an object which the cache does not show is told whose that is: somebody
// else's, or one of the owner's, whose label was stripped or which the cache has not seen yet. The intent was made without knowing the
// latter, which is remembered for the next one.
func (a *Applier) write(ctx context.Context, wanted *prepared, current client.Object) (client.Object, error) {
	if wanted.Confirm != nil {
		if err := wanted.Confirm(ctx); err != nil {
			return current, err
		}
	}
	version := absentVersion
	if current != nil {
		version = current.GetResourceVersion()
	}
	object, err := a.patch(ctx, wanted, version)
	if current != nil && isInTheWay(err) {
		object, err = a.patchClaiming(ctx, wanted, version, err)
	}
	switch {
	case err == nil:
		a.settled.note(wanted.key(), wanted.unlike(object))
		return object, nil
	case IsConflict(err):
		foreign, err := a.lookAgain(ctx, wanted.key(), wanted.Owner, wanted.Into, err)
		if current == nil && foreign != nil {
			return foreign, a.notOwned(wanted, foreign)
		}
		return current, err
	case current != nil && IsGone(err):
		a.written.Forget(wanted.Kind, wanted.key().NamespacedName)
		return current, wanted.key().changed(err)
	}
	return current, err
}

func (a *Applier) patch(ctx context.Context, wanted *prepared, version string) (client.Object, error) {
	body, err := wanted.body(version)
	if err != nil {
		return nil, fmt.Errorf("marshal the patch of %s %s: %w", wanted.Kind, wanted.Name, err)
	}
	object := emptyLike(wanted.Into)
	object.SetNamespace(wanted.Namespace)
	object.SetName(wanted.Name)
	err = a.written.During(wanted.Kind, object, func() error {
		return a.writer.Patch(ctx, object, client.RawPatch(types.ApplyPatchType, body),
			client.ForceOwnership, client.FieldOwner(cmp.Or(wanted.Manager, a.manager)), onlyTheSchema)
	})
	return object, err
}

func (a *Applier) notOwned(wanted *prepared, current client.Object) error {
	foreign := &NotOwnedError{
		Kind: wanted.Kind, Name: wanted.Name, Owner: OwnerOf(current), Ending: current.GetDeletionTimestamp() != nil,
	}
	if _, isMarked := current.GetAnnotations()[AnnotationIntent]; isMarked {
		foreign.Marked = current.GetResourceVersion()
	}
	return a.refused.note(wanted.attempt(), foreign)
}

// Delete removes an object that the owner controls, as it was looked at, once confirm, which may be nil, agrees. Errors are those
// of Apply.
func (a *Applier) Delete(
	ctx context.Context, kind string, owner types.UID, cached client.Object, confirm func(context.Context) error,
) error {
	name := client.ObjectKeyFromObject(cached)
	current, _ := Newest(a.written, kind, name, cached)
	if !isControlledBy(current, owner) || current.GetDeletionTimestamp() != nil {
		return nil
	}
	return a.Try(Write{Kind: kind, Namespace: name.Namespace, Name: name.Name, What: "deletion"}, func() error {
		if confirm != nil {
			if err := confirm(ctx); err != nil {
				return err
			}
		}
		uid, version := current.GetUID(), current.GetResourceVersion()
		err := a.writer.Delete(ctx, current, client.Preconditions{UID: &uid, ResourceVersion: &version})
		switch {
		case IsConflict(err):
			_, err := a.lookAgain(ctx, objectKey{kind, name}, owner, current, err)
			return err
		case err == nil, IsGone(err):
			a.written.Forget(kind, name)
			return nil
		default:
			return err
		}
	})
}

// Forget drops everything that is remembered of an object.
func (a *Applier) Forget(kind string, name types.NamespacedName) {
	a.written.Forget(kind, name)
	a.refused.forgetObject(objectKey{kind, name})
	a.settled.note(objectKey{kind, name}, "")
}

func emptyLike(object client.Object) client.Object {
	empty, _ := reflect.New(reflect.TypeOf(object).Elem()).Interface().(client.Object)
	return empty
}

func isControlledBy(object client.Object, owner types.UID) bool {
	controller := metav1.GetControllerOfNoCopy(object)
	return controller != nil && controller.UID == owner
}
