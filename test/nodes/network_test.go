// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"net"
	"net/netip"
	"testing"
)

func TestOverlaps(t *testing.T) {
	prefix := netip.MustParsePrefix("172.29.7.0/24")
	for address, want := range map[string]bool{
		"172.29.7.9/32":  true,
		"172.29.0.1/16":  true,
		"172.29.8.1/24":  false,
		"192.168.1.1/24": false,
		"fe80::1/64":     false,
	} {
		ip, mask, err := net.ParseCIDR(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := overlaps(prefix, []net.Addr{&net.IPNet{IP: ip, Mask: mask.Mask}}); got != want {
			t.Errorf("%s: got %t, want %t", address, got, want)
		}
	}
}
