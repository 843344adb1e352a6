// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

const repositoryModule = "module github.com/elasticweb/elasticweb-operator\n"

// repositoryRoot walks up from the working directory: what the compiler records may be of another clone, which is gone.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		goMod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.Contains(string(goMod), repositoryModule) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the control plane is built from the folder tools of elasticweb-operator's sources: run this inside them")
		}
		dir = parent
	}
}
