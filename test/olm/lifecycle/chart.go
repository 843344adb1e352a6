// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lifecycle finds what installs the Operator Lifecycle Manager, and what that makes to install an operator.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// ChartDir is the folder of OLM's chart, of the version that tools/operator-framework
// pins. It is in the cache of Go's modules: to be read only. Root is that of the repository.
func ChartDir(ctx context.Context, root string) (string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-C", filepath.Join(root, "tools/operator-framework"), "-m", "-f", "{{.Dir}}",
		"github.com/operator-framework/operator-lifecycle-manager")
	output, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("find the module of OLM: %w", err)
	}
	folder := strings.TrimSpace(string(output))
	if folder == "" {
		return "", errors.New("the module of OLM is not downloaded: make bin/olm")
	}
	return filepath.Join(folder, "deploy/chart"), nil
}
