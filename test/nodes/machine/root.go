// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package machine

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// BinDir is the first folder in which a machine's programs look for others.
const BinDir = "/opt/bin"

// systemFolders hold the programs that Debian's packages bring, and what they
// load. On most systems all but /usr are links into it.
var systemFolders = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ssl"}

// enterRoot puts the machine's root together and leaves that of this machine behind.
func enterRoot(spec Spec) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep the mounts private: %w", err)
	}
	r := root(spec.Root)
	// A root has to be a mount.
	if err := r.bind(Mount{Source: spec.Root, Target: "/"}); err != nil {
		return err
	}
	steps := []func() error{
		r.mountSystemFolders,
		r.mountKernelFolders,
		func() error { return r.mountControlGroups(spec.ControlGroups) },
		func() error {
			for _, mount := range spec.Mounts {
				if err := r.bind(mount); err != nil {
					return err
				}
			}
			return nil
		},
		func() error { return r.registerBinaryFormats(spec.BinaryFormats) },
		r.enter,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("make the machine's root: %w", err)
		}
	}
	return nil
}

// root is the path of a machine's root folder, seen from outside.
type root string

func (r root) path(target string) string { return filepath.Join(string(r), target) }

func (r root) mountSystemFolders() error {
	for _, folder := range systemFolders {
		info, err := os.Lstat(folder)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return err
		case info.Mode()&os.ModeSymlink != 0:
			target, err := os.Readlink(folder)
			if err != nil {
				return err
			}
			if err := os.Symlink(target, r.path(folder)); err != nil {
				return err
			}
		default:
			if err := r.bind(Mount{Source: folder, Target: folder, ReadOnly: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r root) mountKernelFolders() error {
	for _, m := range []struct{ kind, target, options string }{
		{"proc", "/proc", ""},
		{"sysfs", "/sys", ""},
		{"tmpfs", "/run", "mode=755"},
		{"tmpfs", "/tmp", "mode=1777"},
	} {
		if err := r.mount(m.kind, m.target, m.options); err != nil {
			return err
		}
	}
	return r.bind(Mount{Source: "/dev", Target: "/dev"})
}

// mountControlGroups shows the hierarchies where they are on this machine, and of each the machine's part.
func (r root) mountControlGroups(groups map[string]string) error {
	hierarchies := slices.Sorted(maps.Keys(groups))
	if len(hierarchies) == 1 {
		return r.mount("cgroup2", hierarchies[0], "")
	}
	if err := r.mount("tmpfs", "/sys/fs/cgroup", "mode=755"); err != nil {
		return err
	}
	for _, hierarchy := range hierarchies {
		kind, options, err := hierarchyOf(hierarchy)
		if err != nil {
			return err
		}
		if err := r.mount(kind, hierarchy, options); err != nil {
			return err
		}
	}
	return nil
}

// hierarchyOf reads how a hierarchy is mounted on this machine.
func hierarchyOf(path string) (kind, options string, err error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) > 3 && fields[1] == path && strings.HasPrefix(fields[2], "cgroup") {
			return fields[2], withoutMountFlags(fields[3]), nil
		}
	}
	return "", "", fmt.Errorf("%s is no hierarchy of control groups", path)
}

// withoutMountFlags leaves the options of the file system, which for control groups are the controllers.
func withoutMountFlags(options string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(options, ","), func(option string) bool {
		return slices.Contains([]string{"rw", "ro", "nosuid", "nodev", "noexec", "relatime", "noatime", "nsdelegate", "memory_recursiveprot"}, option)
	}), ",")
}

func (r root) mount(kind, target, options string) error {
	if err := os.MkdirAll(r.path(target), 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(kind, r.path(target), kind, 0, options); err != nil {
		return fmt.Errorf("mount %s at %s: %w", kind, target, err)
	}
	return nil
}

func (r root) bind(m Mount) error {
	target := r.path(m.Target)
	if err := r.makeTarget(m.Source, target); err != nil {
		return err
	}
	if err := syscall.Mount(m.Source, target, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("show %s at %s: %w", m.Source, m.Target, err)
	}
	if !m.ReadOnly {
		return nil
	}
	if err := syscall.Mount("", target, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("make %s read-only: %w", m.Target, err)
	}
	return nil
}

// makeTarget makes what a mount covers, where nothing is.
func (r root) makeTarget(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.MkdirAll(target, 0o755)
	}
	if _, err := os.Lstat(target); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, nil, 0o644)
}

func (r root) registerBinaryFormats(formats []string) error {
	if len(formats) == 0 {
		return nil
	}
	const folder = "/proc/sys/fs/binfmt_misc"
	if err := r.mount("binfmt_misc", folder, ""); err != nil {
		return err
	}
	for _, format := range formats {
		if err := os.WriteFile(r.path(folder+"/register"), []byte(format), 0); err != nil {
			return fmt.Errorf("register %q: %w", format, err)
		}
	}
	return nil
}

// enter changes the root, and takes the old one away.
func (r root) enter() error {
	const old = "/.old"
	if err := os.MkdirAll(r.path(old), 0o700); err != nil {
		return err
	}
	if err := syscall.PivotRoot(string(r), r.path(old)); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := syscall.Unmount(old, syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the old root: %w", err)
	}
	return os.Remove(old)
}
