// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"errors"
	"testing"
)

func TestForbiddenHost(t *testing.T) {
	tests := map[string]bool{
		"169.254.169.254":           true,
		"169.254.170.2":             true,
		"169.254.0.1":               true,
		"fe80::1":                   true,
		"fe80::1%eth0":              true,
		"fd00:ec2::254":             true,
		"fd20:ce::254":              true,
		"100.100.100.200":           true,
		"168.63.129.16":             true,
		"192.0.0.192":               true,
		"::ffff:169.254.169.254":    true,
		"::ffff:a9fe:a9fe":          true,
		"64:ff9b::a9fe:a9fe":        true,
		"64:ff9b::a00:1":            false,
		"64:ff9b::6440:c8":          false,
		"64:ff9b::6464:64c8":        true,
		"64:ff9b:1::a9fe:a9fe":      true,
		"64:ff9b:1:a9fe:a9:fe00::":  true,
		"::169.254.169.254":         true,
		"::10.0.0.1":                true,
		"::ffff:0:a9fe:a9fe":        true,
		"::ffff:10.0.0.1":           false,
		"2002:a9fe:a9fe::1":         true,
		"2002:a00:1::":              true,
		"2001:0:a9fe:a9fe::1":       true,
		"2001:db8::1":               true,
		"2001:4860:4860::8888":      false,
		"2600:1f18::5efe:a9fe:1":    true,
		"2600::200:5efe:a00:1":      false,
		"3fff::1":                   true,
		"5f00::1":                   true,
		"100::1":                    true,
		"fec0::1":                   true,
		"ff02::1":                   true,
		"4000::1":                   true,
		"fd00:ec2::23":              true,
		"fd00:ec2::123":             true,
		"fd00:42::42":               true,
		"fd00:42::43":               false,
		"fd00:c1::a9fe:a9fe":        true,
		"fd00:a9fe:a9fe::1":         true,
		"0.1.2.3":                   true,
		"192.0.0.8":                 true,
		"192.0.2.1":                 true,
		"192.88.99.1":               true,
		"198.18.0.1":                true,
		"198.20.0.1":                false,
		"198.51.100.7":              true,
		"203.0.113.9":               true,
		"240.0.0.1":                 true,
		"255.255.255.255":           true,
		"100.96.0.96":               true,
		"172.16.0.5":                false,
		"100.127.255.254":           false,
		"0.0.0.0":                   true,
		"::":                        true,
		"224.0.0.1":                 true,
		"metadata.google.internal":  true,
		"METADATA.google.internal.": true,
		"metadata":                  true,
		"2852039166":                true,
		"0xA9FEA9FE":                true,
		"0xa9.0xfe.0xa9.0xfe":       true,
		"169.254.43518":             true,
		"0251.0376.0251.0376":       true,

		"":                      false,
		"127.0.0.1":             false,
		"::1":                   false,
		"10.0.0.5":              false,
		"192.168.1.1":           false,
		"fd00::5":               false,
		"100.64.0.1":            false,
		"8.8.8.8":               false,
		"localhost":             false,
		"quay.io":               false,
		"registry1":             false,
		"0xcafe.example.com":    false,
		"metadata.example.com":  false,
		"registry.svc.cluster1": false,
	}
	for host, want := range tests {
		t.Run(host, func(t *testing.T) {
			if got := forbiddenHost(host); got != want {
				t.Errorf("forbiddenHost(%q) = %v", host, got)
			}
		})
	}
}

func TestRefuseForbidden(t *testing.T) {
	tests := map[string]bool{
		"169.254.169.254:80":           true,
		"[fe80::1%eth0]:443":           true,
		"[::ffff:169.254.169.254]:443": true,
		"[fd00:ec2::254]:80":           true,
		"not an address":               true,
		"127.0.0.1:5000":               false,
		"10.1.2.3:443":                 false,
		"[::1]:5000":                   false,
	}
	for address, want := range tests {
		t.Run(address, func(t *testing.T) {
			if got := errors.Is(refuseForbidden("tcp", address, nil), errForbiddenAddress); got != want {
				t.Errorf("refused is %v", got)
			}
		})
	}
}
