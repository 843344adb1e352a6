// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/operator-framework/api/pkg/manifests"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"

	"github.com/elasticweb/elasticweb-operator/hack/catalog/bundleimage"
	"github.com/elasticweb/elasticweb-operator/test/olm/channels"
)

const (
	packageName       = "elasticweb-operator"
	catalogRepository = operatorRepository + "-catalog:e2e"

	// previousVersion is that of the release from which the upgrade starts.
	previousVersion = "0.0.1"
)

// release is a version of the operator, with its bundle in the registry.
type release struct {
	image  string // of the bundle
	csv    *operatorsv1alpha1.ClusterServiceVersion
	bundle v1.Image
}

// pushReleases makes the release of the tree, and one before it.
func (s *scenario) pushReleases(ctx context.Context) (previous, current release) {
	GinkgoHelper()
	bundle, err := manifests.GetBundleFromDir(filepath.Join(root, "bundle"))
	Expect(err).NotTo(HaveOccurred())
	return s.pushRelease(ctx, previousVersion, ""), s.pushRelease(ctx, bundle.CSV.Spec.Version.String(), previousVersion)
}

// pushRelease pushes the images of operator and bundle.
func (s *scenario) pushRelease(ctx context.Context, version, replaces string) release {
	GinkgoHelper()
	made, known := releases[version]
	if !known {
		made = s.makeRelease(ctx, version, replaces)
		releases[version] = made
	}
	_, err := s.Registry().Push(strings.TrimPrefix(made.image, "quay.io/"), made.bundle)
	Expect(err).NotTo(HaveOccurred())
	s.pushOperatorAs(ctx, "v"+version, runtime.GOARCH)
	return made
}

// releases are those that were made, by version: several scenarios push them.
var releases = map[string]release{}

func (s *scenario) makeRelease(ctx context.Context, version, replaces string) release {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	s.make(ctx, "bundle", "VERSION="+version, "REPLACES="+replaces, "BUNDLE_OUTPUT="+folder)
	bundle, err := manifests.GetBundleFromDir(filepath.Join(folder, "bundle"))
	Expect(err).NotTo(HaveOccurred())
	image, err := bundleimage.From(filepath.Join(folder, "bundle"))
	Expect(err).NotTo(HaveOccurred())
	return release{image: "quay.io/" + operatorRepository + "-bundle:v" + version, csv: bundle.CSV, bundle: image}
}

// pushCatalog makes the image that catalog.Dockerfile makes, with both releases in the channels of the tree's catalog.
func (s *scenario) pushCatalog(ctx context.Context, previous, current release) {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	upgrading, err := channels.Upgrading(filepath.Join(root, "catalog", packageName, "catalog.yaml"), previous.csv.Name, current.csv.Name)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(folder, "channels.yaml"), upgrading, 0o600)).To(Succeed())
	for _, r := range []release{previous, current} {
		rendered := s.runTool(ctx, "opm", "render", r.image, "--migrate-level=bundle-object-to-csv-metadata", "--output=yaml")
		Expect(os.WriteFile(filepath.Join(folder, r.csv.Name+".yaml"), []byte(rendered), 0o600)).To(Succeed())
	}
	s.runTool(ctx, "opm", "validate", folder)

	catalog := opmImage(ctx)
	catalog.Files["/configs"] = folder
	catalog.Config.Cmd = catalogCommand()
	catalog.Config.Labels = map[string]string{"operators.operatorframework.io.index.configs.v1": "/configs"}
	s.push(ctx, catalogRepository, catalog, runtime.GOARCH)
}

// catalogCommand is the CMD of catalog.Dockerfile.
func catalogCommand() []string {
	GinkgoHelper()
	dockerfile, err := os.ReadFile(filepath.Join(root, "catalog.Dockerfile"))
	Expect(err).NotTo(HaveOccurred())
	for line := range strings.Lines(string(dockerfile)) {
		if encoded, found := strings.CutPrefix(line, "CMD "); found {
			var command []string
			Expect(json.Unmarshal([]byte(encoded), &command)).To(Succeed())
			return command
		}
	}
	Fail("catalog.Dockerfile has no CMD")
	return nil
}
