// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"strings"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// The rows of table S1 of the requirements, by their numbers.
var _ = Describe("An ElasticWeb as the walk-through has it", func() {
	It("1.1: is of group elasticweb.example.com, version v1, plural elasticwebs, namespaced, with a status", func() {
		discover, err := discovery.NewDiscoveryClientForConfig(controlPlane.RESTConfig())
		Expect(err).NotTo(HaveOccurred())
		list, err := discover.ServerResourcesForGroupVersion("elasticweb.example.com/v1")
		Expect(err).NotTo(HaveOccurred())
		kinds := map[string]string{}
		for _, found := range list.APIResources {
			kinds[found.Name] = found.Kind
			Expect(found.Namespaced).To(BeTrue())
		}
		Expect(kinds).To(Equal(map[string]string{
			"elasticwebs": "ElasticWeb", "elasticwebs/status": "ElasticWeb", "elasticwebs/scale": "Scale",
		}))
	})

	It("1.2, 1.3: reads the four fields by their names, and writes realQPS through the status subresource", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		text, err := json.Marshal(read(ctx, web, &elasticwebv1.ElasticWeb{}))
		Expect(err).NotTo(HaveOccurred())
		stored := map[string]any{}
		Expect(json.Unmarshal(text, &stored)).To(Succeed())
		Expect(stored["spec"]).To(Equal(map[string]any{
			"image": "nginx:1.17.1", "port": float64(*web.Spec.Port), "singlePodsQPS": float64(800), "totalQPS": float64(2400),
		}))
		Expect(stored["status"]).To(HaveKeyWithValue("realQPS", float64(2400)))
		for _, request := range running.requests.since(0) {
			method, path, _ := strings.Cut(request, " ")
			if method != http.MethodGet && strings.Contains(path, "/elasticwebs/") {
				Expect(request).To(Equal("PATCH /apis/elasticweb.example.com/v1/namespaces/" + web.Namespace + "/elasticwebs/shop/status"))
			}
		}
	})

	DescribeTable("1.4: rounds the number of pods up", func(ctx SpecContext, total, single, pods int32) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TotalQPS, w.Spec.SinglePodsQPS = &total, &single
		})
		create(ctx, web)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(Equal(pods)))
		Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.RealQPS).To(HaveValue(Equal(pods * single)))
	},
		Entry("2400 / 800", int32(2400), int32(800), int32(3)),
		Entry("600 / 500", int32(600), int32(500), int32(2)),
		Entry("1 / 500", int32(1), int32(500), int32(1)),
	)

	It("1.5: owns a Deployment and a NodePort Service of its own name and namespace", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		for _, child := range newChildren() {
			read(ctx, web, child)
			Expect(child.GetOwnerReferences()).To(Equal([]metav1.OwnerReference{{
				APIVersion: "elasticweb.example.com/v1", Kind: "ElasticWeb", Name: "shop", UID: web.UID,
				Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
			}}))
			Expect(child.GetLabels()).To(Equal(map[string]string{
				"app.kubernetes.io/name": "elasticweb", "app.kubernetes.io/instance": "shop",
				"app.kubernetes.io/component": "web", "app.kubernetes.io/managed-by": "elasticweb-operator",
			}))
		}
		Expect(k8s.Delete(ctx, web)).To(Succeed())
		expectNothingLeft(ctx, web)
	})

	It("1.6: serves port 8080, named http, of TCP, on the node port of the spec", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		service := read(ctx, web, &corev1.Service{})
		Expect(service.Spec.Type).To(Equal(corev1.ServiceTypeNodePort))
		Expect(service.Spec.Ports).To(Equal([]corev1.ServicePort{{
			Name: "http", Protocol: corev1.ProtocolTCP, Port: 8080, TargetPort: intstr.FromString("http"), NodePort: *web.Spec.Port,
		}}))
		container := read(ctx, web, &appsv1.Deployment{}).Spec.Template.Spec.Containers[0]
		Expect(container.Ports).To(Equal([]corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}}))
		Expect(container.ReadinessProbe).To(BeNil(), "a port that is only assumed must not be probed")
	})

	It("1.6: takes the container port of the spec", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) { w.Spec.ContainerPort = ptr.To[int32](80) })
		create(ctx, web)
		container := read(ctx, web, &appsv1.Deployment{}).Spec.Template.Spec.Containers[0]
		Expect(container.Ports[0].ContainerPort).To(Equal(int32(80)))
		Expect(container.ReadinessProbe.TCPSocket.Port).To(Equal(intstr.FromString("http")))
		Expect(read(ctx, web, &corev1.Service{}).Spec.Ports[0].Port).To(Equal(int32(8080)))
	})

	It("1.7: gives pods 100m of CPU and 512Mi of memory, or what the spec says", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		list := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("512Mi")}
		resources := func() corev1.ResourceRequirements {
			return read(ctx, web, &appsv1.Deployment{}).Spec.Template.Spec.Containers[0].Resources
		}
		Expect(resources()).To(Equal(corev1.ResourceRequirements{Requests: list, Limits: list}))
		own := corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}}
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Resources = &own })
		Eventually(resources).WithContext(ctx).Should(Equal(own))
	})

	DescribeTable("1.8: makes nothing while there is no demand", func(ctx SpecContext, total *int32) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = total })
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectVerdict(ctx, web, elasticwebv1.ReasonNoDemand, row{"True", "-", "-", "True"}, "spec.totalQPS")
		expectRest(ctx, running)
		for _, child := range newChildren() {
			Expect(absent(ctx, web, child)()).To(BeTrue())
		}
		Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.RealQPS).To(HaveValue(BeZero()))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](1) })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	},
		Entry("absent", nil),
		Entry("zero", ptr.To[int32](0)),
	)

	It("1.8: keeps the Service, and no pods, when the demand falls to 0", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		service := read(ctx, web, &corev1.Service{})
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = nil })
		expectVerdict(ctx, web, elasticwebv1.ReasonNoDemand, row{"True", "-", "-", "True"})
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(BeZero()))
		Expect(read(ctx, web, &corev1.Service{}).ResourceVersion).To(Equal(service.ResourceVersion))
		Expect(absent(ctx, web, &policyv1.PodDisruptionBudget{})()).To(BeTrue())
		expectRest(ctx, running)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](2400) })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	})

	It("1.9: follows totalQPS and singlePodsQPS, without a restart of the pods", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		template := read(ctx, web, &appsv1.Deployment{}).Spec.Template
		follows := func(pods, qps int32, change func(*elasticwebv1.ElasticWeb)) {
			GinkgoHelper()
			update(ctx, web, change)
			expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
			deployment := read(ctx, web, &appsv1.Deployment{})
			Expect(deployment.Spec.Replicas).To(HaveValue(Equal(pods)))
			Expect(deployment.Spec.Template).To(Equal(template))
			Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.RealQPS).To(HaveValue(Equal(qps)))
		}
		follows(4, 3200, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](2401) })
		follows(5, 2500, func(w *elasticwebv1.ElasticWeb) { w.Spec.SinglePodsQPS = ptr.To[int32](500) })
		follows(1, 3000, func(w *elasticwebv1.ElasticWeb) { w.Spec.SinglePodsQPS = ptr.To[int32](3000) })
	})

	It("1.10: puts right what somebody else changed in the Deployment", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		edit(ctx, web, &appsv1.Deployment{}, func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](1) })
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) {
			g.Expect(d.Spec.Replicas).To(HaveValue(Equal(int32(3))))
		})
	})

	It("1.11: reconciles at least five at a time", func(ctx SpecContext) {
		const together = 5
		var waiting atomic.Int32
		all := make(chan struct{})
		namespace, _ := startInNamespace(ctx, operatorOptions{transport: func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(request *http.Request) (*http.Response, error) {
				if request.Method == http.MethodPatch && strings.Contains(request.URL.Path, "/services/") {
					if waiting.Add(1) == together {
						close(all)
					}
					select {
					case <-all:
					case <-request.Context().Done():
					}
				}
				return next.RoundTrip(request)
			})
		}})
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			Expect(k8s.Create(ctx, newWeb(namespace, name))).To(Succeed())
		}
		Eventually(all).WithContext(ctx).Should(BeClosed())
	})

	It("1.12: is printed with its image and age, and with its port where more is asked for", func(ctx SpecContext) {
		clients, err := kubernetes.NewForConfig(controlPlane.RESTConfig())
		Expect(err).NotTo(HaveOccurred())
		text, err := clients.RESTClient().Get().AbsPath("/apis/elasticweb.example.com/v1/elasticwebs").
			SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(ctx)
		Expect(err).NotTo(HaveOccurred())
		table := &metav1.Table{}
		Expect(json.Unmarshal(text, table)).To(Succeed())
		priorities := map[string]int32{}
		for _, column := range table.ColumnDefinitions {
			priorities[column.Name] = column.Priority
		}
		Expect(priorities).To(And(HaveKeyWithValue("Image", int32(0)), HaveKeyWithValue("Age", int32(0)), HaveKeyWithValue("Port", int32(1))))
	})

	It("1.15: gets by with the rights of config/rbac/role.yaml", func(ctx SpecContext) {
		var refused atomic.Int32
		namespace, _ := startInNamespace(ctx, operatorOptions{transport: func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(request *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				if err == nil && response.StatusCode == http.StatusForbidden {
					refused.Add(1)
				}
				return response, err
			})
		}})
		web := newWeb(namespace, "shop")
		create(ctx, web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](0) })
		expectReason(ctx, web, elasticwebv1.ReasonNoDemand)
		Expect(refused.Load()).To(BeZero())
	})

	It("1.17: serves the sample of the walk-through, and leaves nothing of it", func(ctx SpecContext) {
		startOperator(operatorOptions{namespaces: []string{"dev"}})
		Expect(k8s.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "dev"}})).To(Succeed())
		applyManifests(ctx, "../../config/samples/elasticweb_v1_elasticweb.yaml")
		web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "elasticweb-sample"}}
		serves := func(reason string, pods, qps int32) {
			GinkgoHelper()
			expectReason(ctx, web, reason)
			Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(Equal(pods)))
			Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.RealQPS).To(HaveValue(Equal(qps)))
			service := read(ctx, web, &corev1.Service{})
			Expect(service.Spec.Type).To(Equal(corev1.ServiceTypeNodePort))
			Expect(service.Spec.Ports[0].Port).To(Equal(int32(8080)))
			Expect(service.Spec.Ports[0].NodePort).To(Equal(int32(30003)))
		}
		serves(elasticwebv1.ReasonAsPlanned, 3, 2400)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](2401) })
		serves(elasticwebv1.ReasonAsPlanned, 4, 3200)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](0) })
		serves(elasticwebv1.ReasonNoDemand, 0, 0)
		Expect(k8s.Delete(ctx, web)).To(Succeed())
		expectNothingLeft(ctx, web)
		Expect(k8s.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "dev"}})).To(Succeed())
	})
})

var _ = Describe("The walk-through's known faults", func() {
	It("two ElasticWebs of one namespace never select each other's pods", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		webs := map[string]*elasticwebv1.ElasticWeb{}
		for _, name := range []string{"shop", "shop-2"} {
			webs[name] = newWeb(namespace, name)
		}
		create(ctx, webs["shop"], webs["shop-2"])
		for name, web := range webs {
			deployment, budget := read(ctx, web, &appsv1.Deployment{}), read(ctx, web, &policyv1.PodDisruptionBudget{})
			selected := read(ctx, web, &corev1.Service{}).Spec.Selector
			ofService := maps.Clone(deployment.Spec.Selector.MatchLabels)
			ofService[elasticwebv1.LabelJoined] = "true" // requests go to those of the pods that help.
			Expect(selected).To(Equal(ofService))
			Expect(budget.Spec.Selector.MatchLabels).To(Equal(deployment.Spec.Selector.MatchLabels))
			Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.Selector).To(Equal(
				"app.kubernetes.io/instance=" + name + ",app.kubernetes.io/name=elasticweb"))
			pods := &corev1.PodList{}
			Expect(k8s.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels(selected))).To(Succeed())
			Expect(pods.Items).To(HaveLen(3))
			for _, pod := range pods.Items {
				Expect(pod.GenerateName).To(MatchRegexp("^" + name + "-[a-z0-9]+-$"))
			}
		}
	})

	It("the greatest numbers neither overflow nor panic", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		most := ptr.To[int32](math.MaxInt32)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.TotalQPS, w.Spec.SinglePodsQPS, w.Spec.HeadroomPercent = most, most, ptr.To[int32](100)
		})
		create(ctx, web)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(Equal(int32(2))))
		Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.RealQPS).To(Equal(most))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.SinglePodsQPS, w.Spec.MaxReplicas = ptr.To[int32](1), ptr.To[int32](2)
		})
		expectReason(ctx, web, elasticwebv1.ReasonReplicaLimit)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(Equal(int32(2))))
	})

	It("a singlePodsQPS of 0 is refused", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop", func(w *elasticwebv1.ElasticWeb) { w.Spec.SinglePodsQPS = ptr.To[int32](0) })
		Expect(k8s.Create(ctx, web)).To(MatchError(ContainSubstring("singlePodsQPS")))
	})

	It("a changed image, port, container port or environment reaches the cluster", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		port := freePort()
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Image, w.Spec.Port, w.Spec.ContainerPort = "nginx:1.18.0", &port, ptr.To[int32](80)
			w.Spec.Env = []corev1.EnvVar{{Name: "GREETING", Value: "hello"}}
		})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(read(ctx, web, &corev1.Service{}).Spec.Ports[0].NodePort).To(Equal(port))
		pods := &corev1.PodList{}
		Expect(k8s.List(ctx, pods, client.InNamespace(web.Namespace))).To(Succeed())
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp == nil {
				container := pod.Spec.Containers[0]
				Expect(container.Image).To(Equal("nginx:1.18.0"))
				Expect(container.Ports[0].ContainerPort).To(Equal(int32(80)))
				Expect(container.Env).To(Equal([]corev1.EnvVar{{Name: "GREETING", Value: "hello"}}))
			}
		}
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Env = nil })
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) {
			g.Expect(d.Spec.Template.Spec.Containers[0].Env).To(BeEmpty())
		})
	})

	It("realQPS counts no pod that is not ready", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.PodAnnotations = map[string]string{cluster.ReadyAfter: "3600"}
		})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonPodsNotReady)
		status := read(ctx, web, &elasticwebv1.ElasticWeb{}).Status
		Expect(status.RealQPS).To(HaveValue(BeZero()))
		Expect(status.Replicas).To(Equal(int32(3)))
		Expect(status.ReadyReplicas).To(BeZero())
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.PodAnnotations = nil })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(meta.IsStatusConditionTrue(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.Conditions, elasticwebv1.ConditionCapacityMet)).To(BeTrue())
	})
})
