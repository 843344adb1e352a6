// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// An image reference, a redirect and a token realm are all written by someone
// else, and the operator's pod can reach what its author cannot: the cloud's
// metadata service hands out the node's credentials to whoever asks from the
// node. Loopback and private addresses stay allowed: registries live there.

var errForbiddenAddress = errors.New("link-local and metadata addresses are not contacted")

var metadataAddresses = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"),   // AWS
	netip.MustParseAddr("fd20:ce::254"),    // Google Cloud
	netip.MustParseAddr("100.100.100.200"), // Alibaba Cloud
	netip.MustParseAddr("168.63.129.16"),   // Azure
	netip.MustParseAddr("192.0.0.192"),     // Oracle Cloud
}

var metadataNames = []string{
	"metadata",
	"metadata.google.internal",
	"metadata.goog",
	"instance-data",
	"instance-data.ec2.internal",
}

var nat64Prefix = netip.MustParsePrefix("64:ff9b::/96")

func forbiddenAddress(addr netip.Addr) bool {
	addr = addr.WithZone("").Unmap()
	if nat64Prefix.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() ||
		slices.Contains(metadataAddresses, addr)
}

// forbiddenHost judges a URL's host. It is what protects a host that is
// resolved elsewhere, by a proxy; all others are judged again when they are
// dialled.
func forbiddenHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if slices.Contains(metadataNames, host) {
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return forbiddenAddress(addr)
	}
	return oddNumber(host)
}

// oddNumber reports an address in a spelling that only some resolvers take for
// one, such as 0xA9FEA9FE and 2852039166: no name ends in a number.
func oddNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// refuseForbidden is a net.Dialer's Control: it sees the address after the name
// was resolved, so a name that resolves differently the second time is no way
// around it.
func refuseForbidden(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || forbiddenAddress(ap.Addr()) {
		return errForbiddenAddress
	}
	return nil
}
