// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Pool is a number of nodes of one processor architecture.
type Pool struct {
	// Arch is the architecture, in the words of GOARCH. Required.
	Arch string

	// Count is the number of nodes.
	Count int
}

// Options say what Start starts.
type Options struct {
	// Nodes are those to begin with. Those of other architectures than this
	// machine's are emulated, and slow.
	Nodes []Pool

	// LogDir is where everything logs, for those who want to read the logs after
	// Stop: the control plane, the nodes, and their pods. Empty: a folder that
	// goes with the cluster.
	LogDir string

	// AuditLog has every request to the API server logged.
	AuditLog bool

	// Progress is told what Start does, and how long it takes. It may be nil.
	Progress io.Writer
}

func (o *Options) complete() error {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if len(o.Nodes) == 0 {
		return errors.New("a cluster of true nodes needs a pool of them")
	}
	for _, pool := range o.Nodes {
		if pool.Arch != nativeArch && emulators[pool.Arch] == "" {
			return fmt.Errorf("no nodes of the architecture %q: take %s", pool.Arch, strings.Join(slices.Sorted(maps.Keys(emulators)), ", "))
		}
	}
	return nil
}

// emulates tells whether some of the nodes are of another architecture than this machine.
func (o *Options) emulates() bool {
	return slices.ContainsFunc(o.Nodes, func(pool Pool) bool { return pool.Arch != nativeArch })
}
