// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/operator"
	"github.com/elasticweb/elasticweb-operator/test/operator/process"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

// stage is a cluster of two architectures with the operator, which runs as a process, and a registry.
type stage struct {
	*process.Stage
	manager  string
	metrics  string
	registry *operator.Registry
	running  *cluster.Program
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{manager: filepath.Join(t.TempDir(), "manager"), metrics: freeAddress(t), registry: operator.StartRegistry()}
	if err := compile.Native(t.Context(), "cmd/manager", s.manager, "-ldflags=-s -w"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.registry.Close)
	if err := s.registry.Push(s.registry.Host+"/shop:1", 0, "amd64", "arm64"); err != nil {
		t.Fatal(err)
	}
	// The second architecture has room for what the first, which is preferred, has none for.
	s.Stage = process.New(t, cluster.NodePool{Arch: "arm64", Count: 1, Pods: 4}, cluster.NodePool{Arch: "amd64", Count: 1}, mixed("arm64", 2), mixed("amd64", 20))
	routes, err := waysin.HTTPRoutes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(routes.Object)
	if err != nil {
		t.Fatal(err)
	}
	s.Apply(string(text), "--server-side")
	s.Install()
	eventually(t, "the kinds are served", func() error {
		return s.KubectlCommand("get", "elasticwebs,elasticwebbenchmarks,httproutes", "-A").Run()
	})
	return s
}

// mixed nodes are for an ElasticWeb alone.
func mixed(architecture string, pods int) cluster.NodePool {
	return cluster.NodePool{Arch: architecture, Count: 1, Pods: pods, NamePrefix: "mixed-" + architecture, Labels: map[string]string{"pool": "mixed"},
		Taints: []corev1.Taint{{Key: "pool", Value: "mixed", Effect: corev1.TaintEffectNoSchedule}}}
}

// startOperator runs the manager with its own rights. It reads the traffic from the Prometheus that scrapes it.
func (s *stage) startOperator(p server) {
	s.Helper()
	s.running, _ = s.StartOperator(s.manager, "--metrics-secure=false", "--metrics-bind-address="+s.metrics,
		"--plain-http-registries="+s.registry.Host, "--prometheus-url="+p.URL())
}
