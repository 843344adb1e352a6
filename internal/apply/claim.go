// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// patchClaiming tries once more where something that others own stands in the way of the intent.
func (a *Applier) patchClaiming(ctx context.Context, wanted *prepared, version string, refusal error) (client.Object, error) {
	claimed, err := a.claim(ctx, wanted, version, refusal)
	if err != nil {
		return nil, err
	}
	if claimed == "" {
		return nil, refusal
	}
	return a.patch(ctx, wanted, claimed)
}

// claim takes over what somebody put in the place of a field of the intent, and what the API server does not
// let stand beside it: a port that was renumbered, a probe of another kind. Server-side apply never removes
// what others own, so that the intent would be refused for ever. Only the ownership changes here: the next
// apply then drops the fields. It returns the object's new version, "" where nothing stands in the way.
func (a *Applier) claim(ctx context.Context, wanted *prepared, version string, refusal error) (string, error) {
	object, isObject := wanted.into.DeepCopyObject().(client.Object)
	if !isObject {
		return "", fmt.Errorf("%T is no object", wanted.into)
	}
	if err := a.live.Get(ctx, wanted.key().NamespacedName, object); err != nil {
		return "", fmt.Errorf("read who owns the fields of %s %s: %w", wanted.kind, wanted.name, err)
	}
	if object.GetResourceVersion() != version {
		return "", &ChangedError{Kind: wanted.kind, Name: wanted.name, Err: refusal}
	}
	entries, err := a.reassign(object, wanted, causes(refusal))
	if err != nil || entries == nil {
		return "", err
	}
	body, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/resourceVersion", "value": version},
		{"op": "replace", "path": "/metadata/managedFields", "value": entries},
	})
	if err != nil {
		return "", fmt.Errorf("marshal the claim on %s %s: %w", wanted.kind, wanted.name, err)
	}
	err = a.writer.Patch(ctx, object, client.RawPatch(types.JSONPatchType, body), client.FieldOwner(a.manager))
	if apierrors.IsConflict(err) || apierrors.IsInvalid(err) { // a failed test is an invalid patch.
		return "", &ChangedError{Kind: wanted.kind, Name: wanted.name, Err: err}
	}
	if err != nil {
		return "", fmt.Errorf("claim fields of %s %s: %w", wanted.kind, wanted.name, err)
	}
	return object.GetResourceVersion(), nil
}

// reassign is the field managers of an object after the claim; nil where there is nothing to claim.
func (a *Applier) reassign(object client.Object, wanted *prepared, causes []string) ([]metav1.ManagedFieldsEntry, error) {
	intended, err := wanted.fields()
	if err != nil {
		return nil, err
	}
	live, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("convert %s %s: %w", wanted.kind, wanted.name, err)
	}
	var mine *fieldpath.Set
	var entries, others []metav1.ManagedFieldsEntry
	for _, entry := range object.GetManagedFields() {
		switch {
		case entry.Subresource != "" || entry.FieldsV1 == nil:
			entries = append(entries, entry)
		case entry.Manager == a.manager && entry.Operation == metav1.ManagedFieldsOperationApply:
			if mine, err = fieldsOf(entry); err != nil {
				return nil, err
			}
			entries = append([]metav1.ManagedFieldsEntry{entry}, entries...)
		default:
			others = append(others, entry)
		}
	}
	if mine == nil {
		return nil, nil
	}
	rivals := rivalry{live: live, intent: intended, causes: causes}
	claimed := fieldpath.NewSet()
	for _, entry := range others {
		fields, err := fieldsOf(entry)
		if err != nil {
			return nil, err
		}
		taken := rivals.among(fields)
		claimed = claimed.Union(taken)
		if left := fields.Difference(taken); !left.Empty() {
			entries = append(entries, withFields(entry, left))
		}
	}
	if claimed.Empty() {
		return nil, nil
	}
	entries[0] = withFields(entries[0], mine.Union(claimed))
	return entries, nil
}

func fieldsOf(entry metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	fields := &fieldpath.Set{}
	if err := fields.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
		return nil, fmt.Errorf("read the fields of %s: %w", entry.Manager, err)
	}
	return fields, nil
}

func withFields(entry metav1.ManagedFieldsEntry, fields *fieldpath.Set) metav1.ManagedFieldsEntry {
	text, err := fields.ToJSON()
	if err != nil {
		return entry // what came from JSON can go back to it.
	}
	entry.FieldsV1 = metav1.NewFieldsV1(string(text))
	return entry
}

// rivalry tells which fields of others stand in the way of the intent.
type rivalry struct {
	live, intent map[string]any
	// causes are the fields that the API server complained of, as causes gives them.
	causes []string
}

func (r rivalry) among(fields *fieldpath.Set) *fieldpath.Set {
	rivals := fieldpath.NewSet()
	fields.Iterate(func(path fieldpath.Path) {
		if r.isRival(path) {
			rivals.Insert(path.Copy())
		}
	})
	return rivals
}

// isRival reports whether a field of somebody else's leaves the fields of the intent where the API server
// complains of them.
func (r rivalry) isRival(path fieldpath.Path) bool {
	for i := range path {
		if valueAt(r.intent, path[:i+1]) == nil {
			return r.isComplainedOf(path, i)
		}
	}
	return false
}

// isComplainedOf looks at a path that leaves the intent at a step: it is complained of by itself, as the
// sibling of a field within an element of a list, or as another element of the same name.
func (r rivalry) isComplainedOf(path fieldpath.Path, left int) bool {
	isInElement := slices.ContainsFunc(path[:left], func(step fieldpath.PathElement) bool { return step.Key != nil })
	isElement, parent := path[left].Key != nil, plainPath(path[:left])
	for _, cause := range r.causes {
		isSame := parent == cause || strings.HasPrefix(plainPath(path)+".", cause+".")
		isSibling := parent == cause[:max(strings.LastIndex(cause, "."), 0)]
		switch {
		case isElement && (isSame || isSibling):
			return r.isNamesake(path[:left+1])
		case !isElement && (isSame || isSibling && isInElement):
			return true
		}
	}
	return false
}

// isNamesake reports whether an element of a list has the name, or the node port, of one of the intent's.
func (r rivalry) isNamesake(path fieldpath.Path) bool {
	theirs, _ := valueAt(r.live, path).(map[string]any)
	ours, _ := valueAt(r.intent, path[:len(path)-1]).([]any)
	for _, unique := range []string{"name", "nodePort"} {
		if theirs[unique] != nil && find(reflect.ValueOf(ours), reflect.ValueOf(theirs), []string{unique}).IsValid() {
			return true
		}
	}
	return false
}

func valueAt(object any, path fieldpath.Path) any {
	for _, step := range path {
		switch {
		case step.FieldName != nil:
			fields, _ := object.(map[string]any)
			object = fields[*step.FieldName]
		case step.Key != nil:
			list, _ := object.([]any)
			element, keys := map[string]any{}, []string{}
			for _, key := range *step.Key {
				element[key.Name], keys = key.Value.Unstructured(), append(keys, key.Name)
			}
			found := find(reflect.ValueOf(list), reflect.ValueOf(element), keys)
			if !found.IsValid() {
				return nil
			}
			object = found.Interface()
		default:
			return nil
		}
	}
	return object
}

// listIndex is what a path in an error of the API server has, and one of a field manager has not.
var listIndex = regexp.MustCompile(`\[[^\]]*\]`)

// duplicateNodePort is what the API server says of two ports with the same node port, as an internal error
// and before it checks anything else.
const duplicateNodePort = "duplicate nodePort"

// isInTheWay reports whether an object was refused for what is in it.
func isInTheWay(err error) bool {
	return apierrors.IsInvalid(err) || err != nil && strings.Contains(err.Error(), duplicateNodePort)
}

// causes are the paths of the fields that the API server complains of, without the indexes of lists.
func causes(refusal error) []string {
	if strings.Contains(refusal.Error(), duplicateNodePort) {
		return []string{"spec.ports.nodePort"}
	}
	status, isStatus := errors.AsType[*apierrors.StatusError](refusal)
	if !isStatus || status.ErrStatus.Details == nil {
		return nil
	}
	var paths []string
	for _, cause := range status.ErrStatus.Details.Causes {
		paths = append(paths, listIndex.ReplaceAllString(cause.Field, ""))
	}
	return paths
}

// plainPath is a path in the form of causes.
func plainPath(path fieldpath.Path) string {
	var names []string
	for _, step := range path {
		if step.FieldName != nil {
			names = append(names, *step.FieldName)
		}
	}
	return strings.Join(names, ".")
}
