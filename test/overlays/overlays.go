// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package overlays builds the overlays of config as kustomize does, and looks at what they hold.
package overlays

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// Root is the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Build is what an overlay, a folder below config, gives a cluster. It needs bin/kustomize, which make builds.
func Build(overlay string) ([]*unstructured.Unstructured, error) {
	var text, complaint bytes.Buffer
	command := exec.Command(filepath.Join(Root(), "bin", "kustomize"), "build", filepath.Join(Root(), "config", overlay))
	command.Stdout, command.Stderr = &text, &complaint
	if err := command.Run(); err != nil {
		return nil, errors.Join(fmt.Errorf("build config/%s, with the tool of make bin/kustomize: %w", overlay, err), errors.New(complaint.String()))
	}
	return manifests.Decode(&text)
}
