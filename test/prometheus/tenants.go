// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package prometheus

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Tenants puts the real prom-label-proxy of bin in front: who asks it sees only the series whose label has the value of the parameter of that
// name. It returns the address of the proxy, which must be stopped.
func (s *Server) Tenants(ctx context.Context, label string) (url string, stop func(), err error) {
	address := anyAddress(loopback)
	command := exec.CommandContext(ctx, filepath.Join(root(), "bin", "prom-label-proxy"),
		"-label="+label, "-upstream="+s.URL(), "-insecure-listen-address="+address)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return "", nil, fmt.Errorf("start the tool of make bin/prom-label-proxy: %w", err)
	}
	stop = func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, ready, true, func(context.Context) (bool, error) {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return false, nil
		}
		return true, connection.Close()
	})
	if err != nil {
		stop()
		return "", nil, err
	}
	return "http://" + address, stop, nil
}
