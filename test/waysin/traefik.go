// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package waysin

import (
	"fmt"
	"net"
	"os/exec"
)

// traefiksKinds are the classes that Traefik serves, and a Gateway.
const traefiksKinds = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: traefik}
spec: {controllerName: traefik.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public}
spec:
  gatewayClassName: traefik
  listeners: [{name: http, protocol: HTTP, port: %s}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: traefik}
spec: {controller: traefik.io/ingress-controller}
`

// Traefik is the command by which it serves HTTPRoutes and Ingresses at an address, as it does by default, and what the cluster is to be given
// for that: the Gateway public, of the namespace that it is applied in, and the class traefik of Ingresses. It needs the CRDs of GatewayAPI, and
// a kubeconfig in its environment.
func Traefik(program, address string, arguments ...string) (command *exec.Cmd, manifest string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", fmt.Errorf("address of Traefik: %w", err)
	}
	command = exec.Command(program, append([]string{"--entryPoints.web.address=" + address, //nolint:gosec // one that make builds.
		"--providers.kubernetesGateway=true", "--providers.kubernetesGateway.statusAddress.ip=" + host,
		"--providers.kubernetesIngress=true", "--providers.kubernetesIngress.ingressEndpoint.ip=" + host,
		"--global.checkNewVersion=false", "--log.level=INFO"}, arguments...)...)
	return command, fmt.Sprintf(traefiksKinds, port), nil
}
