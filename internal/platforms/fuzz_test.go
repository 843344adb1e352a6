// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"encoding/json"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	corev1 "k8s.io/api/core/v1"
)

// anything answers each request for a manifest with the same bytes.
type anything struct{ manifestBody, configBody []byte }

func (a anything) manifest(context.Context, string) ([]byte, string, error) {
	return a.manifestBody, someDigest.String(), nil
}

func (a anything) config(context.Context, v1.Hash) ([]byte, error) { return a.configBody, nil }

func FuzzSurveyImage(f *testing.F) {
	m := newMemory()
	single := m.image("linux/arm64", web)
	nested := m.index(m.index(unlabelled(single)), m.image("windows/amd64", web), m.image("linux/amd64", web))
	config := []byte(`{"os":"linux","architecture":"amd64","config":` + web + `}`)
	for _, d := range []descriptor{single, nested} {
		f.Add(m.blobs[d.Digest.String()], config)
	}
	f.Add([]byte(`{"manifests":[null,{}],"schemaVersion":2}`), []byte(`null`))
	f.Add([]byte(`{"config":{"digest":"sha256:0"}}`), []byte(`{"config":{"ExposedPorts":{"":null}}}`))
	ref, _ := parseReference("registry.example.com/shop")

	f.Fuzz(func(t *testing.T, manifestBody, configBody []byte) {
		facts, err := surveyImage(t.Context(), anything{manifestBody, configBody}, ref, 8)
		if err != nil {
			return
		}
		checkFacts(t, facts)
	})
}

// checkFacts checks what Facts promise: a pod template is made from them.
func checkFacts(t *testing.T, facts Facts) {
	t.Helper()
	if n := len(facts.Platforms); n == 0 || n > maxPlatforms {
		t.Errorf("%d platforms", n)
	}
	for i, p := range facts.Platforms {
		if p.OS != linux || !platformWord.MatchString(p.Architecture) {
			t.Errorf("platform %q", p)
		}
		if i > 0 && comparePlatforms(facts.Platforms[i-1], p) >= 0 {
			t.Errorf("platforms %v are not sorted and unique", facts.Platforms)
		}
	}
	if facts.Port != nil && (*facts.Port < 1 || *facts.Port > 65535) {
		t.Errorf("port %d", *facts.Port)
	}
	if facts.User != nil && *facts.User < 1 {
		t.Errorf("user %d", *facts.User)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"os":"linux","architecture":"amd64","config":` + web + `}`))
	f.Add([]byte(`{"config":{"ExposedPorts":{"80-81/tcp":{},"\u0000":[]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parseConfig(body)
		if err == nil && !json.Valid(body) {
			t.Errorf("%q was taken for JSON", body)
		}
		if c.port != nil && *c.port < 1 {
			t.Errorf("port %d", *c.port)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"nginx", "quay.io/team/shop:1.4", "nginx@" + someDigest.String(), "[::1]:5000/a", "a:b@c", "@", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, image string) {
		once, err := canonical(image)
		if err != nil {
			return
		}
		twice, err := canonical(once)
		if err != nil || once != twice {
			t.Errorf("%q became %q, which became %q, error %v", image, once, twice, err)
		}
	})
}

func FuzzKeyring(f *testing.F) {
	f.Add([]byte(`{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}}}`), "nginx")
	f.Add([]byte(`{"auths":{"*.[a-":{"username":"a","password":"b"}}}`), "a.b/c")
	f.Fuzz(func(_ *testing.T, data []byte, image string) {
		ref, invalid := parseReference(image)
		if invalid != nil {
			return
		}
		secret := dockerConfigJSON("pull", nil)
		secret.Data[corev1.DockerConfigJsonKey] = data
		_, _ = loginsFrom([]corev1.Secret{secret}, ref)
	})
}
