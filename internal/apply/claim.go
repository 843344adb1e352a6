// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// mostClaims is how often fields are claimed for one write: what is mended may bring up the next complaint.
const mostClaims = 3

// givenBackWithin is how long it may take to undo a claim.
const givenBackWithin = 5 * time.Second

// patchClaiming tries once more where something that others own stands in the way of the intent. Where that does not help, or nothing
// can be claimed, the refusal names what may be in the way, and whose it is.
//
// It takes over what somebody put in the place of a field of the intent, and what the API server does not let stand beside it: a port
// that was renumbered, a probe of another kind, a deadline that is too late for ours. Server-side apply never removes what others
// own, so that the intent would be refused for ever. Only the ownership changes here: the next apply then drops the fields. Where it is
// refused all the same, what was claimed is given back: else it would be dropped with whatever is applied later.
func (a *Applier) patchClaiming(ctx context.Context, wanted *prepared, version string, refusal error) (client.Object, error) {
	object := emptyLike(wanted.Into)
	if err := a.live.Get(ctx, wanted.key().NamespacedName, object); err != nil {
		return nil, fmt.Errorf("read who owns the fields of %s %s: %w", wanted.Kind, wanted.Name, err)
	}
	if object.GetResourceVersion() != version {
		return nil, wanted.key().changed(refusal)
	}
	var inTheWay []string
	before := object.GetManagedFields()
	for range mostClaims {
		found, entries, err := a.contest(object, wanted, refusal)
		if err != nil {
			return nil, err
		}
		inTheWay = append(inTheWay, found...)
		if entries == nil {
			break
		}
		err = a.claim(ctx, wanted, object, entries)
		if isInTheWay(err) {
			break // without its fields, the object as it is stored is invalid, whoever owns them.
		}
		var applied client.Object
		if err == nil {
			applied, err = a.patch(ctx, wanted, object.GetResourceVersion())
		}
		if err == nil {
			return applied, nil
		}
		if !isInTheWay(err) {
			return nil, errors.Join(err, a.giveBack(ctx, wanted, object, before))
		}
		refusal = err
	}
	if err := a.giveBack(ctx, wanted, object, before); err != nil {
		return nil, err
	}
	if len(inTheWay) == 0 {
		return nil, refusal
	}
	slices.Sort(inTheWay)
	return nil, &ForeignFieldsError{Fields: slices.Compact(inTheWay), Err: refusal}
}

// claim gives the object other field managers. The version is no "test": where that fails, the patch is invalid, and so it is where the
// object is, which is no conflict.
func (a *Applier) claim(ctx context.Context, wanted *prepared, object client.Object, entries []metav1.ManagedFieldsEntry) error {
	body, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/resourceVersion", "value": object.GetResourceVersion()},
		{"op": "replace", "path": "/metadata/managedFields", "value": entries},
	})
	if err != nil {
		return fmt.Errorf("marshal the claim on %s %s: %w", wanted.Kind, wanted.Name, err)
	}
	err = a.writer.Patch(ctx, object, client.RawPatch(types.JSONPatchType, body), client.FieldOwner(a.manager))
	if IsConflict(err) {
		return wanted.key().changed(err)
	}
	if err != nil {
		return fmt.Errorf("claim fields of %s %s: %w", wanted.Kind, wanted.Name, err)
	}
	return nil
}

// giveBack undoes claims, however often the status is written meanwhile. Where anybody changed more, it is left to them. It does not end
// with ctx: an operator that stops must not leave fields claimed.
func (a *Applier) giveBack(ctx context.Context, wanted *prepared, object client.Object, before []metav1.ManagedFieldsEntry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), givenBackWithin)
	defer cancel()
	isOfStatus := func(entry metav1.ManagedFieldsEntry) bool { return entry.Subresource != "" }
	isOfRest := func(entry metav1.ManagedFieldsEntry) bool { return entry.Subresource == "" }
	claimed := slices.DeleteFunc(slices.Clone(object.GetManagedFields()), isOfStatus)
	before = slices.DeleteFunc(slices.Clone(before), isOfStatus)
	for {
		now := object.GetManagedFields()
		rest := slices.DeleteFunc(slices.Clone(now), isOfStatus)
		if !equality.Semantic.DeepEqual(rest, claimed) || equality.Semantic.DeepEqual(rest, before) {
			return nil
		}
		err := a.claim(ctx, wanted, object, append(slices.DeleteFunc(slices.Clone(now), isOfRest), before...))
		if _, hasChanged := errors.AsType[*ChangedError](err); !hasChanged {
			return err
		}
		if err := a.live.Get(ctx, wanted.key().NamespacedName, object); err != nil {
			return client.IgnoreNotFound(err)
		}
	}
}

// contest gives what of others may be in the way, in words, and the field managers after the claim of what can be claimed; nil where
// nothing can be.
func (a *Applier) contest(object client.Object, wanted *prepared, refusal error) (
	inTheWay []string, entries []metav1.ManagedFieldsEntry, err error,
) {
	rivals, err := rivalryOf(object, wanted, refusal)
	if err != nil {
		return nil, nil, err
	}
	claimed, owned, own, mine := fieldpath.NewSet(), fieldpath.NewSet(), fieldpath.NewSet(), -1
	for _, entry := range object.GetManagedFields() {
		if entry.Subresource != "" || entry.FieldsV1 == nil {
			entries = append(entries, entry)
			continue
		}
		fields := &fieldpath.Set{}
		if err := fields.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
			return nil, nil, fmt.Errorf("read the fields of %s: %w", entry.Manager, err)
		}
		owned = owned.Union(fields)
		if entry.Manager == a.manager && entry.Operation == metav1.ManagedFieldsOperationApply {
			own, mine = fields, len(entries)
			entries = append(entries, entry)
			continue
		}
		taken := rivals.among(fields)
		claimed = claimed.Union(taken)
		for _, path := range rivals.suspects(fields) {
			inTheWay = append(inTheWay, path+" ("+entry.Manager+")")
		}
		if left := fields.Difference(taken); !left.Empty() {
			entries = append(entries, withFields(entry, left))
		}
	}
	claimed = claimed.Union(rivals.unowned(owned))
	if mine < 0 || claimed.Empty() {
		return inTheWay, nil, nil
	}
	entries[mine] = withFields(entries[mine], own.Union(claimed))
	return inTheWay, entries, nil
}

func withFields(entry metav1.ManagedFieldsEntry, fields *fieldpath.Set) metav1.ManagedFieldsEntry {
	text, err := fields.ToJSON()
	if err != nil {
		return entry // what came from JSON can go back to it.
	}
	entry.FieldsV1 = metav1.NewFieldsV1(string(text))
	return entry
}
