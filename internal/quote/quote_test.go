// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package quote_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// Each pair is what was said in two attempts of the same kind.
var attempts = map[string][2]string{
	"pods that admission refuses": {
		`pods "shop-5d8f7c9b4-x7k2p" is forbidden: exceeded quota: q`,
		`pods "shop-5d8f7c9b4-zj8cc" is forbidden: exceeded quota: q`,
	},
	"pods that are invalid": {
		`Pod "shop-5d8f7c9b4-x7k2p" is invalid: spec.containers[0].resources.requests: Invalid value: "512Mi"`,
		`Pod "shop-5d8f7c9b4-zj8cc" is invalid: spec.containers[0].resources.requests: Invalid value: "512Mi"`,
	},
	"pods in the words of a policy": {
		`admission webhook "p.example.com" denied the request: dev/shop-5d8f7c9b4-x7k2p has no owner`,
		`admission webhook "p.example.com" denied the request: dev/shop-5d8f7c9b4-zj8cc has no owner`,
	},
	"the back-off of a crash": {
		`back-off 10s restarting failed container=web pod=shop-5d8f7c9b4-x7k2p_dev(0f0e0d0c-1111-2222-3333-444455556666)`,
		`back-off 2m40s restarting failed container=web pod=shop-5d8f7c9b4-zj8cc_dev(1f0e0d0c-1111-2222-3333-444455556666)`,
	},
	"the time and the source of a connection": {
		`read tcp 10.0.3.7:41234->104.18.1.2:443: read: connection reset by peer at 2026-01-02T03:04:05.123Z`,
		`read tcp 10.0.3.7:59876->104.18.9.9:443: read: connection reset by peer at 2026-01-02T03:04:15Z`,
	},
	"IPv6": {`dial tcp [2001:db8::1]:443: i/o timeout`, `dial tcp [2001:db8::9:2]:443: i/o timeout`},
	"the digest and the mirror of a pull": {
		`failed to copy: httpReadSeeker: failed open: unexpected status from GET https://cdn.example.com/blobs/sha256:aa11aa11aa11?Expires=1&Signature=abc: 503`,
		`failed to copy: httpReadSeeker: failed open: unexpected status from GET https://cdn.example.com/blobs/sha256:bb22bb22bb22?Expires=2&Signature=def: 503`,
	},
	"the container that could not be made": {
		`failed to create containerd task: /run/containerd/io.containerd.runtime.v2.task/k8s.io/0123456789abcdef0123456789abcdef/rootfs, pid 4711: no such file`,
		`failed to create containerd task: /run/containerd/io.containerd.runtime.v2.task/k8s.io/fedcba9876543210fedcba9876543210/rootfs, pid 815: no such file`,
	},
	"a snapshot":               {`mount /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/17/fs`, `mount /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/4711/fs`},
	"counters":                 {`gave up after 3 attempts (attempt 3/5), restarted 4 times`, `gave up after 5 attempts (attempt 5/5), restarted 17 times`},
	"the request's id":         {`403 Forbidden: request-id: 7Y2-abc`, `403 Forbidden: request-id: 9Z1-xyz`},
	"how long was waited":      {`context deadline exceeded after 1m30.5s (elapsed 350ms)`, `context deadline exceeded after 2h0m1s (elapsed 1.25s)`},
	"times as Go prints them":  {`expired at 2026-01-02 03:04:05.123456 +0000 UTC m=+12.5`, `expired at 2026-01-02 05:04:05 +0000 UTC m=+99.1`},
	"the version of an object": {`stale: resourceVersion: 4711`, `stale: resourceVersion: 4712`},
	"what others use of a quota": {
		`exceeded quota: q, requested: pods=1,requests.cpu=2, used: pods=19,requests.cpu=9100m, limited: pods=20,requests.cpu=10`,
		`exceeded quota: q, requested: pods=1,requests.cpu=2, used: pods=20,requests.cpu=9200m, limited: pods=20,requests.cpu=10`,
	},
	"a pod of a long name": {
		`denied the request: pod an-elasticweb-whose-name-takes-all-the-room-of-pods-7d4b9cxkq2p may not`,
		`denied the request: pod an-elasticweb-whose-name-takes-all-the-room-of-pods-7d4b9cw8zzt may not`,
	},
	"times of HTTP":    {`Date: Sun, 29 Nov 2026 06:01:02 GMT`, `Date: Mon, 30 Nov 2026 06:01:03 GMT`},
	"times of mail":    {`Sun, 29 Nov 2026 06:01:02 +0000`, `Sun, 29 Nov 2026 06:01:03 +0000`},
	"a mount":          {`write /var/lib/containerd/tmpmounts/containerd-mount123456789: no space left`, `write /var/lib/containerd/tmpmounts/containerd-mount987654321: no space left`},
	"an address":       {`panic at 0xc000123456`, `panic at 0xc000123999`},
	"a sandbox's name": {`failed to reserve sandbox name "shop_dev_abc_0"`, `failed to reserve sandbox name "shop_dev_abc_1"`},
	"a reserved name":  {`reserved sandbox name "shop_dev_abc_9"`, `reserved sandbox name "shop_dev_abc_10"`},
	"white space":      {"two\n lines", "two  lines\n"},
}

func TestSaidIsTheSameFromAttemptToAttempt(t *testing.T) {
	for name, pair := range attempts {
		if a, b := quote.Said(pair[0]), quote.Said(pair[1]); a != b {
			t.Errorf("%s:\n%s\n%s", name, a, b)
		}
	}
}

// What tells the reader something stays.
func TestSteadyKeepsWhatIsSaid(t *testing.T) {
	for _, text := range []string{
		`spec.template.spec.containers[0].resources.requests: Invalid value: "100m": must be less than or equal to cpu limit of 50m`,
		`exceeded quota: pods, requested: pods=1, used: …, limited: pods=1`,
		`maximum memory usage per Container is 256Mi, but limit is 512Mi`,
		`spec.ports[0].nodePort: Invalid value: 30003: provided port is already allocated`,
		`failed to pull image "registry.example.com:5000/shop:1.17.1": unexpected status: 401 Unauthorized`,
		`serviceaccount "web-frontend" not found`,
		`secret "shop-env" not found`,
		`Invalid value: "10.0.0.0/33"`,
	} {
		if got := quote.Said(text); got != text {
			t.Errorf("%s\nbecame\n%s", text, got)
		}
	}
	if got, want := quote.Said(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: quota`), "pods is forbidden: quota"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestBounded(t *testing.T) {
	for _, piece := range []string{"a", "ä", "語", "😀", "\xff", "ab\xe8\xaa"} {
		for _, length := range []int{0, 1, 99, 100, 101, 150, 200_000} {
			text := strings.Repeat(piece, length/len(piece)+1)
			got := quote.Bounded("begin "+text+" end", 100)
			if len(got) > 100 || !utf8.ValidString(got) || !strings.HasPrefix(got, "begin ") || !strings.HasSuffix(got, " end") {
				t.Errorf("%d bytes of %q: %q", len(text), piece, got)
			}
		}
	}
	if got := quote.Said("begin " + strings.Repeat("attempt 7 ", 20_000) + " end"); len(got) > 400 || !strings.Contains(got, " ... 195 kB left out ... ") || !strings.HasSuffix(got, " end") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	for _, piece := range []string{"\x80", "\xff", "語", "a"} {
		if got := quote.Said(strings.Repeat(piece, 10_000)); len(got) > 400 || !utf8.ValidString(got) {
			t.Errorf("%q: %q", piece, got)
		}
	}
	const exact = "0123456789012345678901234567890123456789012345678901234567890123456789"
	if got := quote.Bounded(exact, 70); got != exact {
		t.Errorf("a text of the very limit became %q", got)
	}
	if got, want := quote.Bounded(exact+"x", 70), "01234567890123456789 ... 41 bytes left out ... 123456789x"; !strings.Contains(got, "bytes left out") || got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
