// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// rivalry tells which fields of others stand in the way of the intent.
type rivalry struct {
	live, intent fields
	complaints   []complaint
}

func rivalryOf(object client.Object, wanted *prepared, refusal error) (rivalry, error) {
	live, err := fieldsOf(object)
	if err != nil {
		return rivalry{}, fmt.Errorf("convert %s %s: %w", wanted.Kind, wanted.Name, err)
	}
	intent, err := fieldsOf(wanted.Configuration)
	if err != nil {
		return rivalry{}, fmt.Errorf("convert the apply configuration of %s %s: %w", wanted.Kind, wanted.Name, err)
	}
	return rivalry{live, intent, complaintsOf(refusal)}, nil
}

// among are those of the fields that are to be taken.
func (r rivalry) among(fields *fieldpath.Set) *fieldpath.Set {
	taken := fieldpath.NewSet()
	for path := range fields.All() {
		if left := r.leaves(path); left >= 0 && r.isRival(path, left) {
			taken.Insert(path.Copy())
		}
	}
	return taken
}

// unowned are those that nobody owns, as what an admission policy made of an element of a list. Other fields that are nobody's are
// defaults.
func (r rivalry) unowned(owned *fieldpath.Set) *fieldpath.Set {
	ofElements := fieldpath.NewSet()
	for path := range r.live.leaves.Difference(owned).All() {
		if left := r.leaves(path); left >= 0 && path[left].Key != nil && isOfSpec(path) {
			ofElements.Insert(path.Copy())
		}
	}
	return r.among(ofElements)
}

// isOfSpec leaves out owners and the like, which the refusal of a spec has nothing to do with.
func isOfSpec(path fieldpath.Path) bool { return path[0].String() == ".spec" }

// leaves is the step at which a path leaves the fields of the intent; -1 where it does not.
func (r rivalry) leaves(path fieldpath.Path) int {
	for i := range path {
		if r.intent.values[path[:i+1].String()] == nil {
			return i
		}
	}
	return -1
}

// isRival reports whether the API server complains of a path that leaves the intent at a step: of it by itself, as of the sibling of a
// field within an element of a list, as of another element of the same name, or by naming it while it complains of another field.
func (r rivalry) isRival(path fieldpath.Path, left int) bool {
	first, parent := path[:left+1], plainPath(path[:left])
	isElement := path[left].Key != nil
	isInElement := slices.ContainsFunc(path[:left], func(step fieldpath.PathElement) bool { return step.Key != nil })
	return slices.ContainsFunc(r.complaints, func(about complaint) bool {
		isBelow := strings.HasPrefix(plainPath(path)+".", about.path+".")
		isSame := parent == about.path || isBelow
		if !isElement {
			return isSame || isInElement && about.isBeside(first) || about.mentions(path[left], parent)
		}
		isForbidden := isBelow && about.isForbidden // that field of their element, no more.
		return isForbidden || (isSame || parent == about.parent()) && r.isNamesake(first)
	})
}

// suspects are those of the fields that may be in the way, whether they are claimed or not: they stand beside what is
// complained of, or have the value that is.
func (r rivalry) suspects(fields *fieldpath.Set) (suspects []string) {
	for path := range fields.Leaves().All() {
		left := r.leaves(path)
		if left < 0 || !isOfSpec(path) {
			continue
		}
		isSuspect := slices.ContainsFunc(r.complaints, func(about complaint) bool {
			if path[left].Key == nil {
				return about.isBeside(path[:left+1])
			}
			return plainPath(path) == about.path && about.says(r.live.values[path.String()])
		})
		if isSuspect || r.isRival(path, left) {
			suspects = append(suspects, strings.TrimPrefix(path.String(), "."))
		}
	}
	return suspects
}

// isNamesake reports whether an element of a list has the name, or the node port, of one of the intent's.
func (r rivalry) isNamesake(path fieldpath.Path) bool {
	theirs, _ := r.live.values[path.String()].(map[string]any)
	ours, _ := r.intent.values[path[:len(path)-1].String()].([]any)
	return slices.ContainsFunc(ours, func(element any) bool {
		our, _ := element.(map[string]any)
		return our["name"] != nil && our["name"] == theirs["name"] || our["nodePort"] != nil && our["nodePort"] == theirs["nodePort"]
	})
}

// fields are those of an object, as field managers have them.
type fields struct {
	leaves *fieldpath.Set
	// values by their paths, those of maps, lists and their elements included.
	values map[string]any
}

func fieldsOf(object any) (fields, error) {
	found := fields{fieldpath.NewSet(), map[string]any{}}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	found.add(nil, content, nil)
	return found, err
}

func (f fields) add(path fieldpath.Path, value any, keys []string) {
	f.values[path.String()] = value
	isLeaf := true
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			f.add(append(slices.Clip(path), fieldpath.FieldNameElement(name)), member, listKeys[name])
		}
		isLeaf = len(value) == 0 || len(path) > 0 && path[len(path)-1].Key != nil
	case []any:
		for _, element := range value {
			if key := keyOf(element, keys); key != nil {
				f.add(append(slices.Clip(path), fieldpath.KeyElementByFields(key...)), element, nil)
			}
		}
		isLeaf = keys == nil
	}
	if isLeaf {
		f.leaves.Insert(path)
	}
}

// keyOf is the names and values of the keys that an element of a list has.
func keyOf(element any, keys []string) (key []any) {
	members, _ := element.(map[string]any)
	for _, name := range keys {
		if member, isThere := members[name]; isThere {
			key = append(key, name, member)
		}
	}
	return key
}
