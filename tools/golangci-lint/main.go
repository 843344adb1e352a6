// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command golangci-lint is golangci-lint with the Kube API linter compiled in.
// A build of its own keeps both pinned in one go.mod; "golangci-lint custom"
// would clone golangci-lint and resolve its modules anew on every machine.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/golangci/golangci-lint/v2/pkg/commands"
	"github.com/golangci/golangci-lint/v2/pkg/exitcodes"
	_ "sigs.k8s.io/kube-api-linter"
)

func main() {
	err := commands.Execute(commands.BuildInfo{
		GoVersion: runtime.Version(),
		Version:   moduleVersion("github.com/golangci/golangci-lint/v2"),
		Commit:    "kube-api-linter " + moduleVersion("sigs.k8s.io/kube-api-linter"),
		Date:      "unknown",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "golangci-lint:", err)
		os.Exit(exitcodes.Failure)
	}
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == path {
			return dep.Version
		}
	}
	return "unknown"
}
