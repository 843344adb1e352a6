// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Kubectl runs the kubectl of the cluster's version with all rights, gives it an
// input, and returns its output. The error has what it says beside that.
func (c *Cluster) Kubectl(ctx context.Context, input string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, c.KubectlPath(), args...)
	// What it remembers of an API server goes by the port, which another cluster may have had.
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig(), "KUBECACHEDIR="+c.folder.path("kubectl-cache"))
	command.Stdin = strings.NewReader(input)
	stderr := &strings.Builder{}
	command.Stderr = stderr
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(output), nil
}
