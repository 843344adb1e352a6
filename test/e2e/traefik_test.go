// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// startTraefik runs Traefik beside the cluster, as the gateway dev/public, and returns the address at which it serves.
func (s *scenario) startTraefik(ctx context.Context) string {
	GinkgoHelper()
	module, err := exec.CommandContext(ctx, "go", "list", "-C", filepath.Join(root, "tools/traefik"), "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	Expect(err).NotTo(HaveOccurred())
	s.kubectl(ctx, "apply", "--server-side", "--filename="+filepath.Join(strings.TrimSpace(string(module)), "config/crd/standard"))
	s.kubectl(ctx, "wait", "crd", "--all", "--for=condition=Established", "--timeout=1m")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	address := listener.Addr().String()
	Expect(listener.Close()).To(Succeed())
	_, port, err := net.SplitHostPort(address)
	Expect(err).NotTo(HaveOccurred())
	s.apply(ctx, `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: traefik}
spec: {controllerName: traefik.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: dev}
spec:
  gatewayClassName: traefik
  listeners: [{name: web, protocol: HTTP, port: `+port+`}]
`)
	log, err := os.Create(filepath.Join(s.LogDir(), "traefik.log"))
	Expect(err).NotTo(HaveOccurred())
	command := exec.Command(tool("traefik"), "--entryPoints.web.address="+address, "--providers.kubernetesGateway=true",
		"--log.level=INFO", "--global.checkNewVersion=false", "--global.sendAnonymousUsage=false")
	command.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig(), "NO_PROXY=*", "no_proxy=*")
	command.Stdout, command.Stderr = log, log
	Expect(command.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = log.Close()
	})
	return address
}
