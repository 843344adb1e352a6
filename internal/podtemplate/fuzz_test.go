// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"encoding/json"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/applyconfigurations"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// FuzzTemplate: whatever a template holds, it is refused, in the same words each time, or leaves the pods what the operator must hold, all of
// its ports and no two items of one key, and is the same when it is resolved once more.
func FuzzTemplate(f *testing.F) {
	for _, test := range counterparts {
		f.Add(test.template, "spec.template.spec.containers[1].image")
	}
	for _, text := range []string{
		`null`, `{}`, `[]`, `{"spec": null}`, `{"spec": {"containers": [null]}}`, `{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 8080}]}]}}`,
		`{"spec": {"containers": [{"name": "web", "$patch": "delete"}], "$setElementOrder/containers": [{"name": "x"}]}}`,
		`{"spec": {"initContainers": [{"name": "a", "image": "i", "env": [{"name": "A"}, {"name": "A"}]}], "volumes": [{"name": "v", "$retainKeys": ["name"]}]}}`,
		`{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]}]}}`,
		`{"spec": {"hostAliases": [{"ip": "a"}, {"ip": "a"}], "foo": {"a": [null], "b": "1e1000"}}}`,
	} {
		f.Add(text, "spec.template.spec.initContainers[9999999999999999999999].x and spec.volumes[0]")
	}
	converter := applyconfigurations.NewTypeConverter(clientgoscheme.Scheme)
	f.Fuzz(func(t *testing.T, text, said string) {
		raw := &runtime.RawExtension{Raw: []byte(text)}
		_ = WordsOf(raw).Say(said)
		_, _ = Merge(made(), raw)
		spec := &elasticwebv1.ElasticWebSpec{PodSettings: elasticwebv1.PodSettings{PodTemplate: raw}}
		once, err := Resolve(spec)
		if err != nil {
			if _, again := Resolve(spec); again == nil || again.Error() != err.Error() {
				t.Fatalf("%v, and then %v", err, again)
			}
			return
		}
		written := &corev1.PodTemplate{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodTemplate"}}
		if err := json.Unmarshal(raw.Raw, &written.Template); err != nil {
			t.Fatal(err)
		}
		if _, err := converter.ObjectToTyped(written); err != nil {
			t.Fatalf("the API server takes no such pod: %v", err)
		}
		twice, err := Resolve(once)
		if err != nil || once.PodTemplate != nil && string(once.PodTemplate.Raw) != string(twice.PodTemplate.Raw) {
			t.Fatalf("resolved once more it is %+v, %v", twice, err)
		}
		merged, err := Merge(made(), once.PodTemplate)
		if _, isUnfit := errors.AsType[*Unfit](err); err != nil && !isUnfit {
			t.Fatal(err)
		}
		if err == nil && (merged.Containers[0].Image != "shop:1" || merged.NodeName != "" || merged.Affinity == nil) {
			t.Fatalf("it makes %+v", merged)
		}
		for _, web := range written.Template.Spec.Containers {
			if err == nil && web.Name == Container && len(merged.Containers[0].Ports) != 1+len(web.Ports) {
				t.Fatalf("of %+v it makes %+v", web.Ports, merged.Containers[0].Ports)
			}
		}
	})
}
