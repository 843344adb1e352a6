// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCanonical(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	tests := map[string]struct {
		image, want string
		immutable   bool
	}{
		"short name":             {image: "nginx", want: "docker.io/library/nginx:latest"},
		"short name and tag":     {image: "nginx:1.17.1", want: "docker.io/library/nginx:1.17.1"},
		"user and name":          {image: "bitnami/nginx", want: "docker.io/bitnami/nginx:latest"},
		"docker.io spelt out":    {image: "docker.io/library/nginx:1.17.1", want: "docker.io/library/nginx:1.17.1"},
		"docker.io's host":       {image: "index.docker.io/library/nginx:1.17.1", want: "docker.io/library/nginx:1.17.1"},
		"registry":               {image: "quay.io/team/shop:1.4", want: "quay.io/team/shop:1.4"},
		"registry with port":     {image: "registry:5000/shop", want: "registry:5000/shop:latest"},
		"localhost":              {image: "localhost/shop:1", want: "localhost/shop:1"},
		"digest":                 {image: "nginx@" + digest, want: "docker.io/library/nginx@" + digest, immutable: true},
		"tag and digest":         {image: "quay.io/team/shop:1.4@" + digest, want: "quay.io/team/shop@" + digest, immutable: true},
		"nested repository":      {image: "ghcr.io/a/b/c/d:1", want: "ghcr.io/a/b/c/d:1"},
		"upper case":             {image: "quay.io/Team/Shop"},
		"empty":                  {image: ""},
		"URL":                    {image: "https://quay.io/team/shop"},
		"blank":                  {image: "quay.io/team/ shop"},
		"digest too short":       {image: "nginx@sha256:abcd"},
		"too long with library/": {image: strings.Repeat("a", 250)},
		"too long":               {image: "quay.io/" + strings.Repeat("a/", 600) + "a"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := canonical(tc.image)
			if (err == nil) != (tc.want != "") {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if err != nil {
				return
			}
			if ref, _ := parseReference(tc.image); ref.immutable() != tc.immutable {
				t.Errorf("immutable is %v", ref.immutable())
			}
		})
	}
}

func canonical(image string) (string, error) {
	ref, invalid := parseReference(image)
	if invalid != nil {
		return "", invalid
	}
	return ref.String(), nil
}
