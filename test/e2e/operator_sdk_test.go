// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

var _ = Describe("The bundle, run by operator-sdk", Ordered, func() {
	const patience = "--timeout=3m"
	var (
		s                 *scenario
		i                 *installation
		previous, current release
		sample            web
		before            map[types.UID][]int32
	)

	BeforeAll(func(ctx SpecContext) {
		s = startScenario(ctx, "operator-sdk", nodes.Pool{Arch: runtime.GOARCH, Count: 1})
		previous, current = s.pushReleases(ctx)
		s.pushWebServer(ctx, "library/nginx:1.17.1", "one", runtime.GOARCH)
		s.startOLM(ctx)
		s.kubectl(ctx, "create", "namespace", "dev")
		s.kubectl(ctx, "create", "namespace", "run-bundle")
		i = s.newInstallation(ctx, "run-bundle")
		sample = web{scenario: s, key: client.ObjectKey{Namespace: "dev", Name: "elasticweb-sample"}}
	}, NodeTimeout(20*time.Minute)) // From nothing, the operator is compiled.

	AfterEach(func() { s.keepLogs() })

	It("is installed by run bundle, and serves", func(ctx SpecContext) {
		s.runTool(ctx, "operator-sdk", "run", "bundle", previous.image, "--namespace="+i.namespace, patience)
		i.trustRegistry(ctx)
		i.awaitSucceeded(ctx, previous)
		s.kubectl(ctx, "apply", "--filename="+filepath.Join(root, "config/samples/elasticweb_v1_elasticweb.yaml"))
		sample.eventuallyServes(ctx, 3, 2400)
		eventuallyAnswer(ctx, "http://"+s.nodeAddresses(ctx)[0]+":30003/", sample.podNames(ctx))
		before = sample.lives(ctx)
	}, NodeTimeout(5*time.Minute))

	It("is upgraded by run bundle-upgrade, and restarts no pod of an ElasticWeb", func(ctx SpecContext) {
		s.runTool(ctx, "operator-sdk", "run", "bundle-upgrade", current.image, "--namespace="+i.namespace, patience)
		i.awaitSucceeded(ctx, current)
		i.awaitGone(ctx, previous.csv)
		// Once another one is served, the sample was looked at, too.
		w := s.newWeb(ctx, "after", `{"image": "nginx:1.17.1", "port": 30004, "singlePodsQPS": 100, "totalQPS": 100, `+small+`}`)
		w.eventuallyServes(ctx, 1, 100)
		sample.eventuallyServes(ctx, 3, 2400)
		Expect(sample.lives(ctx)).To(Equal(before))
	}, NodeTimeout(5*time.Minute))

	It("is gone after cleanup", func(ctx SpecContext) {
		s.kubectl(ctx, "delete", "elasticwebs", "--all", "--namespace=dev", "--cascade=foreground")
		s.runTool(ctx, "operator-sdk", "cleanup", packageName, "--namespace="+i.namespace, patience)
		i.expectNothingLeft(ctx)
	}, NodeTimeout(5*time.Minute))
})

// trustRegistry changes the Subscription of operator-sdk, which has no flag for that.
func (i *installation) trustRegistry(ctx context.Context) {
	GinkgoHelper()
	var subscriptions operatorsv1alpha1.SubscriptionList
	Expect(i.admin.List(ctx, &subscriptions, client.InNamespace(i.namespace))).To(Succeed())
	Expect(subscriptions.Items).To(HaveLen(1))
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"config": trustingRegistry}})
	Expect(err).NotTo(HaveOccurred())
	i.kubectl(ctx, "patch", "subscription", subscriptions.Items[0].Name, "--namespace="+i.namespace, "--type=merge", "--patch="+string(patch))
}
