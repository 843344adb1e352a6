// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/applyconfigurations"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/schema"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	appsv1 "k8s.io/api/apps/v1"
)

func TestHolds(t *testing.T) {
	for name, tc := range map[string]struct {
		live, intent string
		want         bool
	}{
		"equal":                                  {`{"a":1}`, `{"a":1}`, true},
		"another value":                          {`{"a":2}`, `{"a":1}`, false},
		"a field of others":                      {`{"a":1,"b":2}`, `{"a":1}`, true},
		"a field is gone":                        {`{"b":2}`, `{"a":1}`, false},
		"a zero value that live leaves out":      {`{}`, `{"a":0,"b":"","c":false}`, true},
		"an empty struct that live leaves out":   {`{}`, `{"securityContext":{}}`, true},
		"an empty list that live leaves out":     {`{}`, `{"args":[]}`, true},
		"a defaulted field of a merged element":  {`{"ports":[{"port":80,"protocol":"TCP","nodePort":3}]}`, `{"ports":[{"port":80}]}`, true},
		"an injected sidecar":                    {`{"containers":[{"name":"proxy"},{"name":"web","image":"a"}]}`, `{"containers":[{"name":"web","image":"a"}]}`, true},
		"a changed container beside a sidecar":   {`{"containers":[{"name":"proxy"},{"name":"web","image":"b"}]}`, `{"containers":[{"name":"web","image":"a"}]}`, false},
		"a container is gone":                    {`{"containers":[{"name":"proxy"}]}`, `{"containers":[{"name":"web"}]}`, false},
		"another container port":                 {`{"ports":[{"containerPort":80,"protocol":"TCP"}]}`, `{"ports":[{"containerPort":8080,"protocol":"TCP"}]}`, false},
		"an element more in a list of one owner": {`{"args":["a","b"]}`, `{"args":["a"]}`, false},
		"an element less":                        {`{"args":["a"]}`, `{"args":["a","b"]}`, false},
		"another order":                          {`{"args":["b","a"]}`, `{"args":["a","b"]}`, false},
		"a key more in a selector":               {`{"selector":{"a":"1","b":"2"}}`, `{"selector":{"a":"1"}}`, false},
		"an empty key more in a selector":        {`{"selector":{"matchLabels":{"a":"1"},"matchExpressions":[]}}`, `{"selector":{"matchLabels":{"a":"1"}}}`, true},
		"a field more in a toleration":           {`{"tolerations":[{"key":"a","tolerationSeconds":5}]}`, `{"tolerations":[{"key":"a"}]}`, false},
		"a requirement more in a required term": {
			`{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a"}],"matchFields":[{"key":"b"}]}]}}`,
			`{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a"}]}]}}`, false},
		"a scalar where a struct was": {`{"a":1}`, `{"a":{"b":1}}`, false},
		"a scalar where a list was":   {`{"a":1}`, `{"a":[1]}`, false},
		"a list of scalars keyed":     {`{"env":["a"]}`, `{"env":["a"]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := holds(reflect.ValueOf(decode(t, tc.live)), reflect.ValueOf(decode(t, tc.intent)), comparison{}); got != tc.want {
				t.Errorf("holds(%s, %s) = %t, want %t", tc.live, tc.intent, got, tc.want)
			}
		})
	}
}

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	fields := map[string]any{}
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// TestListKeysAgreeWithTheSchema holds listKeys and wholeFields against the schema that server-side apply
// merges by, for all that the operator applies.
func TestListKeysAgreeWithTheSchema(t *testing.T) {
	converter := applyconfigurations.NewTypeConverter(clientgoscheme.Scheme)
	for _, object := range []runtime.Object{
		&appsv1.Deployment{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}},
		&corev1.Service{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}},
	} {
		value, err := converter.ObjectToTyped(object)
		if err != nil {
			t.Fatal(err)
		}
		walk(t, value, value.TypeRef(), "", map[string]bool{})
	}
}

// looseFields have one owner as a whole, and are compared loosely all the same: references, some of whose
// fields the API server defaults, and what stands inside of a field that is compared as a whole.
var looseFields = []string{
	"configMapKeyRef", "secretKeyRef", "fileKeyRef", "fieldRef", "resourceFieldRef", "secretRef", "dataSource",
	"nodePublishSecretRef", "imagePullSecrets", "ownerReferences", "evictionResponders",
	"namespaceSelector", "nodeSelectorTerms", "preference",
}

func walk(t *testing.T, value *typed.TypedValue, ref schema.TypeRef, field string, seen map[string]bool) {
	atom, found := value.Schema().Resolve(ref)
	if !found || ref.NamedType != nil && seen[field+"/"+*ref.NamedType] {
		return
	}
	if ref.NamedType != nil {
		seen[field+"/"+*ref.NamedType] = true
	}
	if atom.List != nil {
		checkList(t, atom.List, field)
		walk(t, value, atom.List.ElementType, field, seen)
	}
	if atom.Map != nil && field != "status" {
		_, isWhole := wholeFields[field]
		if atom.Map.ElementRelationship == schema.Atomic && !isWhole && !slices.Contains(looseFields, field) {
			t.Errorf("wholeFields lacks %s, which has one owner as a whole", field)
		}
		for _, child := range atom.Map.Fields {
			walk(t, value, child.Type, child.Name, seen)
		}
	}
}

func checkList(t *testing.T, list *schema.List, field string) {
	keys, isMerged := listKeys[field]
	if list.ElementRelationship != schema.Associative || len(list.Keys) == 0 {
		if isMerged && !strings.HasSuffix(field, "ports") {
			t.Errorf("listKeys has %s, which server-side apply does not merge by keys", field)
		}
		return
	}
	if field == "conditions" || field == "managedFields" || field == "podIPs" {
		return
	}
	if !isMerged {
		t.Errorf("listKeys lacks %s, which server-side apply merges by %v", field, list.Keys)
		return
	}
	for _, key := range list.Keys {
		if !slices.Contains(keys, key) {
			t.Errorf("listKeys of %s are %v, the schema's %v", field, keys, list.Keys)
		}
	}
}
