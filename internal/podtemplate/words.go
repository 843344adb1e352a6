// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"
)

// Words say of fields where the user's template has them.
type Words struct{ template object }

// WordsOf are those of a spec's podTemplate, as the user wrote it; nil for none. It is one that Resolve took.
func WordsOf(template *runtime.RawExtension) (words Words) {
	if template != nil {
		_ = kjson.UnmarshalCaseSensitivePreserveInts(template.Raw, &words.template)
	}
	return words
}

// Names reports whether the template adds a container, or an init container, of that name.
func (w Words) Names(container string) bool {
	return slices.Contains(w.OtherContainers(), container)
}

// OtherContainers are the names of the containers and init containers that the template adds.
func (w Words) OtherContainers() (names []string) {
	for _, list := range []string{"containers", "initContainers"} {
		containers, _ := w.pods()[list].([]any)
		for _, each := range containers {
			has, _ := each.(object)
			if name, _ := has["name"].(string); name != "" && name != Container {
				names = append(names, name)
			}
		}
	}
	return names
}

func (w Words) pods() object {
	pods, _ := w.template["spec"].(object)
	return pods
}

// specField is a field of a spec, be it an ElasticWeb's, a Deployment's or a pod's. An item of a list has its place, or its name.
var specField = regexp.MustCompile(`\bspec\.` + step + `(?:\.` + step + `)*(?:: (?:Invalid|Required|Unsupported|Duplicate) value|: Forbidden)?`)

const step = `[A-Za-z][A-Za-z0-9]*(?:\[(?:\d+|name="[^"]*")\])?`

// Say is a text in which the fields that the template says are named by their path in it: the API server names them by that in the
// Deployment or the pod, the operator by the field of the spec that they have, too.
func (w Words) Say(text string) string {
	if w.template == nil {
		return text
	}
	return specField.ReplaceAllStringFunc(text, func(found string) string {
		field, complaint, isComplaint := strings.Cut(found, ": ")
		if isComplaint {
			complaint = ": " + complaint
		}
		return cmp.Or(w.place(strings.Split(field, ".")[1:], isComplaint), field) + complaint
	})
}

// place is where the template says a field; "" where it does not. What is complained of is a Deployment's field, or a pod's: the operator
// complains of none of an ElasticWeb's that way.
func (w Words) place(path []string, isComplaint bool) string {
	switch {
	case path[0] == "template" && len(path) > 1 && path[1] == "spec":
		return w.ofPod(path[2:])
	case path[0] == "template":
		return w.ofMetadata(path[1:])
	case !isComplaint:
		if found, isField := w.ofField(path); isField {
			return found
		}
	}
	return w.ofPod(path)
}

// ofMetadata is where the template says labels or annotations, in the path of which the API server leaves out the metadata.
func (w Words) ofMetadata(path []string) string {
	metadata, _ := w.template["metadata"].(object)
	if len(path) > 0 && path[0] == "metadata" {
		path = path[1:]
	}
	if len(path) == 0 || metadata[path[0]] == nil {
		return ""
	}
	return strings.Join(append([]string{root, "metadata"}, path...), ".")
}

// ofField is where the template says what the ElasticWeb has a field for; "" where it does not. Pods have some of that name, too, but it is
// the ElasticWeb's that is spoken of most.
func (w Words) ofField(path []string) (found string, isField bool) {
	for _, part := range partsOf(w.template) {
		for name, field := range part.fields {
			if field != path[0] {
				continue
			}
			if isField = true; part.object[name] != nil {
				found = strings.Join(append([]string{part.path, name}, path[1:]...), ".")
			}
		}
	}
	return found, isField
}

// ofPod is where the template says a field of the pods; "" where it does not. In these the operator's container stands before the
// template's, and its port before the template's ports.
func (w Words) ofPod(path []string) string {
	if len(path) == 0 {
		return ""
	}
	pods := w.pods()
	name, index := indexed(path[0])
	value, isThere := pods[name]
	list, _ := value.([]any)
	own, web := ownContainer(pods)
	at := place(list, index)
	if name == "containers" && (index == "0" || web != nil && at == own && index != strconv.Itoa(at)) {
		return w.ofOwn(own, web, path[1:])
	}
	if isPlace := index == strconv.Itoa(at); isPlace && name == "containers" && (web == nil || at <= own) {
		at--
	}
	switch {
	case !isThere, index != "" && (at < 0 || at >= len(list)):
		return ""
	case index != "":
		name = fmt.Sprintf("%s[%d]", name, at)
	}
	return strings.Join(append([]string{root, "spec", name}, path[1:]...), ".")
}

// ofOwn is where the template says a field of the operator's own container.
func (w Words) ofOwn(own int, web object, path []string) string {
	if len(path) == 0 {
		return ""
	}
	name, index := indexed(path[0])
	list, _ := web[name].([]any)
	at := place(list, index)
	if name == "ports" && index == strconv.Itoa(at) {
		at--
	}
	switch _, isThere := web[name]; {
	case !isThere, index != "" && (at < 0 || at >= len(list)):
		return ""
	case index != "":
		name = fmt.Sprintf("%s[%d]", name, at)
	}
	return strings.Join(append([]string{fmt.Sprintf("%s.spec.containers[%d]", root, own), name}, path[1:]...), ".")
}

// indexed takes a field of a list apart; the index is "" where it has none.
func indexed(field string) (name, index string) {
	name, index, _ = strings.Cut(field, "[")
	return name, strings.TrimSuffix(index, "]")
}

// place is the place in a list that an index stands for; -1 for none.
func place(list []any, index string) int {
	if name, isName := strings.CutPrefix(index, `name=`); isName {
		return slices.IndexFunc(list, func(item any) bool {
			has, _ := item.(object)
			return fmt.Sprintf("%q", has["name"]) == name
		})
	}
	at, err := strconv.Atoi(index)
	if err != nil {
		return -1
	}
	return at
}
