// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// systemProgram is one that the system is to have, and the package of Debian and Ubuntu that has it.
type systemProgram struct{ path, debian string }

// programs are those that all nodes need.
var programs = []systemProgram{
	{"runc", "runc"},
	{cniFolder + "/ptp", "containernetworking-plugins"},
	{"iptables", "iptables"},
	{"ip", "iproute2"},
	{"nsenter", "util-linux"},
	{"mount", "mount"},
}

// cniFolder is where Debian's package puts the network plugins.
const cniFolder = "/usr/lib/cni"

// meetRequirements says what is missing of the machine, and installs what can be installed.
func meetRequirements(ctx context.Context, options Options) error {
	if os.Geteuid() != 0 {
		return errors.New("true nodes need root: run this as root, in a machine or container that has all capabilities")
	}
	if err := requireFileSystem(ctx, "overlay", "containerd needs it"); err != nil {
		return err
	}
	wanted := programs
	if options.emulates() {
		if err := requireFileSystem(ctx, "binfmt_misc", "nodes of other architectures need it"); err != nil {
			return err
		}
		wanted = append(slices.Clone(programs), emulatorPrograms(options.Nodes)...)
	}
	return install(ctx, options.Progress, wanted)
}

func requireFileSystem(ctx context.Context, name, reason string) error {
	known, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return err
	}
	if slices.Contains(strings.Fields(string(known)), name) || exec.CommandContext(ctx, "modprobe", name).Run() == nil {
		return nil
	}
	return fmt.Errorf("the kernel does not know the file system %s, and %s: load the module of that name", name, reason)
}

func install(ctx context.Context, progress io.Writer, wanted []systemProgram) error {
	missing := missingPackages(wanted)
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("install what has these packages of Debian: %s", strings.Join(missing, ", "))
	}
	fmt.Fprintf(progress, "installing %s\n", strings.Join(missing, ", "))
	for _, args := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq", "--no-install-recommends"}, missing...)} {
		command := exec.CommandContext(ctx, "apt-get", args...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, output)
		}
	}
	if missing := missingPackages(wanted); len(missing) > 0 {
		return fmt.Errorf("these packages do not have what was expected of them: %s", strings.Join(missing, ", "))
	}
	return nil
}

// SystemProgram is the path of a program of the system. Where it is missing,
// the package of Debian and Ubuntu that has it is installed.
func SystemProgram(ctx context.Context, progress io.Writer, name, debian string) (string, error) {
	if err := install(ctx, progress, []systemProgram{{name, debian}}); err != nil {
		return "", err
	}
	return lookPath(name)
}

func missingPackages(wanted []systemProgram) []string {
	var missing []string
	for _, program := range wanted {
		if _, err := lookPath(program.path); err != nil {
			missing = append(missing, program.debian)
		}
	}
	return missing
}

// lookPath looks into the folders for administrators, too, which PATH may lack.
func lookPath(name string) (string, error) {
	if filepath.IsAbs(name) {
		return exec.LookPath(name)
	}
	for _, folder := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}
