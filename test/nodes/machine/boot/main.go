// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command boot is the first process of a machine; see package machine.
package main

import (
	"fmt"
	"os"

	"github.com/elasticweb/elasticweb-operator/test/nodes/machine"
)

func main() {
	if err := machine.Boot(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
