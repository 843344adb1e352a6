// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// StartHAProxy starts an HAProxy that spreads requests over Services as OpenShift's router does, by the algorithm of a name in the place of
// roundrobin, until the test ends. It returns its address.
func StartHAProxy(t *testing.T, balance string, services ...Service) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	text := strings.Replace(RouterConfiguration(address, services), "balance roundrobin", "balance "+balance, 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin") // where Debian has it, and make found it.
	command := exec.Command("haproxy", "-db", "-f", file)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatalf("start HAProxy (Debian: apt-get install haproxy): %v", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatalf("HAProxy does not listen: %v", err)
		}
	}
}
