// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/waysin"
)

var (
	httpRouteKind = schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"}
	routeKind     = schema.GroupVersionKind{Group: "route.openshift.io", Version: "v1", Kind: "Route"}
	ingressKind   = networkingv1.SchemeGroupVersion.WithKind("Ingress")
)

func byHTTPRoute(web *elasticwebv1.ElasticWeb) {
	web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{
		ParentRefs: []elasticwebv1.GatewayReference{{Name: "public", Namespace: "gateways", SectionName: "https", Port: ptr.To[int32](443)}},
		Hostnames:  []elasticwebv1.Hostname{"*.example.com", "shop.example.com"}, PathPrefix: "/shop",
	}}
}

func byRoute(web *elasticwebv1.ElasticWeb) {
	web.Spec.Expose = &elasticwebv1.ExposeSpec{Route: &elasticwebv1.RouteSpec{
		Host: "shop.apps.example.com", Path: "/shop",
		TLS:         &elasticwebv1.RouteTLS{Termination: elasticwebv1.TLSTerminationEdge, InsecureEdgeTerminationPolicy: "Redirect"},
		Annotations: map[string]string{"haproxy.router.openshift.io/timeout": "30s", "note": "a\u2028b\u2029<&>"},
	}}
}

func byIngress(web *elasticwebv1.ElasticWeb) {
	web.Spec.Expose = &elasticwebv1.ExposeSpec{Ingress: &elasticwebv1.IngressSpec{
		ClassName: "traefik", Host: "shop.example.com", TLS: &elasticwebv1.IngressTLS{SecretName: "shop-tls"},
		Annotations: map[string]string{"note": "a\u2028b"},
	}}
}

// wayIn reads the way in of an ElasticWeb; nil where there is none.
func wayIn(ctx context.Context, kind schema.GroupVersionKind, web *elasticwebv1.ElasticWeb) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	err := k8s.Get(ctx, client.ObjectKeyFromObject(web), object)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil
	}
	Expect(err).NotTo(HaveOccurred())
	return object
}

func awaitWayIn(ctx context.Context, kind schema.GroupVersionKind, web *elasticwebv1.ElasticWeb) *unstructured.Unstructured {
	GinkgoHelper()
	var found *unstructured.Unstructured
	Eventually(func() *unstructured.Unstructured {
		found = wayIn(ctx, kind, web)
		return found
	}).WithContext(ctx).ShouldNot(BeNil())
	return found
}

func awaitNoWayIn(ctx context.Context, kind schema.GroupVersionKind, web *elasticwebv1.ElasticWeb) {
	GinkgoHelper()
	Eventually(func() *unstructured.Unstructured { return wayIn(ctx, kind, web) }).WithContext(ctx).Should(BeNil())
}

// exposed is what an ElasticWeb says of its way in: status, reason, and address.
func exposed(ctx context.Context, web *elasticwebv1.ElasticWeb) func() string {
	return func() string {
		current := &elasticwebv1.ElasticWeb{}
		if k8s.Get(ctx, client.ObjectKeyFromObject(web), current) != nil || current.Status.ObservedGeneration != current.Generation {
			return ""
		}
		found := meta.FindStatusCondition(current.Status.Conditions, elasticwebv1.ConditionExposed)
		if found == nil {
			return "none " + current.Status.Address
		}
		return fmt.Sprintf("%s %s %s", found.Status, found.Reason, current.Status.Address)
	}
}

func expectExposed(ctx context.Context, web *elasticwebv1.ElasticWeb, want string) {
	GinkgoHelper()
	Eventually(exposed(ctx, web)).WithContext(ctx).Should(Equal(want))
}

// asText is the spec of an object as JSON.
func asText(object *unstructured.Unstructured) string {
	GinkgoHelper()
	text, err := json.Marshal(object.Object["spec"])
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func saysOf(ctx context.Context, object *unstructured.Unstructured, status string) {
	GinkgoHelper()
	Expect(k8s.Status().Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(`{"status": `+status+`}`)), client.FieldOwner("gateway"))).To(Succeed())
}

// gatewaySays is the status of an HTTPRoute as a gateway's controller writes it.
func gatewaySays(object *unstructured.Unstructured, accepted, resolved, reason, message string) string {
	condition := func(kind, status string) string {
		text, _ := json.Marshal(metav1.Condition{
			Type: kind, Status: metav1.ConditionStatus(status), Reason: reason, Message: message, ObservedGeneration: object.GetGeneration(), LastTransitionTime: metav1.Now(),
		})
		return string(text)
	}
	return fmt.Sprintf(`{"parents": [{"parentRef": {"namespace": "gateways", "name": "public", "sectionName": "https", "port": 443},
		"controllerName": "example.com/gateway", "conditions": [%s, %s]}]}`, condition("Accepted", accepted), condition("ResolvedRefs", resolved))
}

func installCRD(ctx context.Context, crd *unstructured.Unstructured, err error) {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	Expect(client.IgnoreAlreadyExists(k8s.Create(ctx, crd))).To(Succeed())
	Eventually(func() error {
		list := &unstructured.UnstructuredList{}
		kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
		group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind + "List"})
		return k8s.List(ctx, list)
	}).WithContext(ctx).Should(Succeed())
}

// awaitGarbageCollection waits until the garbage collector has come to know a kind, which it looks for every half a minute: before that it lets
// go of no owner, and takes for garbage what it should leave behind.
func awaitGarbageCollection(ctx context.Context, example *unstructured.Unstructured) {
	GinkgoHelper()
	garbage := &unstructured.Unstructured{Object: map[string]any{"spec": example.Object["spec"]}}
	garbage.SetGroupVersionKind(example.GroupVersionKind())
	garbage.SetNamespace(example.GetNamespace())
	garbage.SetName("garbage")
	garbage.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: "gone"}})
	Expect(k8s.Create(ctx, garbage)).To(Succeed())
	Eventually(func() error { return k8s.Get(ctx, client.ObjectKeyFromObject(garbage), garbage) }).
		WithContext(ctx).WithTimeout(90 * time.Second).Should(Satisfy(apierrors.IsNotFound))
}

var _ = Describe("The way in", Ordered, func() {
	It("comes as an Ingress, is put right, and goes", func(ctx SpecContext) {
		op := startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop", byIngress)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		ingress := awaitWayIn(ctx, ingressKind, web)
		Expect(asText(ingress)).To(MatchJSON(`{"ingressClassName": "traefik", "tls": [{"hosts": ["shop.example.com"], "secretName": "shop-tls"}],
			"rules": [{"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "shop", "port": {"name": "http"}}}}]}}]}`))
		Expect(ingress.GetAnnotations()).To(HaveKeyWithValue("note", "a\u2028b"))
		Expect(metav1.IsControlledBy(ingress, &metav1.ObjectMeta{UID: web.UID})).To(BeTrue())
		expectExposed(ctx, web, "Unknown AwaitingAdmission https://shop.example.com/")
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)

		By("the Service being none with a node port, and staying so", func() {
			service := &corev1.Service{}
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), service)).To(Succeed())
			Expect(service.Spec.Type).To(Equal(corev1.ServiceTypeClusterIP))
			Expect(service.Spec.Ports[0].Port).To(Equal(*web.Spec.Port))
		})
		By("its controller giving it an address", func() {
			saysOf(ctx, ingress, `{"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}`)
			expectExposed(ctx, web, "True Admitted https://shop.example.com/")
		})
		By("somebody changing it", func() {
			before := ingress.GetUID()
			Expect(k8s.Patch(ctx, ingress, client.RawPatch(types.JSONPatchType, []byte(`[{"op": "replace", "path": "/spec/rules/0/host", "value": "evil.example.com"}]`)))).To(Succeed())
			Eventually(func() string { return asText(wayIn(ctx, ingressKind, web)) }).WithContext(ctx).ShouldNot(ContainSubstring("evil"))
			Expect(k8s.Delete(ctx, ingress)).To(Succeed())
			Eventually(func(g Gomega) {
				now := wayIn(ctx, ingressKind, web)
				g.Expect(now).NotTo(BeNil())
				g.Expect(now.GetUID()).NotTo(Equal(before))
			}).WithContext(ctx).Should(Succeed())
		})
		By("there being nothing to do at rest", func() {
			expectExposed(ctx, web, "Unknown AwaitingAdmission https://shop.example.com/")
			expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
			expectRest(ctx, op)
		})
		By("it going from the spec", func() {
			update(ctx, web, func(web *elasticwebv1.ElasticWeb) { web.Spec.Expose = nil })
			awaitNoWayIn(ctx, ingressKind, web)
			expectExposed(ctx, web, "none ")
			service := &corev1.Service{}
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), service)).To(Succeed())
			Expect(service.Spec.Type).To(Equal(corev1.ServiceTypeClusterIP), "a Service that exists keeps its type")
		})
	})

	It("keeps the type of a Service that was there", func(ctx SpecContext) {
		startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop")
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		update(ctx, web, byIngress)
		awaitWayIn(ctx, ingressKind, web)
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		service := &corev1.Service{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), service)).To(Succeed())
		Expect(service.Spec.Type).To(Equal(corev1.ServiceTypeNodePort))
	})

	It("leaves alone what is somebody else's, and names it", func(ctx SpecContext) {
		startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop", byIngress)
		theirs := &networkingv1.Ingress{
			ObjectMeta: metav1.ObjectMeta{Namespace: web.Namespace, Name: web.Name},
			Spec:       networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: "theirs.example.com"}}},
		}
		Expect(k8s.Create(ctx, theirs)).To(Succeed())
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectExposed(ctx, web, "False NameConflict ")
		expectReason(ctx, web, elasticwebv1.ReasonNameConflict)
		Expect(asText(wayIn(ctx, ingressKind, web))).To(ContainSubstring("theirs"))
		current := &elasticwebv1.ElasticWeb{}
		Eventually(func() int32 {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), current)).To(Succeed())
			return current.Status.ReadyReplicas
		}).WithContext(ctx).Should(Equal(int32(3)), "the pods wait for no way in")
		Expect(k8s.Delete(ctx, theirs)).To(Succeed())
		expectExposed(ctx, web, "Unknown AwaitingAdmission https://shop.example.com/")
	})

	It("stays until the other kind that the spec asks for is there", func(ctx SpecContext) {
		op := startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop", byIngress)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		before := awaitWayIn(ctx, ingressKind, web).GetUID()
		update(ctx, web, byHTTPRoute)
		expectExposed(ctx, web, "False KindNotServed ")
		op.stop()
		startOperator(operatorOptions{})
		update(ctx, web, func(web *elasticwebv1.ElasticWeb) { web.Spec.Expose.HTTPRoute.PathPrefix = "/other" })
		expectExposed(ctx, web, "False KindNotServed ")
		Expect(awaitWayIn(ctx, ingressKind, web).GetUID()).To(Equal(before), "it is not even made anew")

		By("giving it up")
		update(ctx, web, func(web *elasticwebv1.ElasticWeb) { web.Spec.Expose = nil })
		awaitNoWayIn(ctx, ingressKind, web)
	})

	It("says that the cluster lacks the kind, and makes it once its CRD is there", func(ctx SpecContext) {
		startOperator(operatorOptions{})
		namespace := newNamespace(ctx)
		web, plain := newWeb(namespace, "shop", byHTTPRoute), newWeb(namespace, "route", byRoute)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Expect(k8s.Create(ctx, plain)).To(Succeed())
		expectExposed(ctx, web, "False KindNotServed ")
		expectExposed(ctx, plain, "False KindNotServed ")
		expectReason(ctx, web, elasticwebv1.ReasonKindNotServed)
		current := &elasticwebv1.ElasticWeb{}
		Eventually(func() int32 {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), current)).To(Succeed())
			return ptr.Deref(current.Status.RealQPS, 0)
		}).WithContext(ctx).Should(Equal(int32(2400)), "the pods wait for no way in")
		crd, err := waysin.HTTPRoutes(ctx)
		installCRD(ctx, crd, err)
		crd, err = waysin.Routes(ctx)
		installCRD(ctx, crd, err)
		awaitWayIn(ctx, httpRouteKind, web)
		awaitWayIn(ctx, routeKind, plain)
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectReason(ctx, plain, elasticwebv1.ReasonAsPlanned)
	}, SpecTimeout(3*60*1e9))

	It("comes as an HTTPRoute, with what its gateway says of it", func(ctx SpecContext) {
		op := startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop", byHTTPRoute)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		route := awaitWayIn(ctx, httpRouteKind, web)
		Expect(asText(route)).To(MatchJSON(fmt.Sprintf(`{"hostnames": ["*.example.com", "shop.example.com"],
			"parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "gateways", "name": "public", "sectionName": "https", "port": 443}],
			"rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/shop"}}], "backendRefs": [{"group": "", "kind": "Service", "name": "shop", "port": %d, "weight": 1}]}]}`, *web.Spec.Port)))
		expectExposed(ctx, web, "Unknown AwaitingAdmission https://shop.example.com/shop")
		saysOf(ctx, route, gatewaySays(route, "True", "True", "Accepted", "ok"))
		expectExposed(ctx, web, "True Admitted https://shop.example.com/shop")
		saysOf(ctx, route, gatewaySays(route, "True", "False", "BackendNotFound", "no Service"))
		expectExposed(ctx, web, "False BackendUnresolved https://shop.example.com/shop")
		saysOf(ctx, route, gatewaySays(route, "False", "True", "NotAllowedByListeners", strings.Repeat("no\u2028 ", 8000)))
		expectExposed(ctx, web, "False NotAdmitted ")
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)

		By("somebody adding to its rule", func() {
			Expect(k8s.Patch(ctx, route, client.RawPatch(types.JSONPatchType, []byte(`[{"op": "add", "path": "/spec/rules/0/filters",
				"value": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "evil.example.com"}}]}, {"op": "remove", "path": "/spec/rules/0/backendRefs"}]`)))).To(Succeed())
			Eventually(func() string { return asText(wayIn(ctx, httpRouteKind, web)) }).WithContext(ctx).ShouldNot(ContainSubstring("evil"))
		})
		By("another operator finding nothing to do", func() {
			op.stop()
			again := startOperator(operatorOptions{})
			expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
			Consistently(func() []string { return again.requests.writesTo(web.Namespace + "/httproutes") }, "2s").Should(BeEmpty())
			again.stop()
		})
		By("the spec asking for an Ingress while no operator runs", func() {
			update(ctx, web, byIngress)
			startOperator(operatorOptions{})
			awaitWayIn(ctx, ingressKind, web)
			awaitNoWayIn(ctx, httpRouteKind, web)
		})
	})

	It("comes as a Route, with what its router says of it", func(ctx SpecContext) {
		op := startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop", byRoute)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		route := awaitWayIn(ctx, routeKind, web)
		Expect(asText(route)).To(MatchJSON(`{"host": "shop.apps.example.com", "path": "/shop", "port": {"targetPort": "http"}, "wildcardPolicy": "None",
			"tls": {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"}, "to": {"kind": "Service", "name": "shop", "weight": 1}}`))
		Expect(route.GetAnnotations()).To(HaveKeyWithValue("note", "a\u2028b\u2029<&>"))
		router := func(status, reason string) string {
			return fmt.Sprintf(`{"ingress": [{"host": "shop.apps.example.com", "routerName": "default", "conditions": [{"type": "Admitted", "status": %q, "reason": %q, "message": "m"}]}]}`, status, reason)
		}
		expectExposed(ctx, web, "Unknown AwaitingAdmission https://shop.apps.example.com/shop")
		saysOf(ctx, route, router("True", ""))
		expectExposed(ctx, web, "True Admitted https://shop.apps.example.com/shop")
		saysOf(ctx, route, router("False", "HostAlreadyClaimed"))
		expectExposed(ctx, web, "False NotAdmitted ")
		Expect(k8s.Patch(ctx, route, client.RawPatch(types.MergePatchType, []byte(`{"spec": {"to": {"name": "evil", "weight": 100}}}`)))).To(Succeed())
		Eventually(func() string { return asText(wayIn(ctx, routeKind, web)) }).WithContext(ctx).ShouldNot(ContainSubstring("evil"))
		op.stop()
		again := startOperator(operatorOptions{})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Consistently(func() []string { return again.requests.writesTo(web.Namespace + "/routes") }, "2s").Should(BeEmpty())
	})

	It("is refused by itself, and everything else goes on", func(ctx SpecContext) {
		startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop", byHTTPRoute, func(web *elasticwebv1.ElasticWeb) {
			web.Spec.Expose.HTTPRoute.ParentRefs = append(web.Spec.Expose.HTTPRoute.ParentRefs, elasticwebv1.GatewayReference{Name: "public", Namespace: "gateways"})
		})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectExposed(ctx, web, "False InvalidExpose ")
		expectReason(ctx, web, elasticwebv1.ReasonInvalidExpose)
		current := &elasticwebv1.ElasticWeb{}
		Eventually(func() int32 {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), current)).To(Succeed())
			return current.Status.ReadyReplicas
		}).WithContext(ctx).Should(Equal(int32(3)))
	})

	DescribeTable("takes back what was left behind, and removes it once the spec drops it", func(ctx SpecContext, kind schema.GroupVersionKind, exposed func(*elasticwebv1.ElasticWeb)) {
		startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop", exposed)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		left := awaitWayIn(ctx, kind, web)
		before := left.GetUID()
		awaitGarbageCollection(ctx, left)
		Expect(k8s.Delete(ctx, web, client.PropagationPolicy(metav1.DeletePropagationOrphan))).To(Succeed())
		Eventually(func() error { return k8s.Get(ctx, client.ObjectKeyFromObject(web), &elasticwebv1.ElasticWeb{}) }).WithContext(ctx).ShouldNot(Succeed())
		again := newWeb(web.Namespace, web.Name, exposed, func(again *elasticwebv1.ElasticWeb) { again.Spec.Port = web.Spec.Port })
		Expect(k8s.Create(ctx, again)).To(Succeed())
		Eventually(func(g Gomega) {
			now := wayIn(ctx, kind, again)
			g.Expect(now).NotTo(BeNil())
			g.Expect(metav1.IsControlledBy(now, &metav1.ObjectMeta{UID: again.UID})).To(BeTrue())
			g.Expect(now.GetUID()).To(Equal(before))
		}).WithContext(ctx).Should(Succeed())
		update(ctx, again, func(web *elasticwebv1.ElasticWeb) { web.Spec.Expose = nil })
		awaitNoWayIn(ctx, kind, again)
	},
		Entry("of an HTTPRoute", httpRouteKind, byHTTPRoute, SpecTimeout(3*time.Minute)),
		Entry("of a Route", routeKind, byRoute, SpecTimeout(3*time.Minute)),
		Entry("of an Ingress", ingressKind, byIngress, SpecTimeout(3*time.Minute)))

	It("breaks nothing when the kind goes, and asks for it rarely", func(ctx SpecContext) {
		op := startOperator(operatorOptions{})
		web := newWeb(newNamespace(ctx), "shop", byHTTPRoute)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		awaitWayIn(ctx, httpRouteKind, web)
		crd, err := waysin.HTTPRoutes(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(k8s.Delete(ctx, crd)).To(Succeed())
		expectExposed(ctx, web, "False KindNotServed ")
		before := op.requests.count()
		update(ctx, web, func(web *elasticwebv1.ElasticWeb) { web.Spec.TotalQPS = ptr.To[int32](3200) })
		Eventually(func() int32 {
			current := &elasticwebv1.ElasticWeb{}
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), current)).To(Succeed())
			return ptr.Deref(current.Status.RealQPS, 0)
		}).WithContext(ctx).Should(Equal(int32(3200)))
		looks := 0
		for _, request := range op.requests.since(before) {
			if strings.Contains(request, "httproutes") {
				looks++
			}
		}
		Expect(looks).To(BeNumerically("<=", 4), "each look is one request, or two where the API server is asked to send the list with the watch")
	})
})
