// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command etcd is the etcd server, whose own main package cannot be built
// from the module proxy: its module replaces others by folders beside it.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
