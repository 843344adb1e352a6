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
	"time"
	"unicode"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
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
	object, isObject := wanted.into.DeepCopyObject().(client.Object)
	if !isObject {
		return nil, fmt.Errorf("%T is no object", wanted.into)
	}
	if err := a.live.Get(ctx, wanted.key().NamespacedName, object); err != nil {
		return nil, fmt.Errorf("read who owns the fields of %s %s: %w", wanted.kind, wanted.name, err)
	}
	if object.GetResourceVersion() != version {
		return nil, &ChangedError{Kind: wanted.kind, Name: wanted.name, Err: refusal}
	}
	var inTheWay []string
	before := object.GetManagedFields()
	for range mostClaims {
		found, err := a.contest(object, wanted, refusal)
		if err != nil {
			return nil, err
		}
		inTheWay = append(inTheWay, found.inTheWay...)
		if found.entries == nil {
			break
		}
		err = a.claim(ctx, wanted, object, found.entries)
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
		return fmt.Errorf("marshal the claim on %s %s: %w", wanted.kind, wanted.name, err)
	}
	err = a.writer.Patch(ctx, object, client.RawPatch(types.JSONPatchType, body), client.FieldOwner(a.manager))
	if IsConflict(err) {
		return &ChangedError{Kind: wanted.kind, Name: wanted.name, Err: err}
	}
	if err != nil {
		return fmt.Errorf("claim fields of %s %s: %w", wanted.kind, wanted.name, err)
	}
	return nil
}

// giveBack undoes claims, also where the status was written meanwhile. Where anybody changed more, it is left to them. It does not end
// with ctx: an operator that stops must not leave fields claimed.
func (a *Applier) giveBack(ctx context.Context, wanted *prepared, object client.Object, before []metav1.ManagedFieldsEntry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), givenBackWithin)
	defer cancel()
	isOfStatus := func(entry metav1.ManagedFieldsEntry) bool { return entry.Subresource != "" }
	isOfRest := func(entry metav1.ManagedFieldsEntry) bool { return entry.Subresource == "" }
	claimed := slices.DeleteFunc(slices.Clone(object.GetManagedFields()), isOfStatus)
	before = slices.DeleteFunc(slices.Clone(before), isOfStatus)
	var err error
	for range mostClaims {
		now := object.GetManagedFields()
		rest := slices.DeleteFunc(slices.Clone(now), isOfStatus)
		if !equality.Semantic.DeepEqual(rest, claimed) || equality.Semantic.DeepEqual(rest, before) {
			return nil
		}
		err = a.claim(ctx, wanted, object, append(slices.DeleteFunc(slices.Clone(now), isOfRest), before...))
		if _, hasChanged := errors.AsType[*ChangedError](err); !hasChanged {
			return err
		}
		if err := a.live.Get(ctx, wanted.key().NamespacedName, object); err != nil {
			return client.IgnoreNotFound(err)
		}
	}
	return err
}

// contested is what of others may be in the way, in words, and the field managers after the claim of what can be claimed; nil where
// nothing can be.
type contested struct {
	inTheWay []string
	entries  []metav1.ManagedFieldsEntry
}

func (a *Applier) contest(object client.Object, wanted *prepared, refusal error) (result contested, err error) {
	intended, err := wanted.fields()
	if err != nil {
		return result, err
	}
	live, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return result, fmt.Errorf("convert %s %s: %w", wanted.kind, wanted.name, err)
	}
	rivals := rivalry{live: live, intent: intended, complaints: complaintsOf(refusal)}
	var entries []metav1.ManagedFieldsEntry
	claimed, owned, mine := fieldpath.NewSet(), fieldpath.NewSet(), -1
	for _, entry := range object.GetManagedFields() {
		if entry.Subresource != "" || entry.FieldsV1 == nil {
			entries = append(entries, entry)
			continue
		}
		fields, err := fieldsOf(entry)
		if err != nil {
			return result, err
		}
		owned = owned.Union(fields)
		if entry.Manager == a.manager && entry.Operation == metav1.ManagedFieldsOperationApply {
			mine = len(entries)
			entries = append(entries, entry)
			continue
		}
		taken, left := rivals.among(fields)
		claimed = claimed.Union(taken)
		for _, path := range rivals.suspects(fields) {
			result.inTheWay = append(result.inTheWay, path+" ("+entry.Manager+")")
		}
		if !left.Empty() {
			entries = append(entries, withFields(entry, left))
		}
	}
	claimed = claimed.Union(rivals.unowned(owned))
	if mine < 0 || claimed.Empty() {
		return result, nil
	}
	own, err := fieldsOf(entries[mine])
	if err != nil {
		return result, err
	}
	entries[mine] = withFields(entries[mine], own.Union(claimed))
	result.entries = entries
	return result, nil
}

func fieldsOf(entry metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	fields := &fieldpath.Set{}
	if err := fields.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
		return nil, fmt.Errorf("read the fields of %s: %w", entry.Manager, err)
	}
	return fields, nil
}

// fieldsIn are the fields of an object's spec, as field managers have them.
func fieldsIn(object map[string]any) *fieldpath.Set {
	fields := fieldpath.NewSet()
	var add func(path fieldpath.Path, of any, keys []string)
	add = func(path fieldpath.Path, of any, keys []string) {
		switch of := of.(type) {
		case map[string]any:
			for name, member := range of {
				add(append(path[:len(path):len(path)], fieldpath.MakePathOrDie(name)...), member, listKeys[name])
			}
			if len(of) == 0 || len(path) > 0 && path[len(path)-1].Key != nil {
				fields.Insert(path)
			}
		case []any:
			if keys == nil {
				fields.Insert(path)
			}
			for _, element := range of {
				if key := keyOf(element, keys); key != nil {
					add(append(path[:len(path):len(path)], fieldpath.PathElement{Key: key}), element, nil)
				}
			}
		default:
			fields.Insert(path)
		}
	}
	add(fieldpath.MakePathOrDie("spec"), object["spec"], nil)
	return fields
}

// keyOf is the key of an element of a list that is merged; nil where it has none.
func keyOf(element any, keys []string) *value.FieldList {
	members, _ := element.(map[string]any)
	var key value.FieldList
	for _, name := range keys {
		if member, isThere := members[name]; isThere {
			key = append(key, value.Field{Name: name, Value: value.NewValueInterface(member)})
		}
	}
	if key == nil {
		return nil
	}
	key.Sort()
	return &key
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
	complaints   []complaint
}

// among are those of the fields that are to be taken, and the others.
func (r rivalry) among(fields *fieldpath.Set) (taken, left *fieldpath.Set) {
	taken = fieldpath.NewSet()
	fields.Iterate(func(path fieldpath.Path) {
		if left := r.leaves(path); left >= 0 && r.isRival(path, left) {
			taken.Insert(path.Copy())
		}
	})
	return taken, fields.Difference(taken)
}

// unowned are those that nobody owns, as what an admission policy made of an element of a list. Other fields that are nobody's are
// defaults.
func (r rivalry) unowned(owned *fieldpath.Set) *fieldpath.Set {
	taken := fieldpath.NewSet()
	fieldsIn(r.live).Difference(owned).Iterate(func(path fieldpath.Path) {
		if left := r.leaves(path); left >= 0 && path[left].Key != nil && r.isRival(path, left) {
			taken.Insert(path.Copy())
		}
	})
	return taken
}

// leaves is the step at which a path leaves the fields of the intent; -1 where it does not.
func (r rivalry) leaves(path fieldpath.Path) int {
	for i := range path {
		if valueAt(r.intent, path[:i+1]) == nil {
			return i
		}
	}
	return -1
}

// isRival reports whether the API server complains of a path that leaves the intent at a step: of it by itself, as of the sibling of a
// field within an element of a list, as of another element of the same name, or by naming it while it complains of another field.
func (r rivalry) isRival(path fieldpath.Path, left int) bool {
	isElement, parent := path[left].Key != nil, plainPath(path[:left])
	for _, about := range r.complaints {
		isBelow := strings.HasPrefix(plainPath(path)+".", about.path+".")
		isSame, isSibling := parent == about.path || isBelow, parent == about.parent()
		switch {
		case isElement && (isSame || isSibling) && r.isNamesake(path[:left+1]):
			return true
		case isElement && isBelow && about.isForbidden:
			return true // that field of their element, no more.
		case !isElement && (isSame || about.isOfElementBeside(path[:left+1]) || about.mentions(path[left], parent)):
			return true
		}
	}
	return false
}

// suspects are those of the fields that may be in the way, whether they are claimed or not: they stand beside what is
// complained of, or have the value that is.
func (r rivalry) suspects(fields *fieldpath.Set) (suspects []string) {
	fields.Leaves().Iterate(func(path fieldpath.Path) {
		left := r.leaves(path)
		if left < 0 || path[0].FieldName == nil || *path[0].FieldName != "spec" {
			return
		}
		for _, about := range r.complaints {
			isBeside := path[left].Key == nil && plainPath(path[:left]) == about.parent() && about.concernsSiblings(path[:left+1])
			isOfElement := path[left].Key != nil && plainPath(path) == about.path && about.says(valueAt(r.live, path))
			if isBeside || isOfElement || r.isRival(path, left) {
				suspects = append(suspects, strings.TrimPrefix(path.String(), "."))
				return
			}
		}
	})
	return suspects
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

// A path in an error of the API server has the indexes of lists, and the keys of maps in brackets, which one of a field manager has
// not.
var (
	listIndex = regexp.MustCompile(`\[\d+\]`)
	mapKey    = regexp.MustCompile(`\[([^\]]*)\]`)
	wholeMap  = regexp.MustCompile(`^metadata[^\[]*$`)
)

// duplicateNodePort is what the API server says of two ports with the same node port, as an internal error
// and before it checks anything else.
const duplicateNodePort = "duplicate nodePort"

// isInTheWay reports whether an object was refused for what is in it.
func isInTheWay(err error) bool {
	return err != nil && !IsDenial(err) && (apierrors.IsInvalid(err) || strings.Contains(err.Error(), duplicateNodePort))
}

// complaint is what the API server has against a field.
type complaint struct {
	// path of the field as plainPath gives it.
	path        string
	message     string
	isForbidden bool
}

func (c complaint) parent() string { return c.path[:max(strings.LastIndex(c.path, "."), 0)] }

// mentions reports whether the complaint names a field that stands beside, or above, the one that it is about. A name of a single word
// may just be a word.
func (c complaint) mentions(step fieldpath.PathElement, parent string) bool {
	if step.FieldName == nil || strings.ToLower(*step.FieldName) == *step.FieldName || !strings.HasPrefix(c.path, parent+".") {
		return false
	}
	return slices.Contains(words(c.message), *step.FieldName)
}

// isOfElementBeside reports whether a field within an element of a list may have to do with the one beside it that the complaint is about.
func (c complaint) isOfElementBeside(path fieldpath.Path) bool {
	above := path[:len(path)-1]
	isInElement := slices.ContainsFunc(above, func(step fieldpath.PathElement) bool { return step.Key != nil })
	return isInElement && plainPath(above) == c.parent() && c.concernsSiblings(path)
}

// concernsSiblings reports whether a field that stands beside the one that the complaint is about may have to do with it. The direct fields
// of an element, as a container, have little in common: a value that is wrong by itself is, whatever stands beside it.
func (c complaint) concernsSiblings(path fieldpath.Path) bool {
	isDirect := len(path) > 1 && path[len(path)-2].Key != nil
	return c.isForbidden || !isDirect || c.says(*path[len(path)-1].FieldName)
}

// says reports whether the complaint has a value in its words.
func (c complaint) says(value any) bool {
	return value != nil && slices.Contains(words(c.message), fmt.Sprint(value))
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// complaintsOf are those of a refusal.
func complaintsOf(refusal error) []complaint {
	if strings.Contains(refusal.Error(), duplicateNodePort) {
		return []complaint{{path: "spec.ports.nodeport"}}
	}
	status, isStatus := errors.AsType[*apierrors.StatusError](refusal)
	if !isStatus || status.ErrStatus.Details == nil {
		return nil
	}
	var all []complaint
	for _, cause := range status.ErrStatus.Details.Causes {
		if wholeMap.MatchString(cause.Field) {
			continue // it names no annotation, and so nobody's.
		}
		path := mapKey.ReplaceAllString(listIndex.ReplaceAllString(cause.Field, ""), ".$1")
		all = append(all, complaint{strings.ToLower(path), cause.Message, cause.Type == metav1.CauseTypeForbidden})
	}
	return all
}

// plainPath is the path of a field without the indexes and keys of lists, and without regard to the case: the API server speaks of
// spec.LoadBalancerSourceRanges.
func plainPath(path fieldpath.Path) string {
	var names []string
	for _, step := range path {
		if step.FieldName != nil {
			names = append(names, *step.FieldName)
		}
	}
	return strings.ToLower(strings.Join(names, "."))
}
