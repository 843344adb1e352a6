// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

// The pods on this machine's architecture serve 80 requests a second, those on the other 40, and turn away what is more.
var _ = Describe("A mixed set behind a gateway with weights", Ordered, func() {
	const (
		fast, slow = 80, 40
		half       = 45 // requests a second of each half of a load: more than six pods serve that get the same each.
	)
	native, foreign := mixedArchitectures[0], mixedArchitectures[1]
	var (
		s       *scenario
		w       web
		address string
	)

	BeforeAll(func(ctx SpecContext) {
		s = startScenario(ctx, "weights", nodes.Pool{Arch: native, Count: 1}, nodes.Pool{Arch: foreign, Count: 1})
		s.pushOperator(ctx, native)
		s.pushWebServer(ctx, "elasticweb/weighed:1", "one", native, foreign)
		s.kubectl(ctx, "create", "namespace", "dev")
		address = s.startTraefik(ctx)
		s.deployOperator(ctx)
		s.kubectl(ctx, "patch", "deployment", "elasticweb-controller-manager", "--namespace="+operatorNamespace,
			`--patch={"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/arch": "`+native+`"}}}}}`)
		s.kubectl(ctx, "rollout", "status", "deployment/elasticweb-controller-manager", "--namespace="+operatorNamespace, "--timeout=4m")
	}, NodeTimeout(time.Hour)) // From nothing, much is compiled.

	AfterEach(func() { s.keepLogs() })

	It("is worth its sum", func(ctx SpecContext) {
		w = s.newWeb(ctx, "weighed", fmt.Sprintf(`{"image": "quay.io/elasticweb/weighed:1", "port": 30120, "singlePodsQPS": %[1]d, "totalQPS": %[3]d,
			"architectures": [{"name": %[4]q}, {"name": %[5]q, "singlePodsQPS": %[2]d}],
			"env": [{"name": "RATE_%[4]s", "value": "%[1]d"}, {"name": "RATE_%[5]s", "value": "%[2]d"}],
			"service": {"type": "NodePort"}, "expose": {"httpRoute": {"parentRefs": [{"name": "public"}], "hostnames": ["127.0.0.1"]}}, %[6]s}`,
			fast, slow, 3*fast, native, foreign, small))
		w.eventuallyServes(ctx, 3, 3*fast)
		s.kubectl(ctx, "cordon", native+"-0")
		w.patch(ctx, fmt.Sprintf(`{"totalQPS": %d}`, 3*fast+3*slow))
		w.eventuallyServes(ctx, 6, 3*fast+3*slow)
		Expect(w.architectures(ctx)).To(Equal(map[string]int{native: 3, foreign: 3}))
		w.eventuallyWeighs(ctx, map[string]int64{"weighed-" + native: 1, "weighed-" + foreign: 2})
	}, NodeTimeout(8*time.Minute))

	It("loses no request when the pods of the faster architecture go, one or all", func(ctx SpecContext) {
		l := startLoadOf(half/3, "http://"+address+"/")
		DeferCleanup(func() { l.stop() })
		Eventually(ctx, l.count).Should(BeNumerically(">", 100))
		s.kubectl(ctx, "rollout", "restart", "deployment/weighed", "--namespace=dev") // the native node is cordoned.
		s.kubectl(ctx, "rollout", "status", "deployment/weighed", "--namespace=dev", "--timeout=4m")
		w.eventuallyWeighs(ctx, map[string]int64{"weighed": 1})
		Expect(l.stop()).To(BeEmpty())
	}, NodeTimeout(8*time.Minute))
})

// eventuallyWeighs waits until the HTTPRoute leads to these Services with these weights, and the gateway says so.
func (w web) eventuallyWeighs(ctx context.Context, weights map[string]int64) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		route := &unstructured.Unstructured{}
		route.SetAPIVersion("gateway.networking.k8s.io/v1")
		route.SetKind("HTTPRoute")
		g.Expect(w.admin.Get(ctx, w.key, route)).To(Succeed())
		rules, _, err := unstructured.NestedSlice(route.Object, "spec", "rules")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(rules).To(HaveLen(1))
		backends, _, err := unstructured.NestedSlice(rules[0].(map[string]any), "backendRefs")
		g.Expect(err).NotTo(HaveOccurred())
		found := map[string]int64{}
		for _, backend := range backends {
			backend := backend.(map[string]any)
			found[backend["name"].(string)] = backend["weight"].(int64)
		}
		g.Expect(found).To(Equal(weights))
	}).Should(Succeed())
}
