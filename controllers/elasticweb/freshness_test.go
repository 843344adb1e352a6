// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func TestFreshness(t *testing.T) {
	version := func(resourceVersion string, generation int64) *elasticwebv1.ElasticWeb {
		return &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "a", ResourceVersion: resourceVersion, Generation: generation,
		}}
	}
	name := client.ObjectKeyFromObject(version("", 0))
	for title, test := range map[string]struct {
		before func(*memory)
		want   bool
	}{
		"nothing is known":                              {func(*memory) {}, false},
		"as new as the first write":                     {func(f *memory) { f.wrote("8", version("20", 1)) }, false},
		"newer than what a write left as it was":        {func(f *memory) { f.wrote("9", version("9", 1)) }, false},
		"newer than the first write":                    {func(f *memory) { f.wrote("8", version("9", 1)) }, true},
		"newer than the first write, not than the last": {func(f *memory) { f.wrote("8", version("9", 1)); f.wrote("8", version("21", 1)) }, true},
		"confirmed":                                  {func(f *memory) { f.confirm(version("20", 2)) }, true},
		"an older generation confirmed":              {func(f *memory) { f.confirm(version("10", 1)) }, false},
		"doubted since it was confirmed":             {func(f *memory) { f.confirm(version("20", 2)); f.doubt(name) }, false},
		"doubted, though newer than the first write": {func(f *memory) { f.wrote("8", version("9", 1)); f.doubt(name) }, false},
		"confirmed since it was doubted":             {func(f *memory) { f.doubt(name); f.confirm(version("20", 2)) }, true},
		"another of the same name confirmed, and deleted": {func(f *memory) {
			f.confirm(version("20", 2))
			f.forget(name)
		}, false},
	} {
		t.Run(title, func(t *testing.T) {
			f := &memory{}
			test.before(f)
			if got := f.isTrusted(version("20", 2)); got != test.want {
				t.Errorf("trusted: %t, want %t", got, test.want)
			}
		})
	}
}
