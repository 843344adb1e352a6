// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"context"
	_ "embed" // for the manifest of the DNS
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/elasticweb/elasticweb-operator/test/cluster/binaries"
)

//go:embed coredns.yaml
var dnsManifest string

// pushSystemImages fills the registry with what the nodes themselves need.
func (c *Cluster) pushSystemImages(ctx context.Context) error {
	architectures := c.architectures()
	pause, err := Image{
		Packages: map[string]string{"/pause": "test/nodes/pause"},
		Config:   v1.Config{Entrypoint: []string{"/pause"}},
	}.Build(ctx, architectures...)
	if err != nil {
		return err
	}
	if _, err := c.registry.Push("pause:elasticweb", pause); err != nil {
		return err
	}
	paths, err := binaries.EnsureFor(ctx, c.options.Progress, nativeArch, binaries.CoreDNS)
	if err != nil {
		return err
	}
	dns, err := Image{
		Files:  map[string]string{"/coredns": paths[binaries.CoreDNS]},
		Config: v1.Config{Entrypoint: []string{"/coredns"}},
	}.Build(ctx, nativeArch)
	if err != nil {
		return err
	}
	_, err = c.registry.Push("coredns/coredns:elasticweb", dns)
	return err
}

// startDNS returns when the cluster's names are answered.
func (c *Cluster) startDNS(ctx context.Context) error {
	manifest := strings.NewReplacer("ARCHITECTURE", nativeArch, "CLUSTER_DNS", clusterDNS,
		"HOST", c.network.host().String(), "REGISTRIES", strings.Join(publicRegistries, " ")).Replace(dnsManifest)
	if _, err := c.Kubectl(ctx, manifest, "apply", "-f", "-"); err != nil {
		return err
	}
	_, err := c.Kubectl(ctx, "", "rollout", "status", "deployment/coredns", "--namespace=kube-system", "--timeout=2m")
	return err
}

// architectures are those of the nodes.
func (c *Cluster) architectures() []string {
	var architectures []string
	for _, pool := range c.options.Nodes {
		architectures = append(architectures, pool.Arch)
	}
	slices.Sort(architectures)
	return slices.Compact(architectures)
}
