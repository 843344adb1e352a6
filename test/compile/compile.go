// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package compile compiles the commands of this repository for its tests and harnesses.
package compile

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

const module = "github.com/elasticweb/elasticweb-operator"

// Native compiles a command, named by its folder in the repository, for this machine. Like For, it is to be called
// with a working directory within the repository. The error has what the compiler says.
func Native(ctx context.Context, folder, output string, flags ...string) error {
	return For(ctx, runtime.GOOS, runtime.GOARCH, folder, output, flags...)
}

// For is Native for another platform. All is compiled without cgo, as for the images: what is compiled once, for
// whichever of them, is in Go's cache for the others.
func For(ctx context.Context, system, architecture, folder, output string, flags ...string) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("find the folder of %s: %w", module, err)
	}
	if output, err = filepath.Abs(output); err != nil {
		return fmt.Errorf("find the folder of what is compiled: %w", err)
	}
	args := append([]string{"build", "-buildvcs=false", "-o", output}, flags...)
	command := exec.CommandContext(ctx, "go", append(args, module+"/"+folder)...)
	command.Dir = strings.TrimSpace(string(root)) // the modules of some tests know less than the command needs.
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+architecture, "GOFLAGS=")
	if message, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(command.Args[1:], " "), err, message)
	}
	return nil
}
