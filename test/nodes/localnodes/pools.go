// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

// poolsFlag is the value of a flag such as amd64=2,arm64=1.
type poolsFlag []nodes.Pool

// String returns the flag's value.
func (p *poolsFlag) String() string {
	var pools []string
	for _, pool := range *p {
		pools = append(pools, fmt.Sprintf("%s=%d", pool.Arch, pool.Count))
	}
	return strings.Join(pools, ",")
}

// Set replaces the default.
func (p *poolsFlag) Set(value string) error {
	*p = nil
	for pool := range strings.SplitSeq(value, ",") {
		architecture, number, _ := strings.Cut(pool, "=")
		count, err := strconv.Atoi(number)
		if architecture == "" || err != nil || count < 1 {
			return fmt.Errorf("%q is not an architecture and a number, as in amd64=2", pool)
		}
		*p = append(*p, nodes.Pool{Arch: architecture, Count: count})
	}
	return nil
}

func (p *poolsFlag) architectures() []string {
	var architectures []string
	for _, pool := range *p {
		architectures = append(architectures, pool.Arch)
	}
	return architectures
}
