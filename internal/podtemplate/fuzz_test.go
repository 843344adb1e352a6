// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// FuzzTemplate: whatever a template holds, it is refused or leaves the pods what the operator must hold, and is the same when it is resolved
// once more.
func FuzzTemplate(f *testing.F) {
	for _, test := range counterparts {
		f.Add(test.template, "spec.template.spec.containers[1].image")
	}
	for _, text := range []string{
		`null`, `{}`, `[]`, `{"spec": null}`, `{"spec": {"containers": [null]}}`, `{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 8080}]}]}}`,
		`{"spec": {"containers": [{"name": "web", "$patch": "delete"}], "$setElementOrder/containers": [{"name": "x"}]}}`,
		`{"spec": {"initContainers": [{"name": "a", "image": "i", "env": [{"name": "A"}, {"name": "A"}]}], "volumes": [{"name": "v", "$retainKeys": ["name"]}]}}`,
	} {
		f.Add(text, "spec.template.spec.initContainers[9999999999999999999999].x and spec.volumes[0]")
	}
	f.Fuzz(func(t *testing.T, text, said string) {
		raw := &runtime.RawExtension{Raw: []byte(text)}
		_ = WordsOf(raw).Say(said)
		_, _ = Merge(made(), raw)
		once, err := Resolve(&elasticwebv1.ElasticWebSpec{PodSettings: elasticwebv1.PodSettings{PodTemplate: raw}})
		if err != nil {
			return
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
	})
}
