// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scheduling holds the promises about where pods go against the real kube-scheduler: pod templates as
// the operator makes them, on simulated nodes. It prints the tables of docs/placement.md.
package scheduling_test

import (
	"flag"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/kubernetes"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// sweepVariable has the runs made that only compare other settings with the product's: they fill the tables of
// docs/placement.md, and take some minutes more.
const sweepVariable = "SCHEDULING_SWEEP"

// timeout of a spec of several runs.
const timeout = 5 * time.Minute

var (
	controlPlane *cluster.Cluster
	k8s          kubernetes.Interface
)

func TestScheduling(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "Scheduling")
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	tables.print(os.Stdout)
	os.Exit(code)
}

var _ = BeforeSuite(func(ctx SpecContext) {
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	EnforceDefaultTimeoutsWhenUsingContexts()
	var err error
	controlPlane, err = cluster.Start(ctx, cluster.Options{Progress: GinkgoWriter})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(controlPlane.Stop)
	k8s, err = kubernetes.NewForConfig(fast(controlPlane.RESTConfig()))
	Expect(err).NotTo(HaveOccurred())
}, NodeTimeout(20*time.Minute))
