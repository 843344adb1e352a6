// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// endState is what the operator makes of an ElasticWeb, without what differs between two of the same spec.
func endState(ctx context.Context, web *elasticwebv1.ElasticWeb) string {
	GinkgoHelper()
	name := client.ObjectKeyFromObject(web)
	deployment, service, budgets := deploymentOf(ctx, web), &corev1.Service{}, &policyv1.PodDisruptionBudgetList{}
	Expect(k8s.Get(ctx, name, service)).To(Succeed())
	Expect(k8s.List(ctx, budgets, client.InNamespace(web.Namespace))).To(Succeed())
	status := current(ctx, web).Status
	for i := range status.Conditions {
		status.Conditions[i].LastTransitionTime.Reset()
	}
	service.Spec.ClusterIP, service.Spec.ClusterIPs = "", nil
	budgetSpecs := []policyv1.PodDisruptionBudgetSpec{}
	for i := range budgets.Items {
		budgetSpecs = append(budgetSpecs, budgets.Items[i].Spec)
	}
	delete(deployment.Annotations, "deployment.kubernetes.io/revision")
	text, err := json.MarshalIndent(map[string]any{
		"deployment": deployment.Spec, "deploymentNotes": deployment.Annotations,
		"service": service.Spec, "serviceNotes": service.Annotations,
		"budgets": budgetSpecs, "status": status,
	}, "", " ")
	Expect(err).NotTo(HaveOccurred())
	// The hash of the intent is over the owner's UID and the namespace, and the port is each one's own.
	same := strings.NewReplacer(service.Annotations["elasticweb.example.com/intent"], "hash",
		deployment.Annotations["elasticweb.example.com/intent"], "hash")
	return same.Replace(string(text))
}

// clusterIP gives all ElasticWebs of a spec the same Service, which a node port would not be.
func clusterIP(web *elasticwebv1.ElasticWeb) {
	web.Spec.Port, web.Spec.Service = ptr.To[int32](80), &elasticwebv1.ServiceSpec{Type: elasticwebv1.ServiceTypeClusterIP}
	web.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
}

// changeEverything changes the Service, the Deployment and the status, and takes the budget away.
func changeEverything(web *elasticwebv1.ElasticWeb) {
	web.Spec.Port, web.Spec.Image, web.Spec.TotalQPS = ptr.To[int32](81), "nginx:1.17.2", ptr.To[int32](800)
}

// undisturbed is the end state without faults, after the creation and after the change.
func undisturbed(ctx context.Context) (created, changed string) {
	GinkgoHelper()
	web := newWeb(newNamespace(ctx), "shop", clusterIP)
	operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}})
	Expect(k8s.Create(ctx, web)).To(Succeed())
	expectPods(ctx, web, 3)
	created = endState(ctx, web)
	update(ctx, web, changeEverything)
	expectPods(ctx, web, 1)
	changed = endState(ctx, web)
	operator.stop()
	return created, changed
}

var _ = Describe("An operator that is killed", func() {
	It("leaves the same end state after any of its writes, when another one takes over", func(ctx SpecContext) {
		created, changed := undisturbed(ctx)
		namespace := newNamespace(ctx)
		web := newWeb(namespace, "shop", clusterIP)
		run := func(name string, after int, change func()) {
			GinkgoHelper()
			By(name)
			dying := proxy.CrashAfter(after)
			operator := startOperator(operatorOptions{namespaces: []string{namespace}, transport: dying.Wrap})
			change()
			Eventually(dying.Happened()).WithContext(ctx).Should(BeClosed())
			operator.stop()
		}
		for after := 0; after <= 4; after++ {
			web = newWeb(namespace, "shop", clusterIP)
			run("killed while it creates", after, func() { Expect(k8s.Create(ctx, web)).To(Succeed()) })
			operator := startOperator(operatorOptions{namespaces: []string{namespace}})
			expectPods(ctx, web, 3)
			Expect(endState(ctx, web)).To(Equal(created), "killed after %d writes of the creation", after)
			operator.stop()

			run("killed while it changes", after, func() { update(ctx, web, changeEverything) })
			operator = startOperator(operatorOptions{namespaces: []string{namespace}})
			expectPods(ctx, web, 1)
			Expect(endState(ctx, web)).To(Equal(changed), "killed after %d writes of the change", after)
			operator.stop()

			Expect(k8s.Delete(ctx, web)).To(Succeed())
			Eventually(func(g Gomega) {
				deployments, services := &appsv1.DeploymentList{}, &corev1.ServiceList{}
				g.Expect(k8s.List(ctx, deployments, client.InNamespace(namespace))).To(Succeed())
				g.Expect(k8s.List(ctx, services, client.InNamespace(namespace))).To(Succeed())
				g.Expect(deployments.Items).To(BeEmpty())
				g.Expect(services.Items).To(BeEmpty())
			}).WithContext(ctx).WithTimeout(collectedWithin).Should(Succeed())
		}
	}, SpecTimeout(3*time.Minute))
})

var _ = Describe("An operator whose writes fail", func() {
	type fault = func(*http.Request, http.RoundTripper) (*http.Response, error)
	DescribeTable("ends in the same state, and does not try in a hot loop",
		func(ctx SpecContext, times int, fail fault) {
			created, changed := undisturbed(ctx)
			web := newWeb(newNamespace(ctx), "shop", clusterIP)
			operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}, transport: failFirst(times, fail)})
			Expect(k8s.Create(ctx, web)).To(Succeed())
			expectPods(ctx, web, 3)
			Expect(endState(ctx, web)).To(Equal(created))
			update(ctx, web, changeEverything)
			expectPods(ctx, web, 1)
			Expect(endState(ctx, web)).To(Equal(changed))
			writes := writesByResource(operator, 0)
			Expect(writes).To(HaveKeyWithValue("services", BeNumerically("<=", 2+times)))
			Expect(writes).To(HaveKeyWithValue("deployments", BeNumerically("<=", 2+times)))
			Expect(writes).To(HaveKeyWithValue("poddisruptionbudgets", BeNumerically("<=", 2+times)))
		},
		Entry("with a conflict", 3, refuse(http.StatusConflict, "Conflict")),
		Entry("with too many requests", 3, refuse(http.StatusTooManyRequests, "TooManyRequests", "Retry-After", "1")),
		Entry("with an internal error", 1, refuse(http.StatusInternalServerError, "InternalError")),
		Entry("though the API server acted, and only its answer was lost", 1, loseAnswer),
	)

	It("tries again ever more rarely, and gives up nothing", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", clusterIP)
		tried := make(chan time.Time, 1000)
		forbid := refuse(http.StatusInternalServerError, "InternalError")
		operator := startOperator(operatorOptions{
			namespaces: []string{web.Namespace},
			transport: failFirst(6, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if strings.Contains(request.URL.Path, "/deployments/") {
					tried <- time.Now()
					return forbid(request, next)
				}
				return next.RoundTrip(request)
			}),
		})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		Expect(tried).To(HaveLen(6))
		first, last := <-tried, time.Time{}
		for len(tried) > 0 {
			last = <-tried
		}
		Expect(last.Sub(first)).To(BeNumerically(">", 2*time.Second), "100 ms, and twice as long each time")
		Expect(writesByResource(operator, 0)).To(HaveKeyWithValue("services", 1))
	})
})

var _ = Describe("An operator whose caches are behind", func() {
	It("writes each object once all the same", func(ctx SpecContext) {
		late := &lag{}
		web := newWeb(newNamespace(ctx), "shop", clusterIP)
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}, transport: late.wrap})
		late.set(1500 * time.Millisecond)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		Expect(writesByResource(operator, 0)).To(And(HaveKeyWithValue("services", 1),
			HaveKeyWithValue("poddisruptionbudgets", 1), HaveKeyWithValue("deployments", 1),
			HaveKeyWithValue("status", BeNumerically("<=", statusWrites(3)))))
		expectRestOf(ctx, operator, 2*time.Second) // a write that meets the last status of the Deployment is a conflict, and made again.
		count := operator.requests.count()
		update(ctx, web, serving(4000))
		expectPods(ctx, web, 5)
		Expect(writesByResource(operator, count)).To(And(HaveLen(2), HaveKeyWithValue("deployments", 1),
			HaveKeyWithValue("status", BeNumerically("<=", statusWrites(2)))))
		expectRestOf(ctx, operator, 2*time.Second)
		count = operator.requests.count()
		scale := ptr.To[int32](1)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS, w.Spec.Replicas = nil, scale })
		expectPods(ctx, web, 1)
		Expect(writesByResource(operator, count)).To(And(HaveLen(3), HaveKeyWithValue("deployments", 1),
			HaveKeyWithValue("poddisruptionbudgets", 1)))
	})

	It("backs off from what somebody else changed and it does not see yet", func(ctx SpecContext) {
		late := &lag{resource: "/deployments"}
		web := newWeb(newNamespace(ctx), "shop", clusterIP)
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}, transport: late.wrap})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		late.set(4 * time.Second)
		deployment := deploymentOf(ctx, web)
		deployment.Annotations["example.com/note"] = "changed"
		Expect(k8s.Update(ctx, deployment)).To(Succeed())
		count := operator.requests.count()
		update(ctx, web, serving(4000))
		expectPods(ctx, web, 5)
		Expect(writesByResource(operator, count)).To(HaveKeyWithValue("deployments", BeNumerically("<=", 8)))
		Expect(deploymentOf(ctx, web).Annotations).To(HaveKeyWithValue("example.com/note", "changed"))
	})

	It("reports, though somebody annotates the ElasticWeb and it does not see that yet", func(ctx SpecContext) {
		late := &lag{resource: "/elasticwebs"}
		// A new pod takes its time, so that the moment without it is long enough to be seen.
		web := newWeb(newNamespace(ctx), "shop", clusterIP, podAnnotations(map[string]string{cluster.ReadyAfter: "3"}))
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}, transport: late.wrap})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		late.set(2 * time.Second)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Annotations = map[string]string{"example.com/note": "changed"} })
		count := operator.requests.count()
		Expect(k8s.Delete(ctx, &podsOf(ctx, web)[0])).To(Succeed())
		Eventually(func() int32 { return current(ctx, web).Status.ReadyReplicas }).WithContext(ctx).Should(Equal(int32(2)))
		expectPods(ctx, web, 3)
		Expect(writesByResource(operator, count)).To(HaveKeyWithValue("status", BeNumerically("<=", statusWrites(2))))
	})

	It("does not take pods away by a spec that is no longer the newest", func(ctx SpecContext) {
		late := &lag{resource: "/elasticwebs"}
		web := newWeb(newNamespace(ctx), "shop", clusterIP, serving(4000))
		startOperator(operatorOptions{namespaces: []string{web.Namespace}, transport: late.wrap})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 5)
		replicas := replicasOf(web)
		late.set(1500 * time.Millisecond)
		update(ctx, web, serving(800))
		// The operator sees this one well after the first, and both when they are long over.
		time.AfterFunc(700*time.Millisecond, func() { update(ctx, web, serving(4000)) })
		expectGeneration(ctx, web, 3)
		Expect(replicas.all()).To(Equal([]int32{5}))
	})

	It("does not go back to a spec that another operator has left behind", func(ctx SpecContext) {
		frozen := &lag{resource: "/elasticwebs"}
		web := newWeb(newNamespace(ctx), "shop", clusterIP, serving(800))
		options := operatorOptions{namespaces: []string{web.Namespace}, transport: frozen.wrap}
		stale := startOperator(options)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 1)
		frozen.set(time.Hour)
		replicas, count := replicasOf(web), stale.requests.count()
		startOperator(operatorOptions{namespaces: []string{web.Namespace}}) // the next leader.
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TotalQPS, w.Spec.Image = ptr.To[int32](4000), "nginx:1.17.2"
		})
		expectPods(ctx, web, 5)
		Consistently(replicas.all).WithContext(ctx).WithTimeout(500 * time.Millisecond).Should(Equal([]int32{1, 5}))
		Expect(imagesOf(podsOf(ctx, web))).To(Equal([]string{"nginx:1.17.2"}))
		Expect(writesByResource(stale, count)).NotTo(HaveKey("deployments"))
	})
})

// expectGeneration waits until the status speaks of a generation.
func expectGeneration(ctx context.Context, web *elasticwebv1.ElasticWeb, generation int64) {
	GinkgoHelper()
	Eventually(func() int64 { return current(ctx, web).Status.ObservedGeneration }).WithContext(ctx).Should(Equal(generation))
}

var _ = Describe("An API server that is restarted", Serial, func() {
	It("finds the operator at work again", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", clusterIP)
		startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		Expect(controlPlane.KillComponent(cluster.APIServer)).To(Succeed())
		Expect(controlPlane.StartComponent(ctx, cluster.APIServer)).To(Succeed())
		update(ctx, web, changeEverything)
		Eventually(func(g Gomega) {
			g.Expect(deploymentOf(ctx, web).Spec.Replicas).To(HaveValue(Equal(int32(1))))
		}).WithContext(ctx).WithTimeout(time.Minute).Should(Succeed())
	}, SpecTimeout(2*time.Minute))
})
