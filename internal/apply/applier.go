// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
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
// of all that it allocates for an ElasticWeb's creation, see docs/performance.md. A body that json.Marshal made has none. Unknown fields are refused all the same.
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
// it has none. It returns the object as it now is, and whether a write was needed. Errors are
// *RefusedError (which wraps a *NotOwnedError where the object is somebody else's), *ChangedError, or those
// of the API server that may pass by themselves.
func (a *Applier) Apply(ctx context.Context, intent Intent, cached client.Object) (current client.Object, wrote bool, err error) {
	wanted, err := prepare(intent)
	if err != nil {
		return nil, false, err
	}
	current, err = a.newest(ctx, wanted, cached)
	if err != nil {
		return nil, false, err
	}
	if err := a.refused.waiting(wanted); err != nil {
		return current, false, err
	}
	if current != nil && !isControlledBy(current, intent.Owner) {
		return current, false, a.notOwned(wanted, current)
	}
	if a.isSettled(wanted, current) {
		return current, false, nil
	}
	return a.write(ctx, wanted, current)
}

// newest is the object to compare with: the cached one, the one that was written last, or a live read where
// the cache has not shown the latter for long.
func (a *Applier) newest(ctx context.Context, wanted *prepared, cached client.Object) (client.Object, error) {
	newest, unseen := Newest(a.written, wanted.kind, wanted.key().NamespacedName, cached)
	if !unseen {
		return newest, nil
	}
	return a.read(ctx, wanted)
}

// read asks the API server itself. nil means that there is no such object.
func (a *Applier) read(ctx context.Context, wanted *prepared) (client.Object, error) {
	object, isObject := wanted.into.DeepCopyObject().(client.Object)
	if !isObject {
		return nil, fmt.Errorf("%T is no object", wanted.into)
	}
	return a.readInto(ctx, wanted.key(), object)
}

func (a *Applier) readInto(ctx context.Context, key objectKey, object client.Object) (client.Object, error) {
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

// lookAgain has the next decision made on the object as the API server has it: the cache may be behind for
// long, and each try from it would be a conflict again.
func (a *Applier) lookAgain(ctx context.Context, key objectKey, owner types.UID, into client.Object, conflict error) error {
	current, err := a.readInto(ctx, key, into)
	if err != nil {
		return err
	}
	if current != nil && !isControlledBy(current, owner) {
		a.written.Forget(key.kind, key.NamespacedName)
	}
	return &ChangedError{Kind: key.kind, Name: key.Name, Err: conflict}
}

// isSettled reports whether the object has the fields of the intent already.
func (a *Applier) isSettled(wanted *prepared, current client.Object) bool {
	if current == nil || wanted.isIncomplete || current.GetAnnotations()[AnnotationIntent] != wanted.hash {
		return false
	}
	if a.settled.has(wanted, current) {
		return true
	}
	if !a.settled.accepts(wanted, current) {
		return false
	}
	a.settled.note(wanted, current)
	return true
}

func (a *Applier) write(ctx context.Context, wanted *prepared, current client.Object) (client.Object, bool, error) {
	if wanted.confirm != nil {
		if err := wanted.confirm(ctx); err != nil {
			return current, false, err
		}
	}
	version := absentVersion
	if current != nil {
		version = current.GetResourceVersion()
	}
	object, err := a.patch(ctx, wanted, version)
	switch {
	case current == nil && apierrors.IsConflict(err):
		return a.unseen(ctx, wanted, err)
	case current != nil && isInTheWay(err):
		object, err = a.patchClaiming(ctx, wanted, version, err)
	}
	if err != nil {
		return current, false, a.explain(ctx, wanted, current, err)
	}
	return object, true, a.accept(wanted, object)
}

// unseen tells why a creation met an object that the cache does not show: it is somebody else's, or one of
// the owner's, whose label was stripped or which the cache has not seen yet. The intent was made without
// knowing the latter, which is remembered for the next one.
func (a *Applier) unseen(ctx context.Context, wanted *prepared, conflict error) (client.Object, bool, error) {
	current, err := a.read(ctx, wanted)
	switch {
	case err != nil:
		return nil, false, err
	case current != nil && !isControlledBy(current, wanted.owner):
		a.written.Forget(wanted.kind, wanted.key().NamespacedName)
		return current, false, a.notOwned(wanted, current)
	}
	return nil, false, &ChangedError{Kind: wanted.kind, Name: wanted.name, Err: conflict}
}

func (a *Applier) patch(ctx context.Context, wanted *prepared, version string) (client.Object, error) {
	body, err := wanted.body(version)
	if err != nil {
		return nil, fmt.Errorf("marshal the patch of %s %s: %w", wanted.kind, wanted.name, err)
	}
	object, isObject := wanted.into.DeepCopyObject().(client.Object)
	if !isObject {
		return nil, fmt.Errorf("%T is no object", wanted.into)
	}
	object.SetNamespace(wanted.namespace)
	object.SetName(wanted.name)
	err = a.written.During(wanted.kind, object, func() error {
		return a.writer.Patch(ctx, object, client.RawPatch(types.ApplyPatchType, body),
			client.ForceOwnership, client.FieldOwner(a.manager), onlyTheSchema)
	})
	return object, err
}

// accept remembers what the API server made of the intent.
func (a *Applier) accept(wanted *prepared, object client.Object) error {
	a.refused.clear(wanted)
	return a.settled.answered(wanted, object)
}

// explain sorts the API server's errors: what changed in the meantime, what was refused, and what may pass.
func (a *Applier) explain(ctx context.Context, wanted *prepared, current client.Object, err error) error {
	switch {
	case apierrors.IsConflict(err) && current != nil:
		return a.lookAgain(ctx, wanted.key(), wanted.owner, emptyLike(current), err)
	case apierrors.IsConflict(err), apierrors.IsNotFound(err) && current != nil:
		a.written.Forget(wanted.kind, wanted.key().NamespacedName)
		return &ChangedError{Kind: wanted.kind, Name: wanted.name, Err: err}
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err), apierrors.IsBadRequest(err), apierrors.IsNotFound(err),
		isWebhookFailure(err), isUnknownField(err):
		return a.refused.note(wanted, err)
	default:
		return fmt.Errorf("apply %s %s: %w", wanted.kind, wanted.name, err)
	}
}

func (a *Applier) notOwned(wanted *prepared, current client.Object) error {
	return a.refused.note(wanted, &NotOwnedError{
		Kind: wanted.kind, Name: wanted.name, Controller: metav1.GetControllerOf(current),
	})
}

// Delete removes an object that the owner controls, as it was looked at.
func (a *Applier) Delete(ctx context.Context, kind string, owner types.UID, cached client.Object) (deleted bool, err error) {
	name := client.ObjectKeyFromObject(cached)
	current, _ := Newest(a.written, kind, name, cached)
	if !isControlledBy(current, owner) || current.GetDeletionTimestamp() != nil {
		return false, nil
	}
	uid, version := current.GetUID(), current.GetResourceVersion()
	err = a.writer.Delete(ctx, current, client.Preconditions{UID: &uid, ResourceVersion: &version})
	switch {
	case apierrors.IsNotFound(err):
		a.written.Forget(kind, name)
		return false, nil
	case apierrors.IsConflict(err):
		return false, a.lookAgain(ctx, objectKey{kind, name}, owner, emptyLike(current), err)
	case err != nil:
		return false, fmt.Errorf("delete %s %s: %w", kind, name.Name, err)
	}
	a.written.Forget(kind, name)
	return true, nil
}

// Forget drops everything that is remembered of an object.
func (a *Applier) Forget(kind string, name types.NamespacedName) {
	a.written.Forget(kind, name)
	a.refused.forget(objectKey{kind, name})
	a.settled.forget(objectKey{kind, name})
}

func emptyLike(object client.Object) client.Object {
	empty, _ := reflect.New(reflect.TypeOf(object).Elem()).Interface().(client.Object)
	return empty
}

func isControlledBy(object client.Object, owner types.UID) bool {
	controller := metav1.GetControllerOfNoCopy(object)
	return controller != nil && controller.UID == owner
}
