// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// emulators has the names that QEMU has for architectures.
var emulators = map[string]string{"amd64": "x86_64", "arm64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x"}

func emulatorPrograms(pools []Pool) []systemProgram {
	var wanted []systemProgram
	for _, pool := range pools {
		if pool.Arch != nativeArch {
			wanted = append(wanted, systemProgram{path: "/usr/bin/qemu-" + emulators[pool.Arch] + "-static", debian: "qemu-user-static"})
		}
	}
	return wanted
}

// binaryFormat is the registration of an emulator, under a name, as the
// emulator's package has it for the system's start.
func binaryFormat(architecture, name string) (string, error) {
	path := "/usr/lib/binfmt.d/qemu-" + emulators[architecture] + ".conf"
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("how programs for %s are run: %w", architecture, err)
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) == 3 && fields[0] == "" {
			return ":" + name + ":" + fields[2], nil
		}
	}
	return "", fmt.Errorf("%s has no line for %s", path, architecture)
}

// forgetBinaryFormatsScript removes those whose names begin with the argument. It
// runs with mounts of its own.
const forgetBinaryFormatsScript = `mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || exit 1
for format in /proc/sys/fs/binfmt_misc/"$1"-*; do
	[ ! -e "$format" ] || echo -1 >"$format"
done`

// forgetBinaryFormats matters only where this machine shows binary formats, too:
// otherwise the kernel forgot them with the last machine.
func (c *Cluster) forgetBinaryFormats() error {
	if !c.options.emulates() || c.folder == "" {
		return nil
	}
	return run("unshare", "--mount", "/bin/sh", "-c", forgetBinaryFormatsScript, "sh", filepath.Base(c.folder))
}
