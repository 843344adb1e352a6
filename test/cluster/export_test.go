// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

// ProcessGroup returns the process group of all processes of the cluster.
func (c *Cluster) ProcessGroup() int {
	return c.watchdog.group()
}
