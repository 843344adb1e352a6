// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

// supportedArchitectures are those of the operator's image, in the words of GOARCH.
const supportedArchitectures = "amd64 arm64 ppc64le s390x"

// mixedArchitectures are those of the nodes, this machine's first: two at least, all where E2E_ARCHITECTURES names none.
var mixedArchitectures = func() []string {
	architectures := []string{runtime.GOARCH}
	for _, architecture := range strings.Fields(cmp.Or(os.Getenv("E2E_ARCHITECTURES"), supportedArchitectures)) {
		if architecture != runtime.GOARCH {
			architectures = append(architectures, architecture)
		}
	}
	return architectures
}()

var _ = Describe("A cluster of nodes of several architectures", Ordered, ContinueOnFailure, func() {
	var s *scenario
	native, foreign := mixedArchitectures[0], mixedArchitectures[1]

	BeforeAll(func(ctx SpecContext) {
		var pools []nodes.Pool
		for _, architecture := range mixedArchitectures {
			pools = append(pools, nodes.Pool{Arch: architecture, Count: 1})
		}
		s = startScenario(ctx, "mixed", pools...)
		s.pushOperator(ctx, mixedArchitectures...)
		s.pushWebServer(ctx, "elasticweb/everywhere:1", "one", mixedArchitectures...)
		s.pushWebServer(ctx, "elasticweb/native:1", "one", native)
		s.deployOperator(ctx)
		s.kubectl(ctx, "create", "namespace", "dev")
	}, NodeTimeout(time.Hour)) // From nothing, much is compiled.

	AfterEach(func() { s.keepLogs() })

	It("runs the operator on each of them", func(ctx SpecContext) {
		for _, architecture := range append(mixedArchitectures[1:], native) {
			By(architecture)
			s.moveOperator(ctx, architecture)
		}
	}, NodeTimeout(10*time.Minute))

	It("places an image where it has a part, and nowhere else", func(ctx SpecContext) {
		w := s.newWeb(ctx, "native", `{"image": "quay.io/elasticweb/native:1", "port": 30100, "singlePodsQPS": 100, "totalQPS": 400, `+small+`}`)
		w.eventuallyServes(ctx, 4, 400)
		Expect(w.architectures(ctx)).To(Equal(map[string]int{native: 4}))
		s.kubectl(ctx, "delete", "elasticweb", w.key.Name, "--namespace="+w.key.Namespace)
	}, NodeTimeout(5*time.Minute))

	It("fills the best architecture first, spills over when it is closed, and counts again", func(ctx SpecContext) {
		w := s.newWeb(ctx, "spill", fmt.Sprintf(`{"image": "quay.io/elasticweb/everywhere:1", "port": 30101, "singlePodsQPS": 100, "totalQPS": 1600,
			"architectures": [{"name": %q, "singlePodsQPS": 800}, {"name": %q, "singlePodsQPS": 600}], `+small+`}`, native, foreign))
		w.eventuallyServes(ctx, 2, 1600)
		Expect(w.architectures(ctx)).To(Equal(map[string]int{native: 2}))

		By("closing the best")
		s.kubectl(ctx, "cordon", native+"-0")
		DeferCleanup(func(ctx SpecContext) { s.kubectl(ctx, "uncordon", native+"-0") })
		w.patch(ctx, `{"totalQPS": 2400}`)
		// Three would do on the best architecture. With the slower ones among them each counts for 600.
		w.eventuallyServes(ctx, 4, 2400)
		Expect(w.architectures(ctx)).To(Equal(map[string]int{native: 2, foreign: 2}))
		answered := map[string]int{}
		for _, answer := range eventuallyAnswer(ctx, "http://"+s.nodeAddresses(ctx)[0]+":30101/", w.podNames(ctx)) {
			answered[answer.architecture]++
		}
		Expect(answered).To(Equal(map[string]int{native: 2, foreign: 2}))
		s.kubectl(ctx, "delete", "elasticweb", w.key.Name, "--namespace="+w.key.Namespace)
	}, NodeTimeout(6*time.Minute))

	// The limit of the processor decides, and not what else this machine does: it is low, since the load generators are emulated
	// as well, and the latency target is above the pauses that an emulated program has beside others.
	It("measures the architectures, and an ElasticWeb follows what was measured", func(ctx SpecContext) {
		_, err := s.Kubectl(ctx, `{"apiVersion": "elasticweb.example.com/v1alpha1", "kind": "ElasticWebBenchmark",
			"metadata": {"name": "capacity", "namespace": "dev"}, "spec": {"image": "quay.io/elasticweb/everywhere:1",
			"duration": "90s", "latencyTarget": "2s", "maxQPS": 2000,
			"resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "50m", "memory": "256Mi"}}}}`, "apply", "--filename=-")
		Expect(err).NotTo(HaveOccurred())
		benchmark := s.eventuallyMeasured(ctx, "capacity", 6*time.Minute)
		Expect(benchmark.BestArchitecture).To(Equal(native))
		measured := map[string]int32{}
		for _, result := range benchmark.Results {
			measured[string(result.Architecture)] = result.QPS
			GinkgoWriter.Printf("%s: %d requests per second, at least: %t (%s)\n", result.Architecture, result.QPS, result.AtLeast, result.LimitedBy)
		}
		Expect(measured).To(HaveLen(len(mixedArchitectures)))
		for _, emulated := range mixedArchitectures[1:] {
			Expect(measured).To(HaveKeyWithValue(emulated, And(BeNumerically(">", 0), BeNumerically("<", measured[native]))), "emulation is slower")
		}

		w := s.newWeb(ctx, "measured", fmt.Sprintf(`{"image": "quay.io/elasticweb/everywhere:1", "port": 30104, "singlePodsQPS": 1, "totalQPS": %d,
			"benchmarkRef": {"name": "capacity"}, `+small+`}`, 2*measured[native]+1))
		w.eventuallyServes(ctx, 3, 3*measured[native])
		Expect(w.architectures(ctx)).To(Equal(map[string]int{native: 3}))
		s.kubectl(ctx, "delete", "elasticweb,elasticwebbenchmark", "--all", "--namespace=dev")
	}, NodeTimeout(10*time.Minute))

	It("names a program that is built for another architecture", func(ctx SpecContext) {
		// An index that claims what it does not hold, with a program that nothing on the node emulates.
		s.pushWebServerBuiltFor(ctx, "riscv64", "elasticweb/mislabelled:1", "one", native)
		w := s.newWeb(ctx, "mislabelled", `{"image": "quay.io/elasticweb/mislabelled:1", "port": 30102, "singlePodsQPS": 100, "totalQPS": 100, `+small+`}`)
		w.eventuallyNotReady(ctx, elasticwebv1.ReasonExecFormatError, native)
		s.kubectl(ctx, "delete", "elasticweb", w.key.Name, "--namespace="+w.key.Namespace)
	}, NodeTimeout(4*time.Minute))

	It("names a platform that the image has lost", func(ctx SpecContext) {
		s.pushWebServer(ctx, "elasticweb/shrinking:1", "one", mixedArchitectures...)
		w := s.newWeb(ctx, "shrinking", fmt.Sprintf(`{"image": "quay.io/elasticweb/shrinking:1", "imagePullPolicy": "Always", "port": 30103,
			"singlePodsQPS": 100, "totalQPS": 100, "nodeSelector": {"kubernetes.io/arch": %q}, `+small+`}`, foreign))
		w.eventuallyServes(ctx, 1, 100)
		s.pushWebServer(ctx, "elasticweb/shrinking:1", "two", native)
		s.kubectl(ctx, "delete", "pods", "--namespace="+w.key.Namespace, "--selector=app.kubernetes.io/instance="+w.key.Name)
		w.eventuallyNotReady(ctx, elasticwebv1.ReasonPlatformMissing, foreign)
		s.kubectl(ctx, "delete", "elasticweb", w.key.Name, "--namespace="+w.key.Namespace)
	}, NodeTimeout(4*time.Minute))
})

// small are resources of which many fit on the nodes.
const small = `"resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}`

// moveOperator has the operator run on one architecture alone, and waits until it does.
func (s *scenario) moveOperator(ctx context.Context, architecture string) {
	GinkgoHelper()
	s.kubectl(ctx, "patch", "deployment", "elasticweb-controller-manager", "--namespace="+operatorNamespace,
		`--patch={"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/arch": "`+architecture+`"}}}}}`)
	s.kubectl(ctx, "rollout", "status", "deployment/elasticweb-controller-manager", "--namespace="+operatorNamespace, "--timeout=4m")
	var pods corev1.PodList
	Eventually(ctx, func(g Gomega) {
		g.Expect(s.admin.List(ctx, &pods, client.InNamespace(operatorNamespace))).To(Succeed())
		g.Expect(pods.Items).To(HaveLen(1))
	}).Should(Succeed())
	Expect(pods.Items[0].Spec.NodeName).To(Equal(architecture + "-0"))
	Expect(pods.Items[0].Status.ContainerStatuses[0].RestartCount).To(BeZero())
}

// newWeb creates an ElasticWeb.
func (s *scenario) newWeb(ctx context.Context, name, spec string) web {
	GinkgoHelper()
	_, err := s.Kubectl(ctx, fmt.Sprintf(`{"apiVersion": "elasticweb.example.com/v1", "kind": "ElasticWeb",
		"metadata": {"name": %q, "namespace": "dev"}, "spec": %s}`, name, spec), "apply", "--filename=-")
	Expect(err).NotTo(HaveOccurred())
	return web{scenario: s, key: client.ObjectKey{Namespace: "dev", Name: name}}
}

// architectures counts the pods by that of their node.
func (w web) architectures(ctx context.Context) map[string]int {
	GinkgoHelper()
	counts := map[string]int{}
	for _, pod := range w.pods(ctx, Default) {
		architecture, _, _ := strings.Cut(pod.Spec.NodeName, "-")
		counts[architecture]++
	}
	return counts
}

// eventuallyNotReady waits for a reason, and for a message that names what is to be mended.
func (w web) eventuallyNotReady(ctx context.Context, reason, named string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		ready := meta.FindStatusCondition(w.get(ctx, g).Status.Conditions, elasticwebv1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Reason).To(Equal(reason), ready.Message)
		g.Expect(ready.Message).To(ContainSubstring(named))
	}).Should(Succeed())
}
