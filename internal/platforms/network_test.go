// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInspectSchemes(t *testing.T) {
	plain, secure := newRegistry(t), newTLSRegistry(t)
	plain.push(t, "shop:1", "linux/amd64")
	secure.push(t, "shop:1", "linux/amd64")
	downgrade := newTLSRegistry(t)
	downgrade.push(t, "shop:1", "linux/amd64")
	downgrade.behind(answering("/blobs/", func(w http.ResponseWriter, req *http.Request) {
		redirect(plain.server.URL+req.URL.Path)(w, req)
	}))
	tests := map[string]struct {
		registry *testRegistry
		options  Options
		reason   Reason
		message  string
	}{
		"plain HTTP, listed":          {registry: plain, options: Options{PlainHTTPRegistries: []string{"other:5000", plain.host}}},
		"plain HTTP, not listed":      {registry: plain, reason: ReasonRegistryUnreachable, message: "plain HTTP"},
		"TLS, trusted":                {registry: secure, options: Options{CABundle: secure.caBundle()}},
		"TLS, unknown authority":      {registry: secure, reason: ReasonRegistryUnreachable, message: "unknown authority"},
		"TLS, listed for plain HTTP":  {registry: secure, options: Options{CABundle: secure.caBundle(), PlainHTTPRegistries: []string{secure.host}}, reason: ReasonRegistryUnreachable},
		"TLS that redirects to plain": {registry: downgrade, options: Options{CABundle: downgrade.caBundle()}, reason: ReasonRegistryUnreachable, message: "plain HTTP"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := inspectImage(t, tc.options, tc.registry.host+"/shop:1")
			checkReason(t, err, tc.reason)
			if err != nil && !strings.Contains(err.Error(), tc.message) {
				t.Errorf("error %q should contain %q", err, tc.message)
			}
		})
	}
}

func TestNewRefusesBadCABundle(t *testing.T) {
	if _, err := New(Options{CABundle: []byte("not PEM")}); err == nil {
		t.Error("no error")
	}
}

func TestInspectThroughProxy(t *testing.T) {
	plain, secure := newRegistry(t), newTLSRegistry(t)
	plain.push(t, "shop:1", "linux/amd64")
	secure.push(t, "shop:1", "linux/amd64")
	tests := map[string]struct {
		registry *testRegistry
		image    string
		options  Options
		reason   Reason
		through  []string
	}{
		"plain HTTP": {
			registry: plain,
			image:    "registry.test/shop:1",
			options:  Options{PlainHTTPRegistries: []string{"registry.test"}},
			through:  []string{"GET registry.test", "GET registry.test", "GET registry.test"},
		},
		"TLS": {
			registry: secure,
			// The name in the certificate of httptest.
			image:   "example.com/shop:1",
			options: Options{CABundle: secure.caBundle()},
			through: []string{"CONNECT example.com:443"},
		},
		"metadata is not even asked for": {
			registry: plain,
			image:    "metadata.google.internal/shop:1",
			options:  Options{PlainHTTPRegistries: []string{"metadata.google.internal"}},
			reason:   ReasonRegistryUnreachable,
		},
		"nor by its address": {
			registry: plain,
			image:    "169.254.169.254/shop:1",
			reason:   ReasonRegistryUnreachable,
		},
		"NO_PROXY": {
			registry: plain,
			image:    "direct.test/shop:1",
			reason:   ReasonRegistryUnreachable,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			proxy.to(tc.registry.host)
			_, err := inspectImage(t, tc.options, tc.image)
			checkReason(t, err, tc.reason)
			if diff := cmp.Diff(tc.through, proxy.to("")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestInspectUnreachable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	_, failed := inspectImage(t, Options{}, closed.Addr().String()+"/shop:1")
	checkReason(t, failed, ReasonRegistryUnreachable)
	if !strings.Contains(failed.Error(), "does not answer") {
		t.Errorf("error %q", failed)
	}
}

// TestDialResistsRebinding resolves a name to loopback at first and to the
// metadata service from then on.
func TestDialResistsRebinding(t *testing.T) {
	var answers [][4]byte
	original := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerDNS(server, &answers)
		return client, nil
	}}
	t.Cleanup(func() { net.DefaultResolver = original })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	c, err := newClient(Options{Proxy: noProxy}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}

	answers = [][4]byte{{127, 0, 0, 1}}
	conn, err := c.transport.DialContext(t.Context(), "tcp4", "rebind.test.:"+port)
	if err != nil {
		t.Fatalf("dialling loopback: %v", err)
	}
	conn.Close()
	answers = [][4]byte{{169, 254, 169, 254}}
	if _, err := c.transport.DialContext(t.Context(), "tcp4", "rebind.test.:"+port); !errors.Is(err, errForbiddenAddress) {
		t.Fatalf("dialling the metadata service: %v", err)
	}
	_, failed := inspectImage(t, Options{Proxy: noProxy}, "rebind.test.:"+port+"/shop:1")
	checkReason(t, failed, ReasonRegistryUnreachable)
	if !strings.Contains(failed.Error(), "link-local") {
		t.Errorf("error %q", failed)
	}
}

// answerDNS answers queries over a stream with the given addresses, and those
// for IPv6 with none.
func answerDNS(conn net.Conn, addresses *[][4]byte) {
	defer conn.Close()
	for {
		var length [2]byte
		if _, err := conn.Read(length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := conn.Read(query); err != nil {
			return
		}
		question := query[12:]
		end := strings.IndexByte(string(question), 0) + 5
		wantsIPv4 := question[end-3] == 1
		reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[:end]...)
		for _, a := range *addresses {
			if wantsIPv4 {
				reply[7]++
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, a[0], a[1], a[2], a[3])
			}
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// A node of a registry that dies leaves connections behind that lead nowhere: TestAServerThatVanishes of internal/traffic shows what pings are worth.
func TestConnectionsAreTried(t *testing.T) {
	transport, err := newTransport(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if pings := transport.HTTP2; pings == nil || pings.SendPingTimeout == 0 || pings.PingTimeout == 0 {
		t.Errorf("connections of HTTP/2 are never given up: %+v", pings)
	}
}
