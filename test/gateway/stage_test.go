// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/operator/process"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

const (
	namespace      = "default"
	gatewayAddress = "127.0.0.1:8000"
	traefikAPI     = "127.0.0.1:8001"
)

// stage is a cluster with the operator and Traefik as processes, and with servers in the place of pods.
type stage struct {
	*process.Stage
	servers  *servers
	operator *cluster.Program
	// process is that of the operator.
	process *os.Process
	// files is where Traefik reads more of what to serve.
	files string
	// before are the pods that there were before something happened.
	before []corev1.Pod
}

func newStage(t *testing.T, nodes ...cluster.NodePool) *stage {
	t.Helper()
	if os.Getenv("GATEWAY") == "" {
		t.Skip("needs Traefik: make gateway")
	}
	s := &stage{Stage: process.New(t, nodes...), files: t.TempDir()}
	s.servers = serveInPodsPlace(t, s.Client, map[string]int{"arm64": *fastQPS, "amd64": *fastQPS / 2})
	s.installGateway()
	s.Install()
	return s
}

// installGateway has Traefik serve HTTPRoutes and Ingresses, as it does by default.
func (s *stage) installGateway() {
	s.Helper()
	crds, err := waysin.GatewayAPI(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	s.Kubectl("apply", "--server-side", "-f", crds)
	s.Kubectl("wait", "--for=condition=Established", "crd", "httproutes.gateway.networking.k8s.io", "gateways.gateway.networking.k8s.io")
	command, manifest, err := waysin.Traefik(filepath.Join(process.Root, "bin/traefik"), gatewayAddress,
		"--providers.file.directory="+s.files, "--api.insecure=true", "--entryPoints.traefik.address="+traefikAPI)
	if err != nil {
		s.Fatal(err)
	}
	s.StartProgram("traefik", command, s.Plane.Kubeconfig())
	s.Apply(manifest)
	s.Kubectl("wait", "--for=condition=Programmed", "gateway/public", "--timeout=5m")
}

func (s *stage) startOperator() {
	s.Helper()
	s.operator, s.process = s.StartOperator(filepath.Join(os.Getenv(inside), "manager"),
		"--leader-elect=false", "--metrics-bind-address=0", "--look-up-images=false", "--enable-benchmarks=false")
}

// killOperator ends it in the middle of what it does.
func (s *stage) killOperator() {
	s.Helper()
	if err := s.process.Kill(); err != nil {
		s.Fatal(err)
	}
	<-s.operator.Exited()
}

// eventually waits until check finds nothing wrong.
func (s *stage) eventually(what string, check func() error) {
	s.Helper()
	s.Eventually(what, "elasticweb,httproute,deployment,node,pods,services", check)
}
