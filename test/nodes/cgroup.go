// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// controlGroups are folders of a cluster, one in each hierarchy, by the path at
// which the hierarchy is mounted.
type controlGroups map[string]string

// findControlGroups names the folders and makes none.
func findControlGroups(name string) (controlGroups, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	groups := controlGroups{}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) > 2 && strings.HasPrefix(fields[2], "cgroup") && strings.HasPrefix(fields[1], "/sys/fs/cgroup/") {
			groups[fields[1]] = filepath.Join(fields[1], name)
		}
	}
	if len(groups) == 0 {
		return nil, errors.New("no hierarchies of control groups (version 1) are mounted below /sys/fs/cgroup; a machine with version 2 alone is not supported")
	}
	return groups, nil
}

// of names the folders of one node.
func (g controlGroups) of(node string) controlGroups {
	groups := controlGroups{}
	for hierarchy, folder := range g {
		groups[hierarchy] = filepath.Join(folder, node)
	}
	return groups
}

func (g controlGroups) make() error {
	for _, folder := range g {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return fmt.Errorf("make a control group: %w", err)
		}
		if err := inheritCPUSet(folder); err != nil {
			return err
		}
	}
	return nil
}

// inheritCPUSet gives a new group of the controller cpuset what its parent has: empty, it would admit no process.
func inheritCPUSet(folder string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(folder), file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, file), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// remove removes the folders with those that the nodes made in them, as soon as the last process has left.
func (g controlGroups) remove() error {
	const interval = 20 * time.Millisecond
	var err error
	for waited := time.Duration(0); waited < cleanupPatience; waited += interval {
		if err = g.tryRemove(); err == nil {
			return nil
		}
		time.Sleep(interval)
	}
	return fmt.Errorf("remove the control groups: %w", err)
}

func (g controlGroups) tryRemove() error {
	var errs []error
	for _, folder := range g {
		var folders []string
		_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				folders = append(folders, path)
			}
			return nil
		})
		for _, inner := range slices.Backward(folders) {
			if err := syscall.Rmdir(inner); err != nil && !errors.Is(err, syscall.ENOENT) {
				errs = append(errs, fmt.Errorf("%s: %w", inner, err))
			}
		}
	}
	return errors.Join(errs...)
}
