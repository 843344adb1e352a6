// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// account reads a service account with these names of pull secrets, and notes which of the Secrets are read.
type account struct {
	client.Reader
	names []corev1.LocalObjectReference
	read  []string
}

func (a *account) Get(_ context.Context, name client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if found, isAccount := into.(*corev1.ServiceAccount); isAccount {
		found.ImagePullSecrets = a.names
		return nil
	}
	a.read = append(a.read, name.Name)
	return nil
}

// Whoever may write a service account can put as many names into it as an object holds. That took a minute, of all that the operator has.
func TestAnAccountOfThousandsOfPullSecretsTakesNoTime(t *testing.T) {
	live, want := &account{}, []string{"of-the-pod"}
	for i := range 100_000 {
		name := fmt.Sprintf("s%05d", i)
		live.names = append(live.names, corev1.LocalObjectReference{Name: name})
		if len(want) < maxSecrets {
			want = append(want, name)
		}
	}
	begin, asked := time.Now(), credentials(live, "dev", "", []corev1.LocalObjectReference{{Name: "of-the-pod"}})
	if err := asked.Secrets(t.Context(), func(*corev1.Secret) {}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	if !reflect.DeepEqual(live.read, want) {
		t.Errorf("read are %v, want %v", live.read, want)
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
