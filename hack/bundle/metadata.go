// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	dockerfilePath  = "bundle.Dockerfile"
	annotationsPath = "bundle/metadata/annotations.yaml"
)

// openShiftVersions are those that are built on Kubernetes 1.30, the minKubeVersion of the CSV, and newer.
const openShiftVersions = "v4.17"

const openShiftVersionsLabel = "com.redhat.openshift.versions"

// finishMetadata adds the versions of OpenShift to the annotations and to the labels of the image, which must agree.
func finishMetadata(work string) error {
	annotations := filepath.Join(work, annotationsPath)
	text, err := os.ReadFile(annotations)
	if err != nil {
		return err
	}
	added := fmt.Sprintf("\n  # Versions of OpenShift in whose catalogs it belongs.\n  %s: %q\n", openShiftVersionsLabel, openShiftVersions)
	if err := os.WriteFile(annotations, append([]byte(strings.TrimRight(string(text), "\n")+"\n"), added...), 0o644); err != nil {
		return err
	}
	dockerfile := filepath.Join(work, dockerfilePath)
	if text, err = os.ReadFile(dockerfile); err != nil {
		return err
	}
	before, copies, found := strings.Cut(string(text), "# Copy files to locations specified by labels.\n")
	if !found {
		return fmt.Errorf("%s has changed its form: found no place for the label %s", dockerfilePath, openShiftVersionsLabel)
	}
	result := fmt.Sprintf("%s# Versions of OpenShift in whose catalogs it belongs.\nLABEL %s=%s\n\n# Copy files to locations specified by labels.\n%s",
		before, openShiftVersionsLabel, openShiftVersions, copies)
	return os.WriteFile(dockerfile, []byte(result), 0o644)
}
