// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// dockerConfigJSON is what kubectl create secret docker-registry makes.
func dockerConfigJSON(name string, logins map[string]string) corev1.Secret {
	return corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Type:       corev1.SecretTypeDockerConfigJson,
		Data:       map[string][]byte{corev1.DockerConfigJsonKey: []byte(`{"auths":{` + authsJSON(logins) + `}}`)},
	}
}

func dockercfg(name string, logins map[string]string) corev1.Secret {
	return corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Type:       corev1.SecretTypeDockercfg,
		Data:       map[string][]byte{corev1.DockerConfigKey: []byte(`{` + authsJSON(logins) + `}`)},
	}
}

func authsJSON(logins map[string]string) string {
	var entries []string
	for place, userAndPassword := range logins {
		entries = append(entries, fmt.Sprintf(`%q:{"auth":%q}`, place, base64.StdEncoding.EncodeToString([]byte(userAndPassword))))
	}
	return strings.Join(entries, ",")
}

func loginsFrom(secrets []corev1.Secret, ref reference) ([]login, *Error) {
	k := keyring{repository: ref.repository()}
	for i := range secrets {
		k.take(&secrets[i])
	}
	return k.logins()
}

func TestKeyringLogins(t *testing.T) {
	tests := map[string]struct {
		secrets []corev1.Secret
		image   string
		want    []string
	}{
		"no secrets": {image: "quay.io/team/shop"},
		"another registry": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"ghcr.io": "a:1"})},
			image:   "quay.io/team/shop",
		},
		"dockerconfigjson": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"quay.io": "a:1"})},
			image:   "quay.io/team/shop",
			want:    []string{"a:1"},
		},
		"dockercfg": {
			secrets: []corev1.Secret{dockercfg("a", map[string]string{"https://quay.io": "a:1"})},
			image:   "quay.io/team/shop",
			want:    []string{"a:1"},
		},
		"password with colons": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"quay.io": "a:1:2"})},
			image:   "quay.io/team/shop",
			want:    []string{"a:1:2"},
		},
		"the longest path first": {
			secrets: []corev1.Secret{
				dockerConfigJSON("a", map[string]string{"quay.io": "host:1"}),
				dockerConfigJSON("b", map[string]string{"quay.io/team": "team:1", "quay.io/other": "other:1"}),
				dockerConfigJSON("c", map[string]string{"quay.io/team/shop": "shop:1"}),
			},
			image: "quay.io/team/shop",
			want:  []string{"shop:1", "team:1", "host:1"},
		},
		"the same place: in the order of the secrets": {
			secrets: []corev1.Secret{
				dockerConfigJSON("a", map[string]string{"quay.io": "first:1"}),
				dockercfg("b", map[string]string{"quay.io": "second:1"}),
				dockerConfigJSON("c", map[string]string{"quay.io": "first:1"}),
			},
			image: "quay.io/team/shop",
			want:  []string{"first:1", "second:1"},
		},
		"the API version in the location": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"https://quay.io/v2/": "a:1"})},
			image:   "quay.io/team/shop",
			want:    []string{"a:1"},
		},
		"ports have to be the same": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"registry": "no:1", "registry:5000": "yes:1", "registry:5001": "no:2"})},
			image:   "registry:5000/shop",
			want:    []string{"yes:1"},
		},
		"wildcards stand within one part of the host": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"*.example.com": "yes:1", "*.com": "no:1", "reg*.example.com": "yes:2"})},
			image:   "registry.example.com/shop",
			want:    []string{"yes:2", "yes:1"},
		},
		"Docker Hub by the name that docker login writes": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"https://index.docker.io/v1/": "hub:1"})},
			image:   "nginx",
			want:    []string{"hub:1"},
		},
		"Docker Hub by its short name": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"docker.io": "short:1", "https://index.docker.io/v1/": "hub:1"})},
			image:   "nginx",
			want:    []string{"short:1"},
		},
		"Docker Hub's login is for Docker Hub": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"https://index.docker.io/v1/": "hub:1"})},
			image:   "quay.io/team/shop",
		},
		"other secrets": {
			secrets: []corev1.Secret{{Type: corev1.SecretTypeOpaque, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte("{")}}, {Type: corev1.SecretTypeDockercfg}},
			image:   "quay.io/team/shop",
		},
		"a location that is none": {
			secrets: []corev1.Secret{dockerConfigJSON("a", map[string]string{"%zz": "a:1", "quay.io/[": "c:1", "[": "b:1"})},
			image:   "quay.io/team/shop",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			ref, err := parseReference(tc.image)
			if err != nil {
				t.Fatal(err)
			}
			logins, err := loginsFrom(tc.secrets, ref)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range logins {
				got = append(got, l.username+":"+l.password)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestKeyringRefusesMalformedSecrets(t *testing.T) {
	tests := map[string]string{
		"no JSON":                 `hunter2`,
		"no base64":               `{"auths":{"quay.io":{"auth":"hunter2!"}}}`,
		"no colon in it":          `{"auths":{"quay.io":{"auth":"aHVudGVyMg=="}}}`,
		"a number for a password": `{"auths":{"quay.io":{"password":1,"username":"hunter2"}}}`,
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			secret := dockerConfigJSON("pull", nil)
			secret.Data[corev1.DockerConfigJsonKey] = []byte(data)
			ref, _ := parseReference("quay.io/team/shop")
			_, err := loginsFrom([]corev1.Secret{secret}, ref)
			if err == nil || err.Reason != ReasonRegistryUnauthorized {
				t.Fatalf("error %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "pull") {
				t.Errorf("error %q should name the secret and not quote it", err)
			}
		})
	}
}

// TestKeyringIsBounded: what a keyring holds and costs does not grow with what
// users put into their secrets.
func TestKeyringIsBounded(t *testing.T) {
	entries := func(n int, entry func(i int) string) []byte {
		var all []string
		for i := range n {
			all = append(all, entry(i))
		}
		return []byte(`{"auths":{` + strings.Join(all, ",") + `}}`)
	}
	tests := map[string]struct {
		data    []byte
		logins  int
		refused bool
	}{
		"a MiB of tiny entries":    {entries(100_000, func(i int) string { return fmt.Sprintf(`"%d":{}`, i) }), 0, true},
		"a thousand for elsewhere": {entries(1000, func(i int) string { return fmt.Sprintf(`"r%d.example.com":{"username":"a","password":"b"}`, i) }), 0, false},
		"a thousand for the image": {entries(1000, func(i int) string {
			return fmt.Sprintf(`"https://quay.io/?%d":{"username":"a%d","password":"b"}`, i, i)
		}), maxLogins, false},
		"a gigantic password":       {entries(1, func(int) string { return `"quay.io":{"username":"a","password":"` + strings.Repeat("b", 1<<20) + `"}` }), 0, false},
		"gigantic places":           {entries(1, func(int) string { return `"quay.io/` + strings.Repeat("b", 1<<20) + `":{}` }), 0, false},
		"deeply nested other parts": {[]byte(`{"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `,"auths":{"quay.io":{"username":"a"}}}`), 1, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			const secrets = 4
			k := keyring{repository: "quay.io/team/shop"}
			secret := dockerConfigJSON("pull", nil)
			secret.Data[corev1.DockerConfigJsonKey] = tc.data
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for range secrets {
				k.take(&secret)
			}
			runtime.ReadMemStats(&after)
			if spent := after.TotalAlloc - before.TotalAlloc; spent > secrets*10<<20 {
				t.Errorf("%d secrets cost %d MiB", secrets, spent>>20)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 1<<20 {
				t.Errorf("%d KiB are kept", kept>>10)
			}
			logins, err := k.logins()
			if len(logins) != tc.logins || (err != nil) != tc.refused {
				t.Errorf("%d logins, error %v", len(logins), err)
			}
		})
	}
}
