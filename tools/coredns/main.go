// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// The DNS server of clusters with real pods: CoreDNS with the plugins that its
// configuration there names, and none of those that drag in the clients of
// clouds.
package main

import (
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"

	"github.com/coredns/coredns/coremain"
)

func main() {
	coremain.Run()
}
