// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lookups are those of all registries that ended so.
func lookups(s Stats, outcome string) (number uint64) {
	for of, count := range s.Lookups {
		if of.Outcome == outcome {
			number += count
		}
	}
	return number
}

func TestLookupsAreCountedByRegistriesThatAnswer(t *testing.T) {
	r, err := New(Options{Notify: nil})
	if err != nil {
		t.Fatal(err)
	}
	count := func(image string, err *Error) {
		ref, invalid := parseReference(image)
		if invalid != nil {
			t.Fatal(invalid)
		}
		r.count(ref, err)
	}
	unreachable, unauthorized := &Error{Reason: ReasonRegistryUnreachable}, &Error{Reason: ReasonRegistryUnauthorized}
	count("made.up/shop:1", unreachable)
	count("quay.io/team/shop:1", unreachable) // nobody knows yet that there is one.
	count("quay.io/team/shop:1", unauthorized)
	count("quay.io/team/shop:1", unreachable)
	count("nginx", nil)
	count("registry.example.com:5000/shop", nil)
	want := map[Count]uint64{
		{OtherRegistries, "RegistryUnreachable"}: 2, {"quay.io", "RegistryUnauthorized"}: 1, {"quay.io", "RegistryUnreachable"}: 1,
		{"docker.io", Resolved}: 1, {"registry.example.com:5000", Resolved}: 1,
	}
	if diff := cmp.Diff(want, r.Stats().Lookups); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i := range 2 * maxCounted {
		count(fmt.Sprintf("r%d.example.com/shop", i), nil)
	}
	if names := len(r.counted); names != maxCounted || lookups(r.Stats(), Resolved) != 2+2*maxCounted {
		t.Errorf("%d registries are counted by name, and %d look-ups in all", names, lookups(r.Stats(), Resolved))
	}
	if beyond := r.Stats().Lookups[Count{OtherRegistries, Resolved}]; beyond != maxCounted+3 {
		t.Errorf("%d look-ups of registries beyond the first %d", beyond, maxCounted)
	}
}
