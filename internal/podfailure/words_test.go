// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podfailure_test

import (
	"testing"

	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

func TestWords(t *testing.T) {
	for message, want := range map[string]struct{ execFormat, platform bool }{
		"exec /web: exec format error": {execFormat: true},
		`failed to create shim task: OCI runtime create failed: exec: "/web": Exec format error: unknown`:                          {execFormat: true},
		`failed to resolve image: no match for platform in manifest: not found`:                                                    {platform: true},
		`choosing image instance: no image found in image index for architecture "s390x", variant "", OS "linux"`:                  {platform: true},
		`choosing image instance: no image found in manifest list for architecture "ppc64le", variant "", OS "linux"`:              {platform: true},
		`image with reference shop:1 was found but its platform (linux/amd64) does not match the specified platform (linux/arm64)`: {platform: true},
		"connection refused": {},
		"":                   {},
	} {
		if got := podfailure.Classify("StartError", message) == podfailure.ExecFormat; got != want.execFormat {
			t.Errorf("StartError: %q tells of another architecture: %t", message, got)
		}
		if got := podfailure.IsPlatformMissing(message); got != want.platform {
			t.Errorf("IsPlatformMissing(%q) = %t", message, got)
		}
	}
}

// What the kubelet says while it waits for the next try must read as what it said of the last one.
func TestPullMessageIsTheSameInBothReasons(t *testing.T) {
	const said = `failed to pull and unpack image "shop:2": not found`
	for _, message := range []string{said, `Back-off pulling image "shop:2": ErrImagePull: ` + said} {
		if got := podfailure.PullMessage(message); got != said {
			t.Errorf("PullMessage(%q) = %q", message, got)
		}
	}
}

// The name of an image says nothing of why it cannot be pulled, nor does that of a registry's backend.
func TestNamesAreNoReason(t *testing.T) {
	for message, want := range map[string]podfailure.Class{
		`failed to pull and unpack image "ghcr.io/acme/notfound:1": failed to do request: Head "https://ghcr.io/v2/acme/notfound/manifests/1": dial tcp 1.2.3.4:443: i/o timeout`: podfailure.PullFailed,
		`failed to pull and unpack image "ghcr.io/acme/unauthorized-page:1": failed to do request: dial tcp 1.2.3.4:443: i/o timeout`:                                             podfailure.PullFailed,
		`failed to pull image ghcr.io/acme/unauthorized-page:1: i/o timeout`:                                                                                                      podfailure.PullFailed,
		`initializing source docker://ghcr.io/acme/unauthorized:1: i/o timeout`:                                                                                                   podfailure.PullFailed,
		`unexpected status code https://ghcr.io/v2/acme/shop/blobs/sha256:ab: 503 Service Unavailable - Server message: backend notFoundHandler`:                                  podfailure.PullFailed,
		`rpc error: code = NotFound desc = failed to pull and unpack image "ghcr.io/acme/unauthorized:1"`:                                                                         podfailure.ImageNotFound,
		`failed to resolve reference "ghcr.io/acme/shop:1": ghcr.io/acme/shop:1: not found`:                                                                                       podfailure.ImageNotFound,
		`GET https://ghcr.io/v2/acme/shop/manifests/1: {"errors":[{"code":"UNAUTHORIZED","message":"no"}]}`:                                                                       podfailure.PullUnauthorized,
		`GET https://ghcr.io/v2/acme/shop/manifests/1: {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`:                                                     podfailure.ImageNotFound,
	} {
		if got := podfailure.Classify("ErrImagePull", message); got != want {
			t.Errorf("class %d, want %d: %s", got, want, message)
		}
	}
}
