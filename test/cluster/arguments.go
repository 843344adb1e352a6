// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"net"
	"strconv"
)

const serviceAccountIssuer = "https://kubernetes.default.svc.cluster.local"

// serviceRange is where Services get their addresses, and apiServerService the first of them, that of the Service kubernetes.
const (
	serviceRange     = "10.96.0.0/12"
	apiServerService = "10.96.0.1"
)

// newComponents puts together how each component is started and asked whether it is ready.
func (c *Cluster) newComponents() map[Component]*component {
	components := map[Component]*component{
		Etcd:              {args: c.etcdArgs(), health: "http://" + c.address(Etcd) + "/readyz"},
		APIServer:         {args: c.apiServerArgs(), health: "https://" + c.address(APIServer) + "/readyz"},
		ControllerManager: {args: c.controllerManagerArgs(), health: "https://" + c.address(ControllerManager) + "/healthz"},
		Scheduler:         {args: c.schedulerArgs(), health: "https://" + c.address(Scheduler) + "/readyz"},
		Kwok:              {args: c.kwokArgs(), health: "http://" + c.address(Kwok) + "/healthz"},
	}
	for name, component := range components {
		component.name = name
		component.binary = c.options.Binaries[string(name)]
		component.args = append(component.args, c.options.ExtraArgs[name]...)
		component.log = c.LogPath(name)
		component.group = c.watchdog.group()
		component.client = c.healthClient
		component.ports = []*reservedPort{c.ports[name]}
	}
	components[Etcd].ports = append(components[Etcd].ports, c.ports[etcdPeer])
	return components
}

func (c *Cluster) etcdArgs() []string {
	clients, peers := "http://"+c.address(Etcd), "http://"+c.address(etcdPeer)
	return []string{
		"--data-dir=" + c.folder.path("etcd"),
		"--listen-client-urls=" + clients,
		"--advertise-client-urls=" + clients,
		"--listen-peer-urls=" + peers,
		"--initial-advertise-peer-urls=" + peers,
		"--initial-cluster=default=" + peers,
		// What a crash of the machine would lose is not worth the wait for the disk.
		"--unsafe-no-fsync",
		"--quota-backend-bytes=8589934592",
		"--log-level=warn",
	}
}

func (c *Cluster) apiServerArgs() []string {
	args := []string{
		"--etcd-servers=http://" + c.address(Etcd),
		"--bind-address=" + c.options.Address,
		"--advertise-address=" + c.options.Address,
		"--secure-port=" + c.port(APIServer),
		"--tls-cert-file=" + c.pki("serving.crt"),
		"--tls-private-key-file=" + c.pki("serving.key"),
		"--client-ca-file=" + c.pki("ca.crt"),
		"--requestheader-client-ca-file=" + c.pki("front-proxy-ca.crt"),
		"--requestheader-allowed-names=" + frontProxyUser.name,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.pki("front-proxy.crt"),
		"--proxy-client-key-file=" + c.pki("front-proxy.key"),
		"--service-account-issuer=" + serviceAccountIssuer,
		"--service-account-key-file=" + c.pki("service-account.key"),
		"--service-account-signing-key-file=" + c.pki("service-account.key"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--service-cluster-ip-range=" + serviceRange,
		"--service-node-port-range=" + c.options.NodePortRange,
	}
	if net.ParseIP(c.options.Address).IsLoopback() {
		// Endpoints of the Service kubernetes may not be on loopback.
		args = append(args, "--endpoint-reconciler-type=none")
	}
	if c.auditPolicy() != nil {
		args = append(args,
			"--audit-policy-file="+c.config("audit-policy.yaml"),
			"--audit-log-path="+c.auditLog(),
			"--audit-log-maxsize=1048576", // MB: one file, never rotated
		)
	}
	return args
}

func (c *Cluster) controllerManagerArgs() []string {
	args := []string{
		"--kubeconfig=" + c.kubeconfigOf(ControllerManager),
		"--authentication-kubeconfig=" + c.kubeconfigOf(ControllerManager),
		"--authorization-kubeconfig=" + c.kubeconfigOf(ControllerManager),
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + c.pki("service-account.key"),
		"--root-ca-file=" + c.pki("ca.crt"),
		"--allocate-node-cidrs",
		"--cluster-cidr=10.128.0.0/9",
		"--node-cidr-mask-size=22", // 1,022 pods to a node
		"--leader-elect=false",
		// The limits meant for a shared API server would be what tests measure.
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
	}
	if c.options.HPASyncPeriod > 0 {
		args = append(args, fmt.Sprintf("--horizontal-pod-autoscaler-sync-period=%s", c.options.HPASyncPeriod))
	}
	return append(args, c.servingArgs(ControllerManager)...)
}

func (c *Cluster) schedulerArgs() []string {
	return append([]string{
		"--config=" + c.config("scheduler.yaml"),
		"--authentication-kubeconfig=" + c.kubeconfigOf(Scheduler),
		"--authorization-kubeconfig=" + c.kubeconfigOf(Scheduler),
	}, c.servingArgs(Scheduler)...)
}

// servingArgs are those of the two components that serve only health and metrics.
func (c *Cluster) servingArgs(name Component) []string {
	return []string{
		"--bind-address=127.0.0.1",
		"--secure-port=" + c.port(name),
		"--tls-cert-file=" + c.pki("serving.crt"),
		"--tls-private-key-file=" + c.pki("serving.key"),
	}
}

func (c *Cluster) kwokArgs() []string {
	return []string{
		"--kubeconfig=" + c.kubeconfigOf(Kwok),
		"--config=" + c.config("stages.yaml"),
		"--manage-all-nodes=true",
		"--node-ip=127.0.0.1",
		"--node-lease-duration-seconds=40", // as kubelets do
		"--server-address=" + c.address(Kwok),
	}
}

func (c *Cluster) port(name Component) string {
	return strconv.Itoa(c.ports[name].number)
}
