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

var errForbiddenAddress = errors.New("link-local, metadata and other special addresses are not contacted")

// What is refused follows IANA's registries of special-purpose addresses (RFC
// 6890 and what updates it, as of 2025): all that is not globally reachable,
// but for loopback, private and shared addresses (RFC 1918, 6598, 4193). Of
// IPv6 that leaves global unicast, so only the exceptions to it are listed.
var (
	refusedIPv4 = prefixes(
		"0.0.0.0/8",       // this network
		"169.254.0.0/16",  // link-local
		"192.0.0.0/24",    // IETF protocol assignments; Oracle's metadata
		"192.0.2.0/24",    // documentation, as the next but two
		"192.88.99.0/24",  // 6to4 relays
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"224.0.0.0/4",     // multicast
		"240.0.0.0/4",     // reserved, and broadcast
	)
	contactedIPv6 = prefixes(
		"::1/128",  // loopback
		"2000::/3", // global unicast
		"fc00::/7", // private
	)
	refusedIPv6 = prefixes(
		"2001::/23",     // IETF protocol assignments, Teredo among them
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4, which leads to any IPv4 address
		"3fff::/20",     // documentation
	)
	// metadataAddresses are those that clouds took from what is private or
	// global, with the other services of the node beside them.
	metadataAddresses = prefixes(
		"100.96.0.96/32",     // Volcano Engine
		"100.100.100.200/32", // Alibaba Cloud
		"168.63.129.16/32",   // Azure
		"fd00:42::42/128",    // Scaleway
		"fd00:ec2::/32",      // AWS
		"fd20:ce::/32",       // Google Cloud
	)
	// nat64 leads to the IPv4 address in its last bytes. 64:ff9b:1::/48 does so
	// in more than one way, and is no global unicast.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(all ...string) []netip.Prefix {
	result := make([]netip.Prefix, 0, len(all))
	for _, prefix := range all {
		result = append(result, netip.MustParsePrefix(prefix))
	}
	return result
}

func within(all []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(all, func(prefix netip.Prefix) bool { return prefix.Contains(addr) })
}

var metadataNames = []string{
	"metadata",
	"metadata.google.internal",
	"metadata.goog",
	"instance-data",
	"instance-data.ec2.internal",
}

func forbiddenAddress(addr netip.Addr) bool {
	addr = embedded(addr.WithZone("").Unmap())
	if within(metadataAddresses, addr) {
		return true
	}
	if addr.Is4() {
		return within(refusedIPv4, addr)
	}
	return !within(contactedIPv6, addr) || within(refusedIPv6, addr) || spellsMetadata(addr)
}

// embedded is the IPv4 address that an IPv6 address leads to by NAT64, or within
// a site by ISATAP (RFC 5214); addr itself where there is none.
func embedded(addr netip.Addr) netip.Addr {
	b := addr.As16()
	isISATAP := addr.Is6() && b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
	if nat64.Contains(addr) || isISATAP {
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}

// spellsMetadata finds 169.254.169.254 in a private address, as in
// fd00:c1::a9fe:a9fe and fd00:a9fe:a9fe::1: so clouds name their metadata
// services in networks without IPv4.
func spellsMetadata(addr netip.Addr) bool {
	b, metadata := addr.As16(), [4]byte{169, 254, 169, 254}
	return addr.IsPrivate() && ([4]byte(b[12:]) == metadata || [4]byte(b[2:6]) == metadata)
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
