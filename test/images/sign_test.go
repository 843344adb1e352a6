// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images && product

package images

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSign signs a release of small programs with a key, and verifies it as a user without the log of signatures would.
func TestSign(t *testing.T) {
	cosign := os.Getenv("COSIGN")
	if cosign == "" {
		t.Fatal("COSIGN names no program: make test-images builds it")
	}
	w := newWorkshop(t, smallTree(t))
	w.release("RELEASE_OLM=false")
	keys := t.TempDir()
	w.env = append(w.env, "COSIGN_PASSWORD=")
	w.output(cosign, "generate-key-pair", "--output-key-prefix", filepath.Join(keys, "cosign"))
	public := filepath.Join(keys, "cosign.pub")

	// Without a transparency log: there is none on loopback.
	w.t.Log(w.make("release-sign", "COSIGN="+cosign, "COSIGN_KEY="+filepath.Join(keys, "cosign.key"),
		"COSIGN_FLAGS=--use-signing-config=false --tlog-upload=false"))

	verify := []string{"--key", public, "--insecure-ignore-tlog=true", "--allow-insecure-registry", "--allow-http-registry"}
	for _, image := range []string{"operator", "operator-scorecard"} {
		_, parts := w.index("elasticweb/" + image + ":v1.2.3")
		w.output(cosign, append([]string{"verify", w.reference("elasticweb/" + image + ":v1.2.3")}, verify...)...)
		provenance := w.output(cosign, append([]string{"verify-attestation", "--type", "slsaprovenance1", w.reference("elasticweb/" + image + ":v1.2.3")}, verify...)...)
		if !strings.Contains(provenance, "payload") {
			t.Errorf("%s: no provenance in %s", image, provenance)
		}
		for platform, part := range parts {
			digest, err := part.Digest()
			if err != nil {
				t.Fatal(err)
			}
			reference := w.reference("elasticweb/" + image + "@" + digest.String())
			w.output(cosign, append([]string{"verify", reference}, verify...)...)
			bom := w.output(cosign, append([]string{"verify-attestation", "--type", "cyclonedx", reference}, verify...)...)
			if !strings.Contains(bom, "payload") {
				t.Errorf("%s: no bill of materials in %s", platform, bom)
			}
		}
	}
	w.output(cosign, append([]string{"verify", w.reference("elasticweb/charts/elasticweb-operator:1.2.3")}, verify...)...)
	bundle, sums := filepath.Join(w.tree, "dist", "SHA256SUMS.sigstore.json"), filepath.Join(w.tree, "dist", "SHA256SUMS")
	blob := []string{"verify-blob", "--key", public, "--insecure-ignore-tlog=true", "--bundle", bundle, sums}
	w.output(cosign, blob...)

	write(t, w.tree, "dist/SHA256SUMS", []byte("0000  manager\n"))
	if !w.refuses(cosign, blob...) {
		t.Error("other checksums pass")
	}
	if !w.refuses(cosign, append([]string{"verify", w.reference("base/static:nonroot")}, verify...)...) {
		t.Error("an image that nobody signed passes")
	}
}
