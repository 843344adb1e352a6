// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/elasticweb/elasticweb-operator/hack/catalog/bundleimage"
	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

// treeRelease is the version that bundle/ and catalog/ of this tree are of: they name these images.
const treeRelease = "v0.1.0"

// pushTreeRelease pushes the images of a release as the tree has them: the operator, the bundle that names it, and the
// catalog that names the bundle.
func (s *scenario) pushTreeRelease(ctx context.Context) {
	GinkgoHelper()
	// Its base image knows the authorities of the public registries.
	authorities := filepath.Join(GinkgoT().TempDir(), "ca-certificates.crt")
	Expect(os.WriteFile(authorities, s.Registry().CertificateAuthority, 0o600)).To(Succeed())
	operator, err := operatorWith(treeRelease, map[string]string{"/etc/ssl/certs/ca-certificates.crt": authorities}).Build(ctx, runtime.GOARCH)
	Expect(err).NotTo(HaveOccurred())

	bundle, err := bundleimage.From(filepath.Join(root, "bundle"))
	Expect(err).NotTo(HaveOccurred())

	// The catalog of OLM v1 is read, not run.
	catalog, err := nodes.Image{
		Files:  map[string]string{"/configs": filepath.Join(root, "catalog")},
		Config: v1.Config{Labels: map[string]string{"operators.operatorframework.io.index.configs.v1": "/configs"}},
	}.Build(ctx, runtime.GOARCH)
	Expect(err).NotTo(HaveOccurred())

	for repository, image := range map[string]remote.Taggable{
		"elasticweb-operator": operator, "elasticweb-operator-bundle": bundle, "elasticweb-operator-catalog": catalog,
	} {
		_, err := s.Registry().Push("elasticweb/"+repository+":"+treeRelease, image)
		Expect(err).NotTo(HaveOccurred())
	}
}
