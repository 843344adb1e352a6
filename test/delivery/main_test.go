// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package delivery_test holds the operator's Helm chart against what kustomize makes, and installs, upgrades and removes it
// with Helm 3 and Helm 4 on a real control plane. The pods of the operator are simulated; in their place runs the manager, as a process
// with the settings and the rights of such a pod.
package delivery_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

const (
	root      = "../.."
	chartPath = root + "/helm-charts/elasticweb-operator"
	// release and releaseNamespace give the names that config/default has.
	release          = "elasticweb"
	releaseNamespace = "elasticweb-system"
	patience         = 2 * time.Minute
)

var (
	controlPlane *cluster.Cluster
	managerPath  string
)

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	folder, err := os.MkdirTemp("", "delivery")
	if err != nil {
		panic(err)
	}
	code := testmain.Run(m, &controlPlane, func(ctx context.Context) (*cluster.Cluster, error) {
		managerPath = filepath.Join(folder, "manager")
		if err := compile.Native(ctx, "cmd/manager", managerPath, "-ldflags=-s -w"); err != nil {
			return nil, err
		}
		return cluster.Start(ctx, cluster.Options{Nodes: []cluster.NodePool{{Arch: "amd64", Count: 2}}, Progress: os.Stderr})
	})
	_ = os.RemoveAll(folder)
	os.Exit(code)
}
