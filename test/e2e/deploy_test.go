// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"path/filepath"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

var _ = Describe("The sample, installed by make deploy on two nodes", Ordered, func() {
	var (
		s      *scenario
		sample web
		urls   []string
	)

	BeforeAll(func(ctx SpecContext) {
		s = startScenario(ctx, "deploy", nodes.Pool{Arch: runtime.GOARCH, Count: 2})
		s.pushOperator(ctx, runtime.GOARCH)
		// What the sample names, and its next version.
		s.pushWebServer(ctx, "library/nginx:1.17.1", "one", runtime.GOARCH)
		s.pushWebServer(ctx, "library/nginx:1.17.2", "two", runtime.GOARCH)
		s.deployOperator(ctx)
		for _, address := range s.nodeAddresses(ctx) {
			urls = append(urls, "http://"+address+":30003/")
		}
		sample = web{scenario: s, key: client.ObjectKey{Namespace: "dev", Name: "elasticweb-sample"}}
	}, NodeTimeout(10*time.Minute))

	AfterEach(func() { s.keepLogs() })

	It("answers on the node port of every node, with the right number of pods", func(ctx SpecContext) {
		s.kubectl(ctx, "create", "namespace", "dev")
		s.kubectl(ctx, "apply", "--filename="+filepath.Join(root, "config/samples/elasticweb_v1_elasticweb.yaml"))
		sample.eventuallyServes(ctx, 3, 2400)
		Expect(sample.get(ctx, Default).Status.Image.Platforms).To(HaveLen(1))
		for _, url := range urls {
			for _, answer := range eventuallyAnswer(ctx, url, sample.podNames(ctx)) {
				Expect(answer.architecture).To(Equal(runtime.GOARCH))
				Expect(answer.version).To(Equal("one"))
			}
		}
	}, NodeTimeout(5*time.Minute))

	It("loses no request while the image changes, a node is drained, and the demand falls", func(ctx SpecContext) {
		traffic := startLoad(urls...)
		DeferCleanup(func() { traffic.stop() })

		By("changing the image")
		fewest := sample.watchReadyPods(ctx)
		sample.patch(ctx, `{"image": "nginx:1.17.2"}`)
		sample.eventuallyServes(ctx, 3, 2400)
		Expect(fewest()).To(Equal(3), "the fewest pods that were ready at a time")
		for _, answer := range eventuallyAnswer(ctx, urls[0], sample.podNames(ctx)) {
			Expect(answer.version).To(Equal("two"))
		}

		By("draining a node")
		node := sample.pods(ctx, Default)[0].Spec.NodeName
		s.kubectl(ctx, "drain", node, "--ignore-daemonsets", "--timeout=3m", "--pod-selector=app.kubernetes.io/name=elasticweb")
		sample.eventuallyServes(ctx, 3, 2400)
		for _, pod := range sample.pods(ctx, Default) {
			Expect(pod.Spec.NodeName).NotTo(Equal(node))
		}
		s.kubectl(ctx, "uncordon", node)

		By("asking for less")
		sample.patch(ctx, `{"totalQPS": 1600}`)
		sample.eventuallyServes(ctx, 2, 1600)
		sample.patch(ctx, `{"totalQPS": 800}`)
		sample.eventuallyServes(ctx, 1, 800)

		before := traffic.count()
		Eventually(ctx, traffic.count).Should(BeNumerically(">", before+requestsPerSecond), "the load runs to the end")
		Expect(traffic.stop()).To(BeEmpty())
		GinkgoWriter.Printf("%d requests were answered\n", traffic.count())
	}, NodeTimeout(10*time.Minute))

	It("takes with it what it made when it is deleted", func(ctx SpecContext) {
		s.kubectl(ctx, "delete", "elasticweb", sample.key.Name, "--namespace="+sample.key.Namespace)
		Eventually(ctx, func(g Gomega) {
			for _, object := range []client.Object{&appsv1.Deployment{}, &corev1.Service{}} {
				g.Expect(apierrors.IsNotFound(s.admin.Get(ctx, sample.key, object))).To(BeTrue())
			}
			g.Expect(sample.pods(ctx, g)).To(BeEmpty())
		}).Should(Succeed())
		_, err := ask(ctx, urls[0])
		Expect(err).To(HaveOccurred())
	}, NodeTimeout(3*time.Minute))

	It("is gone after make undeploy", func(ctx SpecContext) {
		s.make(ctx, "undeploy")
		err := s.admin.Get(ctx, client.ObjectKey{Name: operatorNamespace}, &corev1.Namespace{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue())
	}, NodeTimeout(3*time.Minute))

	It("serves while Helm installs, tests, upgrades and removes the operator", func(ctx SpecContext) {
		s.helm(ctx, "install", "--create-namespace")
		s.kubectl(ctx, "apply", "--filename="+filepath.Join(root, "config/samples/elasticweb_v1_elasticweb.yaml"))
		sample.patch(ctx, `{"containerPort": 80}`)
		sample.eventuallyServes(ctx, 3, 2400)
		eventuallyAnswer(ctx, urls[0], sample.podNames(ctx))
		traffic, lives := startLoad(urls...), sample.lives(ctx)
		DeferCleanup(func() { traffic.stop() })

		Expect(s.helm(ctx, "test")).To(ContainSubstring("Succeeded"))
		s.helm(ctx, "upgrade", "--set=replicas=2")
		Expect(s.kubectl(ctx, "get", "pods", "--namespace="+operatorNamespace, "--selector=control-plane=controller-manager", "--output=name")).To(ContainSubstring("\n"))
		s.helm(ctx, "uninstall")
		Eventually(ctx, func() string { return s.kubectl(ctx, "get", "all", "--namespace="+operatorNamespace, "--output=name") }).Should(BeEmpty())

		Expect(sample.lives(ctx)).To(Equal(lives))
		before := traffic.count()
		Eventually(ctx, traffic.count).Should(BeNumerically(">", before+requestsPerSecond), "the load runs to the end")
		Expect(traffic.stop()).To(BeEmpty())
	}, NodeTimeout(6*time.Minute))
})
