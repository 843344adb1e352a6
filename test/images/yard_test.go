// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images && product

package images

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const buildNamespace = "elasticweb-buildx"

// yard is a cluster with a namespace for builders, and buildx with the rights of its service account there.
type yard struct {
	t       *testing.T
	cluster *cluster.Cluster
	admin   kubernetes.Interface
	env     []string
}

func newYard(t *testing.T) *yard {
	t.Helper()
	buildx := os.Getenv("BUILDX_PLUGIN")
	if buildx == "" {
		t.Fatal("BUILDX_PLUGIN must name the program buildx: run make test-images")
	}
	y := &yard{t: t}
	y.start()
	y.apply("config/buildx")

	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	y.must(y.cluster.WriteServiceAccountKubeconfig(t.Context(), kubeconfig, buildNamespace, "buildx"))
	y.env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "BUILDX_CONFIG="+t.TempDir(), "DOCKER_CONFIG="+t.TempDir(),
		"BUILDX="+buildx, "MAKEFLAGS=", "MAKELEVEL=", "MAKEOVERRIDES=")
	return y
}

// start starts a cluster with nodes of all platforms, of which some are tainted as some clouds do.
func (y *yard) start() {
	y.t.Helper()
	var pools []cluster.NodePool
	for _, architecture := range architectures {
		pool := cluster.NodePool{Arch: architecture, Count: 2}
		if architecture != "amd64" {
			pool.Taints = []corev1.Taint{{Key: corev1.LabelArchStable, Value: architecture, Effect: corev1.TaintEffectNoSchedule}}
		}
		pools = append(pools, pool)
	}
	var err error
	y.cluster, err = cluster.Start(y.t.Context(), cluster.Options{Nodes: pools, AuditLog: true})
	y.must(err)
	y.t.Cleanup(func() {
		if err := y.cluster.Stop(); err != nil {
			y.t.Error(err)
		}
	})
	y.admin, err = kubernetes.NewForConfig(y.cluster.RESTConfig())
	y.must(err)
}

// apply applies a folder of the repository as an administrator.
func (y *yard) apply(folder string) {
	y.t.Helper()
	run(y.t, repository, y.cluster.KubectlPath(), "--kubeconfig", y.cluster.Kubeconfig(), "apply", "--server-side", "-k", folder)
}

// make runs a target with the rights of buildx.
func (y *yard) make(target string, variables ...string) (string, error) {
	y.t.Helper()
	args := append([]string{"--no-print-directory", target}, variables...)
	cmd := exec.CommandContext(y.t.Context(), "make", args...)
	cmd.Dir, cmd.Env = repository, y.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (y *yard) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}
