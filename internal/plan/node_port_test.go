// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestYieldsNodePort(t *testing.T) {
	name := func(n string) types.NamespacedName { return types.NamespacedName{Namespace: "dev", Name: n} }
	for title, tc := range map[string]struct {
		ports  map[types.NamespacedName]NodePort
		yields []string
	}{
		"two swap":           {map[types.NamespacedName]NodePort{name("a"): {1, 2}, name("b"): {2, 1}}, []string{"a"}},
		"a ring of three":    {map[types.NamespacedName]NodePort{name("a"): {1, 2}, name("b"): {2, 3}, name("c"): {3, 1}}, []string{"a"}},
		"a queue":            {map[types.NamespacedName]NodePort{name("a"): {1, 2}, name("b"): {2, 3}}, nil},
		"the holder stays":   {map[types.NamespacedName]NodePort{name("a"): {1, 2}, name("b"): {2, 2}}, nil},
		"somebody else's":    {map[types.NamespacedName]NodePort{name("a"): {1, 9}}, nil},
		"yielded already":    {map[types.NamespacedName]NodePort{name("a"): {0, 2}, name("b"): {2, 1}}, nil},
		"waits for a ring":   {map[types.NamespacedName]NodePort{name("0"): {7, 1}, name("a"): {1, 2}, name("b"): {2, 1}}, []string{"a"}},
		"where it should be": {map[types.NamespacedName]NodePort{name("a"): {1, 1}}, nil},
	} {
		t.Run(title, func(t *testing.T) {
			for who := range tc.ports {
				want := false
				for _, y := range tc.yields {
					want = want || who.Name == y
				}
				if got := YieldsNodePort(who, tc.ports); got != want {
					t.Errorf("YieldsNodePort(%s) = %t, want %t", who.Name, got, want)
				}
			}
		})
	}
}
