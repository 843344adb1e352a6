// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// Whoever may write a service account can put as many names into it as an object holds, and each is held against those before it: 100,000
// took a minute, of all that the operator has.
func TestNoMoreNamesAreLookedAtThanAreRead(t *testing.T) {
	var names []string
	for i := range 10 * maxSecrets {
		names = appendName(names, fmt.Sprintf("s%05d", i))
	}
	if len(names) != maxSecrets || names[0] != "s00000" {
		t.Errorf("%d names are looked at, want the first %d: %v", len(names), maxSecrets, names)
	}
}

func TestIdentity(t *testing.T) {
	of := func(namespace, account string, secrets ...string) string {
		var references []corev1.LocalObjectReference
		for _, name := range secrets {
			references = append(references, corev1.LocalObjectReference{Name: name})
		}
		return credentials(nil, namespace, account, references).Identity
	}
	long := strings.Repeat("x", 30_000)
	if same := [][2]string{
		{of("dev", ""), of("dev", "default")},
		{of("dev", "a", "b", "b"), of("dev", "a", "b")},
		{of("dev", "a", long, "", "no/name"), of("dev", "a")},
	}; same[0][0] != same[0][1] || same[1][0] != same[1][1] || same[2][0] != same[2][1] {
		t.Errorf("the same credentials have two identities: %v", same)
	}
	seen := map[string]bool{}
	for _, identity := range []string{
		of("dev", "a"), of("dev", "a", "b"), of("dev", "a", "b", "c"), of("dev", "a", "c", "b"), of("dev", "ab"), of("deva", ""),
		of("dev", "a.b"), of("dev", "a/b"), of("dev/a", "b"), of("dev", long), of("dev", long+"x"),
	} {
		if seen[identity] || len(identity) > 64 {
			t.Errorf("identity %q is another's, or long", identity)
		}
		seen[identity] = true
	}
}
