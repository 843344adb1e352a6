// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// enterControlGroups moves the process into the machine's folder of each
// hierarchy, and makes these the roots of what the machine sees.
func enterControlGroups(groups map[string]string) error {
	for _, folder := range groups {
		if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte("0"), 0); err != nil {
			return fmt.Errorf("enter the control group: %w", err)
		}
	}
	if err := syscall.Unshare(syscall.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("make the control groups the machine's own: %w", err)
	}
	return nil
}
