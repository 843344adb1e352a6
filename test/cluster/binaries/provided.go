// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// assetsVariable names the environment variable with the folder of binaries that somebody has already, as setup-envtest has it.
const assetsVariable = "KUBEBUILDER_ASSETS"

// A program that does not tell its version by then is none of those that are looked for.
const versionTimeout = 10 * time.Second

// takeProvided adds those of the binaries that a folder has, at a version that fits, to found, and says so.
func (b *build) takeProvided(ctx context.Context, folders []string, found Paths) {
	b.names = slices.DeleteFunc(b.names, func(name string) bool {
		seen := map[string]bool{} // /bin may be /usr/bin
		for _, folder := range folders {
			path, err := filepath.Abs(filepath.Join(folder, name))
			if folder == "" || err != nil || !executable(path) {
				continue
			}
			program, err := filepath.EvalSymlinks(path)
			if err != nil || seen[program] {
				continue
			}
			seen[program] = true
			version := versionOf(ctx, name, path)
			if why := b.unfit(name, version); why != "" {
				fmt.Fprintf(b.progress, "%s is not used: %s\n", path, why)
				continue
			}
			fmt.Fprintf(b.progress, "%s %s is used: %s\n", name, version, path)
			found[name] = path
			return true
		}
		return false
	})
}

// unfit tells why a binary of a version cannot stand in for the one that would be built; empty when it can.
func (b *build) unfit(name, version string) string {
	major, minor, ok := majorMinor(version)
	wantMajor, wantMinor, _ := majorMinor(b.version)
	least, most := wantMinor, wantMinor
	switch name {
	case Kubectl: // one version beside the API server's is supported
		least, most = wantMinor-1, wantMinor+1
	case Etcd: // of its API, nothing changed for the API server since
		least = min(5, wantMinor)
	}
	switch {
	case !ok:
		return "it does not tell its version"
	case major == wantMajor && least <= minor && minor <= most:
		return ""
	case least == most:
		return fmt.Sprintf("it is %s, and %d.%d is needed", version, wantMajor, wantMinor)
	}
	return fmt.Sprintf("it is %s, and %d.%d to %d.%d are needed", version, wantMajor, least, wantMajor, most)
}

var versionPattern = regexp.MustCompile(`\bv?(\d+)\.(\d+)\.\d+[-+.\w]*`)

// versionOf asks a binary; the answer is empty where it gives none.
func versionOf(ctx context.Context, name, path string) string {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	args := []string{"--version"}
	if name == Kubectl {
		args = []string{"version", "--client"}
	}
	command := exec.CommandContext(ctx, path, args...)
	command.WaitDelay = time.Second // a script that is killed leaves the program that it waits for, which holds the output open.
	output, err := command.Output()
	if err != nil {
		return ""
	}
	return versionPattern.FindString(string(output))
}

func majorMinor(version string) (major, minor int, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 3 {
		return 0, 0, false
	}
	major, majorErr := strconv.Atoi(parts[0])
	minor, minorErr := strconv.Atoi(parts[1])
	return major, minor, majorErr == nil && minorErr == nil
}
