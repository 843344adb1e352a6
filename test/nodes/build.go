// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"context"
	"io"
	"maps"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
)

// Build compiles what Start needs for nodes of the given architectures, in the words of GOARCH, and keeps it in the user's
// cache folder. What is there already costs nothing. Start does the same by itself: Build is for those who want the minutes
// that it takes from nothing to be over before they count any. progress may be nil.
func Build(ctx context.Context, progress io.Writer, architectures ...string) error {
	if _, err := binaries.Ensure(ctx, progress, binaries.All()...); err != nil {
		return err
	}
	if _, err := binaries.EnsureFor(ctx, progress, nativeArch, binaries.CoreDNS); err != nil {
		return err
	}
	for _, architecture := range architectures {
		if _, err := nodeBinaries(ctx, progress, architecture); err != nil {
			return err
		}
	}
	return nil
}

// nodeBinaries are those that run on a node of an architecture, by the name that they have there.
func nodeBinaries(ctx context.Context, progress io.Writer, architecture string) (binaries.Paths, error) {
	if architecture == nativeArch {
		return binaries.EnsureFor(ctx, progress, architecture,
			binaries.Kubelet, binaries.KubeProxy, binaries.Containerd, binaries.ContainerdShim)
	}
	// What decides is of the node's architecture. What talks to the kernel is not: the emulator does not know all of it.
	paths, err := binaries.EnsureFor(ctx, progress, architecture, binaries.Kubelet, binaries.Containerd)
	if err != nil {
		return nil, err
	}
	native, err := binaries.EnsureFor(ctx, progress, nativeArch, binaries.KubeProxy, binaries.ContainerdShim, binaries.CRIProxy)
	if err != nil {
		return nil, err
	}
	maps.Copy(paths, native)
	return paths, nil
}
