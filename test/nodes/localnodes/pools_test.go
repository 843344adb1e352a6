// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

func TestPoolsFlag(t *testing.T) {
	for value, want := range map[string]poolsFlag{
		"amd64=2":         {{Arch: "amd64", Count: 2}},
		"arm64=3,s390x=1": {{Arch: "arm64", Count: 3}, {Arch: "s390x", Count: 1}},
	} {
		pools := poolsFlag{{Arch: "default", Count: 1}}
		if err := pools.Set(value); err != nil {
			t.Errorf("%q: %v", value, err)
		}
		if diff := cmp.Diff([]nodes.Pool(want), []nodes.Pool(pools)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", value, diff)
		}
		if got := pools.String(); got != value {
			t.Errorf("String: got %q, want %q", got, value)
		}
	}
	for _, value := range []string{"", "amd64", "=2", "amd64=", "amd64=two", "amd64=0", "amd64=1,"} {
		if err := new(poolsFlag).Set(value); err == nil {
			t.Errorf("%q is accepted", value)
		}
	}
}
