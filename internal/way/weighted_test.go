// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"slices"
	"strings"
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/packed"
)

func TestBackends(t *testing.T) {
	want := []Backend{{"a", 1}, {"b", 2}}
	route := &HTTPRoute{Spec: packed.JSON(`{"rules": [{"backendRefs": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}]}]}`)}
	if got := route.Backends(); !slices.Equal(got, want) {
		t.Errorf("of an HTTPRoute: %v", got)
	}
	if got := (&Route{Spec: packed.JSON(`{"to": {"name": "a", "weight": 1}, "alternateBackends": [{"name": "b", "weight": 2}]}`)}).Backends(); !slices.Equal(got, want) {
		t.Errorf("of a Route: %v", got)
	}
}

func TestIsWeighted(t *testing.T) {
	for spec, want := range map[string]bool{
		`{"rules": [{"backendRefs": [{"name": "shop", "weight": 1}]}]}`:                                         false,
		`{"rules": [{"backendRefs": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}]}]}`:                true,
		`{"rules": [{"backendRefs": [{"name": "a"}, {"name": "b"}]}, {"backendRefs": [{"name": "somebody"}]}]}`: false,
		`{"rules": 1}`: false, ``: false,
		`{"rules": [{"backendRefs": [{"name": "a"}, {"name": "` + strings.Repeat("b", longestSpec) + `"}]}]}`: false,
	} {
		if got := (&HTTPRoute{Spec: packed.JSON(spec)}).IsWeighted(); got != want {
			t.Errorf("HTTPRoute %.80s: %t, want %t", spec, got, want)
		}
	}
	for spec, want := range map[string]bool{
		`{"to": {"name": "shop"}}`: false, `{"to": {"name": "a"}, "alternateBackends": [{"name": "b"}]}`: true, `[]`: false,
	} {
		if got := (&Route{Spec: packed.JSON(spec)}).IsWeighted(); got != want {
			t.Errorf("Route %s: %t, want %t", spec, got, want)
		}
	}
}
