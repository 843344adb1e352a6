// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

const operatorNamespace = "elasticweb-system"

// stage is a cluster of two architectures with the operator, which runs as a process, and a registry.
type stage struct {
	*testing.T
	plane    *cluster.Cluster
	manager  string
	metrics  string
	registry string
	running  *cluster.Program
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, manager: filepath.Join(t.TempDir(), "manager"), metrics: freeAddress(t)}
	if err := compile.Native(t.Context(), "cmd/manager", s.manager, "-ldflags=-s -w"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	s.registry = strings.TrimPrefix(server.URL, "http://")
	s.push("shop:1")
	plane, err := cluster.Start(t.Context(), cluster.Options{
		// The second architecture has room for what the first, which is preferred, has none for.
		Nodes: []cluster.NodePool{{Arch: "arm64", Count: 1, Pods: 4}, {Arch: "amd64", Count: 1}, mixed("arm64", 2), mixed("amd64", 20)}, Progress: os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	s.plane = plane
	routes, err := waysin.HTTPRoutes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(routes.Object)
	if err != nil {
		t.Fatal(err)
	}
	s.apply(string(text), "--server-side")
	s.apply(s.output(exec.Command(filepath.Join(root, "bin/kustomize"), "build", filepath.Join(root, "config/default"))), "--server-side")
	eventually(t, "the kinds are served", func() error {
		return s.kubectlCommand("get", "elasticwebs,elasticwebbenchmarks,httproutes", "-A").Run()
	})
	s.kubectl("scale", "deployment/elasticweb-controller-manager", "-n", operatorNamespace, "--replicas=0") // it runs as a process.
	return s
}

// mixed nodes are for an ElasticWeb alone.
func mixed(architecture string, pods int) cluster.NodePool {
	return cluster.NodePool{Arch: architecture, Count: 1, Pods: pods, NamePrefix: "mixed-" + architecture, Labels: map[string]string{"pool": "mixed"},
		Taints: []corev1.Taint{{Key: "pool", Value: "mixed", Effect: corev1.TaintEffectNoSchedule}}}
}

// push puts an image of both architectures into the registry.
func (s *stage) push(repository string) {
	s.Helper()
	index := v1.ImageIndex(empty.Index)
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture, RootFS: v1.RootFS{Type: "layers"}})
		if err != nil {
			s.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	tag, err := name.NewTag(s.registry + "/" + repository)
	if err != nil {
		s.Fatal(err)
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		s.Fatal(err)
	}
}

// startOperator runs the manager with its own rights. It reads the traffic from the Prometheus that scrapes it.
func (s *stage) startOperator(p server) {
	s.Helper()
	config, err := s.plane.ServiceAccountConfig(s.Context(), operatorNamespace, "elasticweb-controller-manager")
	if err != nil {
		s.Fatal(err)
	}
	kubeconfig := filepath.Join(s.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, config); err != nil {
		s.Fatal(err)
	}
	command := exec.Command(s.manager, "--leader-election-namespace="+operatorNamespace, "--metrics-secure=false", //nolint:gosec // compiled above.
		"--metrics-bind-address="+s.metrics, "--health-probe-bind-address=0", "--plain-http-registries="+s.registry, "--prometheus-url="+p.URL())
	command.Dir = root // for watches.yaml.
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "RELATED_IMAGE_LOADTEST=loadtest:1", "WATCH_NAMESPACE=")
	if s.running, err = s.plane.StartProgram("manager", command); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		s.running.Stop()
		if s.Failed() {
			s.Logf("the end of the manager's log:\n%s", s.running.LogTail())
		}
	})
}

func (s *stage) kubectl(arguments ...string) string {
	s.Helper()
	return s.output(s.kubectlCommand(arguments...))
}

func (s *stage) kubectlCommand(arguments ...string) *exec.Cmd {
	command := exec.CommandContext(s.Context(), s.plane.KubectlPath(), arguments...) //nolint:gosec // of the control plane.
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
