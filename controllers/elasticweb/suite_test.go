// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// The control plane that all specs share, and a client with all rights.
var (
	controlPlane *cluster.Cluster
	k8s          client.Client
)

func TestElasticWebs(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	if runsWhole() {
		runInHalves(t)
		return
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "ElasticWebs")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	EnforceDefaultTimeoutsWhenUsingContexts()
	var err error
	controlPlane, err = cluster.Start(ctx, cluster.Options{
		NodePortRange: "10000-60000",
		HPASyncPeriod: time.Second,
		Progress:      GinkgoWriter,
		Nodes:         []cluster.NodePool{{Arch: "amd64", Count: 3}},
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(controlPlane.Stop)
	k8s, err = client.New(controlPlane.RESTConfig(), client.Options{Scheme: newScheme()})
	Expect(err).NotTo(HaveOccurred())
	applyManifests(ctx, "../../config/crd/bases/elasticweb.example.com_elasticwebs.yaml", "../../config/rbac/role.yaml")
	awaitEstablished(ctx)
	bindRole(ctx)
}, NodeTimeout(20*time.Minute))
