// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

const (
	namespace         = "default"
	operatorNamespace = "elasticweb-system"
	gatewayAddress    = "127.0.0.1:8000"
	traefikAPI        = "127.0.0.1:8001"
	// patience bounds what a loaded machine needs for a step.
	patience = 5 * time.Minute
	interval = 50 * time.Millisecond
)

var root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}()

// gatewayClass is what Traefik serves, and the Gateway of the tests.
const gatewayClass = `
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
  listeners: [{name: http, protocol: HTTP, port: 8000}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: traefik}
spec: {controller: traefik.io/ingress-controller}
`

// stage is a cluster with the operator and Traefik as processes, and with servers in the place of pods.
type stage struct {
	*testing.T
	plane    *cluster.Cluster
	client   client.WithWatch
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
	plane, err := cluster.Start(t.Context(), cluster.Options{Nodes: nodes, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := &stage{T: t, plane: plane, files: t.TempDir()}
	ctrl.SetLogger(logr.Discard())
	scheme := k8sruntime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(elasticwebv1.AddToScheme(scheme))
	if s.client, err = client.NewWithWatch(plane.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	s.servers = serveInPodsPlace(t, s.client, map[string]int{"arm64": *fastQPS, "amd64": *fastQPS / 2})
	s.installGateway()
	s.installOperator()
	return s
}

// installGateway has Traefik serve HTTPRoutes and Ingresses, as it does by default.
func (s *stage) installGateway() {
	s.Helper()
	crds, err := waysin.GatewayAPI(s.ctx())
	if err != nil {
		s.Fatal(err)
	}
	s.kubectl("apply", "--server-side", "-f", crds)
	s.kubectl("wait", "--for=condition=Established", "crd", "httproutes.gateway.networking.k8s.io", "gateways.gateway.networking.k8s.io")
	s.start("traefik", exec.Command(filepath.Join(root, "bin/traefik"), "--entryPoints.web.address="+gatewayAddress, //nolint:gosec // of this tree.
		"--providers.kubernetesGateway=true", "--providers.kubernetesGateway.statusAddress.ip=127.0.0.1",
		"--providers.kubernetesIngress=true", "--providers.kubernetesIngress.ingressEndpoint.ip=127.0.0.1",
		"--providers.file.directory="+s.files, "--api.insecure=true", "--entryPoints.traefik.address="+traefikAPI,
		"--global.checkNewVersion=false", "--log.level=INFO"), s.plane.Kubeconfig())
	s.apply(gatewayClass)
	s.kubectl("wait", "--for=condition=Programmed", "gateway/public", "--timeout=5m")
}

// installOperator leaves the operator's objects there, with its rights: it runs as a process.
func (s *stage) installOperator() {
	s.Helper()
	s.apply(s.output(exec.Command(filepath.Join(root, "bin/kustomize"), "build", filepath.Join(root, "config/default"))), "--server-side") //nolint:gosec // of this tree.
	s.kubectl("scale", "deployment/elasticweb-controller-manager", "-n", operatorNamespace, "--replicas=0")
	s.kubectl("wait", "--for=condition=Established", "crd", "elasticwebs.elasticweb.example.com")
}

func (s *stage) startOperator() {
	s.Helper()
	kubeconfig := filepath.Join(s.TempDir(), "kubeconfig")
	if err := s.plane.WriteServiceAccountKubeconfig(s.ctx(), kubeconfig, operatorNamespace, "elasticweb-controller-manager"); err != nil {
		s.Fatal(err)
	}
	operator := exec.Command(filepath.Join(os.Getenv(inside), "manager"), "--leader-elect=false", //nolint:gosec // compiled by TestMain.
		"--metrics-bind-address=0", "--health-probe-bind-address=0", "--look-up-images=false", "--enable-benchmarks=false")
	operator.Dir = root // for watches.yaml.
	s.operator = s.start("manager", operator, kubeconfig)
	s.process = operator.Process
}

// killOperator ends it in the middle of what it does.
func (s *stage) killOperator() {
	s.Helper()
	if err := s.process.Kill(); err != nil {
		s.Fatal(err)
	}
	<-s.operator.Exited()
}

func (s *stage) start(name string, command *exec.Cmd, kubeconfig string) *cluster.Program {
	s.Helper()
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "WATCH_NAMESPACE=")
	program, err := s.plane.StartProgram(name, command)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		program.Stop()
		if s.Failed() {
			s.Logf("the end of the log of %s:\n%s", name, program.LogTail())
		}
	})
	return program
}

// ctx lasts through cleanups, too.
func (s *stage) ctx() context.Context { return context.WithoutCancel(s.Context()) }

func (s *stage) kubectl(arguments ...string) string {
	s.Helper()
	return s.output(s.kubectlCommand(arguments...))
}

func (s *stage) kubectlCommand(arguments ...string) *exec.Cmd {
	command := exec.CommandContext(s.ctx(), s.plane.KubectlPath(), arguments...) //nolint:gosec // of the control plane.
	command.Env = append(os.Environ(), "KUBECONFIG="+s.plane.Kubeconfig())
	return command
}

func (s *stage) apply(text string, flags ...string) {
	s.Helper()
	command := s.kubectlCommand(append([]string{"apply", "-f", "-"}, flags...)...)
	command.Stdin = strings.NewReader(text)
	s.output(command)
}

func (s *stage) output(command *exec.Cmd) string {
	s.Helper()
	var complaints strings.Builder
	command.Stderr = &complaints
	text, err := command.Output()
	if err != nil {
		s.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, complaints.String())
	}
	return string(text)
}

// eventually waits until check finds nothing wrong.
func (s *stage) eventually(what string, check func() error) {
	s.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(interval) {
		if err = check(); err == nil {
			return
		}
	}
	s.Fatalf("%s: %v\n%s", what, err, s.kubectl("get", "elasticweb,httproute,deployment,node,pods,services", "-o", "wide"))
}
