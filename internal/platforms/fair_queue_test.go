// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFairQueue(t *testing.T) {
	queued := []string{"a/one:1", "a/one:2", "a/one:3", "a/two:1", "b/one:1", "b/one:2", "c/two:1"}
	for name, tc := range map[string]struct {
		mayStart func(*flight) bool
		left     []string // taken out before their turn.
		want     []string
	}{
		"one tenant after the other, one registry after the other": {
			want: []string{"a/one:1", "b/one:1", "c/two:1", "a/two:1", "b/one:2", "a/one:2", "a/one:3"},
		},
		"past a tenant that may not": {
			mayStart: func(f *flight) bool { return f.tenant != "a" },
			want:     []string{"b/one:1", "c/two:1", "b/one:2"},
		},
		"past a registry that may not": {
			mayStart: func(f *flight) bool { return f.ref.registry() != "one.example.com" },
			want:     []string{"a/two:1", "c/two:1"},
		},
		"without those that left": {
			left: []string{"a/one:1", "c/two:1", "b/one:2"},
			want: []string{"a/one:2", "b/one:1", "a/two:1", "a/one:3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			q, flights := newFairQueue(), map[string]*flight{}
			names := map[*flight]string{}
			for _, id := range queued {
				tenant, image, _ := strings.Cut(id, "/")
				registry, tag, _ := strings.Cut(image, ":")
				ref, err := parseReference(registry + ".example.com/shop:" + tag)
				if err != nil {
					t.Fatal(err)
				}
				f := &flight{tenant: tenant, ref: ref}
				flights[id], names[f] = f, id
				q.add(f)
			}
			for _, id := range tc.left {
				q.remove(flights[id])
			}
			mayStart := tc.mayStart
			if mayStart == nil {
				mayStart = func(*flight) bool { return true }
			}
			var got []string
			for f := q.next(mayStart); f != nil; f = q.next(mayStart) {
				got = append(got, names[f])
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if rest := len(queued) - len(tc.left) - len(tc.want); q.length != rest || rest == 0 && len(q.tenants)+len(q.byName) > 0 {
				t.Errorf("%d are queued, want %d; tenants %v", q.length, rest, q.tenants)
			}
		})
	}
}

// TestWhoHadATurnComesAfterWhoHadNone: also where they left the queue meanwhile.
func TestWhoHadATurnComesAfterWhoHadNone(t *testing.T) {
	ref, err := parseReference("one.example.com/shop:1")
	if err != nil {
		t.Fatal(err)
	}
	q := newFairQueue()
	anyone := func(*flight) bool { return true }
	var got []string
	come := func(tenant string) { q.add(&flight{tenant: tenant, ref: ref}) }
	for _, tenant := range []string{"a", "b"} {
		come(tenant)
		got = append(got, q.next(anyone).tenant)
	}
	for _, tenant := range []string{"b", "a", "d", "c"} {
		come(tenant)
	}
	for f := q.next(anyone); f != nil; f = q.next(anyone) {
		got = append(got, f.tenant)
	}
	if diff := cmp.Diff([]string{"a", "b", "d", "c", "a", "b"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
