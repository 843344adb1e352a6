// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

// shopArm64 and shopAmd64 are the Services by architecture of an ElasticWeb that is called shop.
var shopArm64, shopAmd64 = resources.TierServiceName("shop", "arm64"), resources.TierServiceName("shop", "amd64")

// backendsOf are the Services that the HTTPRoute of an ElasticWeb leads to, as name=weight, sorted.
func backendsOf(ctx context.Context, web *elasticwebv1.ElasticWeb) func() string {
	return func() string {
		route := wayIn(ctx, httpRouteKind, web)
		if route == nil {
			return ""
		}
		var backends []string
		rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
		for _, rule := range rules {
			refs, _, _ := unstructured.NestedSlice(rule.(map[string]any), "backendRefs")
			for _, ref := range refs {
				backends = append(backends, fmt.Sprintf("%v=%v", ref.(map[string]any)["name"], ref.(map[string]any)["weight"]))
			}
		}
		slices.Sort(backends)
		return strings.Join(backends, " ")
	}
}

// acceptAll says of each version of an HTTPRoute that it is served, as a gateway does, until the spec or the gateway ends.
func acceptAll(web *elasticwebv1.ElasticWeb) (end func()) {
	return answerAll(web, func(route *unstructured.Unstructured) string {
		return gatewaySays(route, "True", "True", "Accepted", "ok")
	})
}

// answerAll says something of each version of an HTTPRoute.
func answerAll(web *elasticwebv1.ElasticWeb, answer func(*unstructured.Unstructured) string) (end func()) {
	ctx, stop := context.WithCancel(context.Background())
	name, ended := client.ObjectKeyFromObject(web), make(chan struct{}) // the spec goes on with the ElasticWeb.
	end = func() {
		stop()
		<-ended
	}
	DeferCleanup(end)
	go func() {
		defer close(ended)
		defer GinkgoRecover()
		said := int64(0)
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			route := &unstructured.Unstructured{}
			route.SetGroupVersionKind(httpRouteKind)
			if k8s.Get(ctx, name, route) == nil && route.GetGeneration() != said {
				saysOf(context.WithoutCancel(ctx), route, answer(route))
				said = route.GetGeneration()
			}
		}
	}()
	return end
}

var _ = Describe("Weights of a way in", Ordered, func() {
	BeforeAll(func(ctx SpecContext) {
		crd, err := waysin.HTTPRoutes(ctx)
		installCRD(ctx, crd, err)
		DeferCleanup(func(ctx SpecContext) { // other specs begin without the kind.
			Expect(client.IgnoreNotFound(k8s.Delete(ctx, crd))).To(Succeed())
			Eventually(func() error { return k8s.Get(ctx, client.ObjectKeyFromObject(crd), crd) }).WithContext(ctx).WithTimeout(time.Minute).Should(MatchError(apierrors.IsNotFound, "is gone"))
		}, NodeTimeout(2*time.Minute))
	})

	It("make a mixed set worth its sum, and follow what is there", func(ctx SpecContext) {
		ownNodes(ctx, "weighed", cluster.NodePool{Arch: "arm64", Count: 2, Pods: 4}, cluster.NodePool{Arch: "amd64", Count: 2, Pods: 15})
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", onOwnNodes("weighed"), armTwiceAsFast, serving(8000), byHTTPRoute)
		acceptAll(web)
		replicas := replicasOf(web)
		create(ctx, web)
		expectCapacity(ctx, web, "arm64=8", 8000, true)
		Eventually(backendsOf(ctx, web)).WithContext(ctx).Should(Equal("shop=1"))
		Expect(tierServices(ctx, web)).To(Equal([]string{shopAmd64, shopArm64}))
		template := read(ctx, web, &appsv1.Deployment{}).Spec.Template

		By("asking for more than the faster ones hold: 4000 more at 500 each, and no number in between")
		update(ctx, web, serving(12000))
		expectCapacity(ctx, web, "arm64=8,amd64=8", 12000, true)
		Eventually(backendsOf(ctx, web)).WithContext(ctx).Should(Equal(shopAmd64 + "=2 " + shopArm64 + "=1"))
		Expect(slices.Max(replicas.all())).To(BeEquivalentTo(16), "%v", replicas.all())
		for _, pod := range podsOf(ctx, web) {
			Expect(pod.Labels).To(HaveKeyWithValue(elasticwebv1.LabelTierPrefix+"amd64", "true"))
			Expect(pod.Labels).To(HaveKeyWithValue(elasticwebv1.LabelTierPrefix+"arm64", fmt.Sprint(strings.Contains(pod.Spec.NodeName, "arm64"))))
		}

		weights := func() *metrics.Weights { return running.reconciler.Weights(client.ObjectKeyFromObject(web)) }
		Eventually(weights).WithContext(ctx).Should(Equal(&metrics.Weights{ByArchitecture: map[string]int32{"arm64": 1, "amd64": 2}}))

		By("being at rest")
		expectRest(ctx, running)

		By("somebody changing a Service")
		service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: shopArm64}}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(service), service)).To(Succeed())
		service.Spec.Selector = map[string]string{"some": "body"}
		Expect(k8s.Update(ctx, service)).To(Succeed())
		Eventually(func() map[string]string {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(service), service)).To(Succeed())
			return service.Spec.Selector
		}).WithContext(ctx).Should(HaveKeyWithValue(elasticwebv1.LabelTierPrefix+"arm64", "true"))

		By("asking for what the faster ones hold: one write, before the pods go")
		version := wayIn(ctx, httpRouteKind, web).GetGeneration()
		update(ctx, web, serving(8000))
		expectCapacity(ctx, web, "arm64=8", 8000, true)
		Eventually(backendsOf(ctx, web)).WithContext(ctx).Should(Equal("shop=1"))
		Eventually(weights).WithContext(ctx).Should(BeNil())
		Expect(wayIn(ctx, httpRouteKind, web).GetGeneration()).To(Equal(version + 1))

		By("taking the way in away: its Services go, and no pod is restarted")
		update(ctx, web, func(web *elasticwebv1.ElasticWeb) { web.Spec.Expose = nil })
		awaitNoWayIn(ctx, httpRouteKind, web)
		Eventually(func() []string { return tierServices(ctx, web) }).WithContext(ctx).Should(BeEmpty())
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Template).To(Equal(template))
	}, SpecTimeout(4*time.Minute))

	It("are none while a Service has the name of one", func(ctx SpecContext) {
		ownNodes(ctx, "named", cluster.NodePool{Arch: "arm64", Count: 1, Pods: 2}, cluster.NodePool{Arch: "amd64", Count: 2, Pods: 15})
		namespace, running := startInNamespace(ctx)
		theirs := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: shopArm64}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
		Expect(k8s.Create(ctx, theirs)).To(Succeed())
		web := newWeb(namespace, "shop", onOwnNodes("named"), armTwiceAsFast, serving(3000), byHTTPRoute)
		endGateway := acceptAll(web)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectCapacity(ctx, web, "arm64=2,amd64=4", 3000, true)
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Eventually(func() *metav1.Condition {
			return meta.FindStatusCondition(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.Conditions, elasticwebv1.ConditionExposed)
		}).WithContext(ctx).Should(And(HaveField("Reason", elasticwebv1.ReasonAdmitted), HaveField("Message",
			ContainSubstring("; it leads to the Service shop, not by weights: Service "+shopArm64+" exists and has no owner, so it is left alone: delete it"))))
		Expect(backendsOf(ctx, web)()).To(Equal("shop=1"))
		Expect(k8s.Delete(ctx, theirs)).To(Succeed())
		expectCapacity(ctx, web, "arm64=2,amd64=2", 3000, true)
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)

		By("telling the metrics that a gateway does not take them up")
		isStale := func() *bool {
			weights := running.reconciler.Weights(client.ObjectKeyFromObject(web))
			if weights == nil {
				return nil
			}
			return &weights.IsStale
		}
		Eventually(isStale).WithContext(ctx).Should(HaveValue(BeFalse()))
		endGateway()
		update(ctx, web, serving(4500))
		expectCapacity(ctx, web, "arm64=2,amd64=5", 4500, true)
		Eventually(isStale).WithContext(ctx).Should(HaveValue(BeTrue()))
		acceptAll(web)
		Eventually(isStale).WithContext(ctx).Should(HaveValue(BeFalse()))
	}, SpecTimeout(4*time.Minute))

	It("are given up for long where the gateway takes none", func(ctx SpecContext) {
		ownNodes(ctx, "single", cluster.NodePool{Arch: "arm64", Count: 1, Pods: 2}, cluster.NodePool{Arch: "amd64", Count: 2, Pods: 15})
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", onOwnNodes("single"), armTwiceAsFast, serving(3000), byHTTPRoute)
		answerAll(web, func(route *unstructured.Unstructured) string {
			if rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules"); len(rules[0].(map[string]any)["backendRefs"].([]any)) > 1 {
				return gatewaySays(route, "False", "True", "UnsupportedValue", "one backend")
			}
			return gatewaySays(route, "True", "True", "Accepted", "ok")
		})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Eventually(func() *metav1.Condition {
			return meta.FindStatusCondition(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.Conditions, elasticwebv1.ConditionExposed)
		}).WithContext(ctx).Should(And(HaveField("Reason", elasticwebv1.ReasonAdmitted), HaveField("Message",
			ContainSubstring("; it leads to the Service shop, not by weights: the Gateway gateways/public refused weights (UnsupportedValue: one backend)"))))
		expectCapacity(ctx, web, "arm64=2,amd64=4", 3000, true)
		version := wayIn(ctx, httpRouteKind, web).GetGeneration()
		Expect(backendsOf(ctx, web)()).To(Equal("shop=1"))
		Consistently(func() int64 { return wayIn(ctx, httpRouteKind, web).GetGeneration() }, "5s").Should(Equal(version))
	}, SpecTimeout(4*time.Minute))

	It("take back the Services that an ElasticWeb of the name left behind", func(ctx SpecContext) {
		ownNodes(ctx, "orphaned", cluster.NodePool{Arch: "arm64", Count: 1, Pods: 2}, cluster.NodePool{Arch: "amd64", Count: 2, Pods: 15})
		namespace, _ := startInNamespace(ctx)
		first := newWeb(namespace, "shop", onOwnNodes("orphaned"), armTwiceAsFast, serving(3000), byHTTPRoute)
		acceptAll(first)
		second := newWeb(namespace, "shop")
		second.Spec = *first.Spec.DeepCopy()
		create(ctx, first)
		expectCapacity(ctx, first, "arm64=2,amd64=2", 3000, true)
		left, pods := tierServices(ctx, first), podNames(ctx, namespace)
		Expect(left).To(Equal([]string{shopAmd64, shopArm64}))
		Expect(k8s.Delete(ctx, first, client.PropagationPolicy(metav1.DeletePropagationOrphan))).To(Succeed())
		Eventually(absent(ctx, first, &elasticwebv1.ElasticWeb{})).WithContext(ctx).WithTimeout(collectedWithin).Should(BeTrue())
		Expect(tierServices(ctx, first)).To(BeEmpty())
		Expect(k8s.Create(ctx, second)).To(Succeed())
		Eventually(func() []string { return tierServices(ctx, second) }).WithContext(ctx).Should(Equal(left))
		expectCapacity(ctx, second, "arm64=2,amd64=2", 3000, true)
		expectReason(ctx, second, elasticwebv1.ReasonAsPlanned)
		Expect(podNames(ctx, namespace)).To(Equal(pods))
	}, SpecTimeout(4*time.Minute))
})

// tierServices are the names of the ElasticWeb's Services by architecture, sorted.
func tierServices(ctx context.Context, web *elasticwebv1.ElasticWeb) []string {
	GinkgoHelper()
	list := &corev1.ServiceList{}
	Expect(k8s.List(ctx, list, client.InNamespace(web.Namespace), client.MatchingLabels{elasticwebv1.LabelInstance: web.Name})).To(Succeed())
	names := map[string]bool{}
	for _, service := range list.Items {
		if service.Name != web.Name && ptr.Deref(metav1.GetControllerOf(&service), metav1.OwnerReference{}).UID == web.UID {
			names[service.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
