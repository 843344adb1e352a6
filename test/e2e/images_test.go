// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"maps"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

const (
	operatorRepository = "elasticweb/elasticweb-operator"
	operatorImage      = "quay.io/" + operatorRepository + ":e2e"
)

// pushOperator builds the operator's image from this tree: what the Dockerfile makes, without a container engine.
func (s *scenario) pushOperator(ctx context.Context, architectures ...string) {
	GinkgoHelper()
	s.pushOperatorAs(ctx, "e2e", architectures...)
}

// pushOperatorAs gives the image a tag, and the operator the version of that name.
func (s *scenario) pushOperatorAs(ctx context.Context, version string, architectures ...string) {
	GinkgoHelper()
	s.pushShared(ctx, operatorRepository+":"+version, operatorWith(version, nil), architectures...)
}

// sharedImages are those that several scenarios push, by their name and architectures.
var sharedImages = map[string]v1.ImageIndex{}

// pushShared builds an image for the first scenario that pushes it.
func (s *scenario) pushShared(ctx context.Context, repository string, image nodes.Image, architectures ...string) {
	GinkgoHelper()
	key := strings.Join(append([]string{repository}, architectures...), " ")
	if sharedImages[key] == nil {
		index, err := image.Build(ctx, architectures...)
		Expect(err).NotTo(HaveOccurred())
		sharedImages[key] = index
	}
	_, err := s.Registry().Push(repository, sharedImages[key])
	Expect(err).NotTo(HaveOccurred())
}

// push builds an image, and pushes it under a repository and tag.
func (s *scenario) push(ctx context.Context, repository string, image nodes.Image, architectures ...string) {
	GinkgoHelper()
	index, err := image.Build(ctx, architectures...)
	Expect(err).NotTo(HaveOccurred())
	_, err = s.Registry().Push(repository, index)
	Expect(err).NotTo(HaveOccurred())
}

// operatorWith is the operator's image, of a version and with further files.
func operatorWith(version string, files map[string]string) nodes.Image {
	content := map[string]string{
		"/opt/helm/watches.yaml":                    filepath.Join(root, "watches.yaml"),
		"/opt/helm/helm-charts/elasticwebbenchmark": filepath.Join(root, "helm-charts/elasticwebbenchmark"),
	}
	maps.Copy(content, files)
	return nodes.Image{
		Packages: map[string]string{"/manager": "cmd/manager", "/loadtest": "cmd/loadtest"},
		LDFlags:  "-X main.version=" + version,
		Files:    content,
		Config:   v1.Config{WorkingDir: "/opt/helm", User: "65532:65532", Entrypoint: []string{"/manager"}},
	}
}

// pushWebServer builds an image of the web server that tells its version, and listens where nginx does.
func (s *scenario) pushWebServer(ctx context.Context, repository, version string, architectures ...string) {
	GinkgoHelper()
	s.pushWebServerBuiltFor(ctx, "", repository, version, architectures...)
}

// pushWebServerBuiltFor can put a program for one architecture into images of others.
func (s *scenario) pushWebServerBuiltFor(ctx context.Context, builtFor, repository, version string, architectures ...string) {
	GinkgoHelper()
	s.push(ctx, repository, nodes.Image{
		Packages: map[string]string{"/webserver": "test/nodes/webserver"},
		BuiltFor: builtFor,
		Config: v1.Config{
			Entrypoint: []string{"/webserver"}, Env: []string{"PORT=80", "VERSION=" + version},
			ExposedPorts: map[string]struct{}{"80/tcp": {}},
		},
	}, architectures...)
}
