// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

func TestNodePools(t *testing.T) {
	for value, want := range map[string]nodePools{
		"":                nil,
		"amd64=2":         {{Arch: "amd64", Count: 2}},
		"arm64=3,s390x=0": {{Arch: "arm64", Count: 3}, {Arch: "s390x", Count: 0}},
	} {
		pools := nodePools{{Arch: "default", Count: 1}}
		if err := pools.Set(value); err != nil {
			t.Errorf("%q: %v", value, err)
		}
		if diff := cmp.Diff([]cluster.NodePool(want), []cluster.NodePool(pools)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", value, diff)
		}
		if got := pools.String(); got != value {
			t.Errorf("String: got %q, want %q", got, value)
		}
	}
	for _, value := range []string{"amd64", "=2", "amd64=", "amd64=two", "amd64=-1", "amd64=1,"} {
		if err := new(nodePools).Set(value); err == nil {
			t.Errorf("%q is accepted", value)
		}
	}
}
