// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/applyconfigurations"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/schema"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	appsv1 "k8s.io/api/apps/v1"
)

func differencesOf(live, intent any) []string {
	return differences(reflect.ValueOf(live), reflect.ValueOf(intent), comparison{})
}

func TestDifferences(t *testing.T) {
	const spread, required = `{"topologySpreadConstraints":[{"labelSelector":%s}]}`,
		`{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[%s]}}}}`
	for name, tc := range map[string]struct {
		live, intent string // of a PodSpec.
		want         string
	}{
		"equal":                                  {`{"hostname":"a"}`, `{"hostname":"a"}`, ""},
		"another value":                          {`{"hostname":"b"}`, `{"hostname":"a"}`, `.hostname="b"`},
		"a field of others":                      {`{"hostname":"a","subdomain":"b"}`, `{"hostname":"a"}`, ""},
		"a field is gone":                        {`{"subdomain":"b"}`, `{"hostname":"a"}`, `.hostname=""`},
		"a zero value that live leaves out":      {`{}`, `{"hostname":"","hostNetwork":false}`, ""},
		"an empty struct that live leaves out":   {`{"containers":[{"name":"a"}]}`, `{"containers":[{"name":"a","resources":{}}]}`, ""},
		"an empty list that live leaves out":     {`{"containers":[{"name":"a"}]}`, `{"containers":[{"name":"a","args":[]}]}`, ""},
		"a defaulted field of a merged element":  {ports(`{"containerPort":80,"protocol":"TCP","hostPort":3}`), ports(`{"containerPort":80}`), ""},
		"another container port":                 {ports(`{"containerPort":80,"protocol":"TCP"}`), ports(`{"containerPort":8080,"protocol":"TCP"}`), ".containers[0].ports[0] is missing"},
		"another protocol":                       {ports(`{"containerPort":80,"protocol":"TCP"}`), ports(`{"containerPort":80,"protocol":"UDP"}`), ".containers[0].ports[0] is missing"},
		"an injected sidecar":                    {`{"containers":[{"name":"proxy"},{"name":"web","image":"a"}]}`, `{"containers":[{"name":"web","image":"a"}]}`, ""},
		"a changed container beside a sidecar":   {`{"containers":[{"name":"proxy"},{"name":"web","image":"b"}]}`, `{"containers":[{"name":"web","image":"a"}]}`, `.containers[0].image="b"`},
		"a container is gone":                    {`{"containers":[{"name":"proxy"}]}`, `{"containers":[{"name":"web"}]}`, ".containers[0] is missing"},
		"a volume of another kind":               {`{"volumes":[{"name":"a","emptyDir":{}}]}`, `{"volumes":[{"name":"a","configMap":{"name":"b"}}]}`, ".volumes[0].configMap=null"},
		"an element more in a list of one owner": {args(`"a","b"`), args(`"a"`), `.containers[0].args=["a","b"]`},
		"an element less":                        {args(`"a"`), args(`"a","b"`), `.containers[0].args=["a"]`},
		"another order":                          {args(`"b","a"`), args(`"a","b"`), `.containers[0].args=["b","a"]`},
		"the same amount in other words":         {requests(`"cpu":"1000m"`), requests(`"cpu":"1"`), ""},
		"another amount":                         {requests(`"cpu":"2","memory":"1"`), requests(`"cpu":"1"`), `.containers[0].resources.requests[cpu]="2"`},
		"an amount is gone":                      {requests(`"memory":"1"`), requests(`"cpu":"1"`), ".containers[0].resources.requests[cpu] is missing"},
		"a key more in a map of one owner":       {`{"nodeSelector":{"a":"1","b":"2"}}`, `{"nodeSelector":{"a":"1"}}`, `.nodeSelector={"a":"1","b":"2"}`},
		"a key more in a selector": {
			fmt.Sprintf(spread, `{"matchLabels":{"a":"1","b":"2"}}`), fmt.Sprintf(spread, `{"matchLabels":{"a":"1"}}`),
			`.topologySpreadConstraints[0].labelSelector.matchLabels={"a":"1","b":"2"}`},
		"an empty key more in a selector": {
			fmt.Sprintf(spread, `{"matchLabels":{"a":"1"},"matchExpressions":[]}`), fmt.Sprintf(spread, `{"matchLabels":{"a":"1"}}`), ""},
		"expressions more in a selector": {
			fmt.Sprintf(spread, `{"matchLabels":{"a":"1"},"matchExpressions":[{"key":"b","operator":"Exists"}]}`), fmt.Sprintf(spread, `{"matchLabels":{"a":"1"}}`),
			`.topologySpreadConstraints[0].labelSelector.matchExpressions=[{"key":"b","operator":"Exists"}]`},
		"a field more in a toleration": {`{"tolerations":[{"key":"a","tolerationSeconds":5}]}`, `{"tolerations":[{"key":"a"}]}`, `.tolerations=[{"key":"a","tolerationSeconds":5}]`},
		"a requirement more in a required term": {
			fmt.Sprintf(required, `{"matchExpressions":[{"key":"a","operator":"Exists"}],"matchFields":[{"key":"b","operator":"Exists"}]}`),
			fmt.Sprintf(required, `{"matchExpressions":[{"key":"a","operator":"Exists"}]}`),
			`.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms=` +
				`[{"matchExpressions":[{"key":"a","operator":"Exists"}],"matchFields":[{"key":"b","operator":"Exists"}]}]`},
	} {
		t.Run(name, func(t *testing.T) {
			live, intent := &corev1.PodSpec{}, &corev1ac.PodSpecApplyConfiguration{}
			if err := errors.Join(json.Unmarshal([]byte(tc.live), live), json.Unmarshal([]byte(tc.intent), intent)); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(differencesOf(live, intent), " "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func ports(list string) string { return `{"containers":[{"name":"web","ports":[` + list + `]}]}` }

func args(list string) string { return `{"containers":[{"name":"web","args":[` + list + `]}]}` }

func requests(members string) string {
	return `{"containers":[{"name":"web","resources":{"requests":{` + members + `}}}]}`
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
