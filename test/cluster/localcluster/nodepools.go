// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// nodePools is the value of a flag such as amd64=2,arm64=3.
type nodePools []cluster.NodePool

// String returns the flag's value.
func (p *nodePools) String() string {
	var pools []string
	for _, pool := range *p {
		pools = append(pools, fmt.Sprintf("%s=%d", pool.Arch, pool.Count))
	}
	return strings.Join(pools, ",")
}

// Set replaces the default.
func (p *nodePools) Set(value string) error {
	*p = nil
	if value == "" {
		return nil
	}
	for pool := range strings.SplitSeq(value, ",") {
		arch, number, _ := strings.Cut(pool, "=")
		count, err := strconv.Atoi(number)
		if arch == "" || err != nil || count < 0 {
			return fmt.Errorf("%q is not an architecture and a number, as in arm64=3", pool)
		}
		*p = append(*p, cluster.NodePool{Arch: arch, Count: count})
	}
	return nil
}
