// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	clocktesting "k8s.io/utils/clock/testing"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// expectNodePorts waits until each Service has the node port of its place, and all is as planned.
// expectNodePorts expects the ports while the clock stands still, and then, since the pace of statuses is by it, too, that they are told.
func expectNodePorts(ctx context.Context, clock *clocktesting.FakePassiveClock, webs []*elasticwebv1.ElasticWeb, ports []int32) {
	GinkgoHelper()
	for i, web := range webs {
		await(ctx, web, &corev1.Service{}, func(g Gomega, s *corev1.Service) {
			g.Expect(s.Spec.Type).To(Equal(corev1.ServiceTypeNodePort))
			g.Expect(s.Spec.Ports[0].NodePort).To(Equal(ports[i]))
		})
	}
	clock.SetTime(clock.Now().Add(time.Minute))
	for _, web := range webs {
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	}
}

var _ = Describe("Node ports", func() {
	DescribeTable("that ElasticWebs want of each other stay where they are, until one takes another", func(ctx SpecContext, names ...string) {
		clock := clocktesting.NewFakePassiveClock(time.Now()) // no refusal is tried again because its time has come.
		namespace, running := startInNamespace(ctx, operatorOptions{clock: clock})
		var webs []*elasticwebv1.ElasticWeb
		var ports []int32
		for _, name := range names {
			web := newWeb(namespace, name)
			webs, ports = append(webs, web), append(ports, *web.Spec.Port)
		}
		create(ctx, webs...)
		wanted := append(slices.Clone(ports[1:]), ports[0])
		for i, web := range webs {
			update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Port = &wanted[i] })
		}
		for i, web := range webs {
			expectVerdict(ctx, web, elasticwebv1.ReasonNodePortConflict, row{"False", "True", "-", "True"}, fmt.Sprintf(
				"node port %d is already allocated to ElasticWeb %s/%s: ", wanted[i], namespace, names[(i+1)%len(names)]))
		}
		expectRest(ctx, running)
		for i, web := range webs {
			Expect(read(ctx, web, &corev1.Service{}).Spec.Ports[0].NodePort).To(Equal(ports[i]), "no Service loses its port")
		}
		update(ctx, webs[0], func(w *elasticwebv1.ElasticWeb) { w.Spec.Port = new(freePort()) })
		expectNodePorts(ctx, clock, webs[1:], wanted[1:])
		update(ctx, webs[0], func(w *elasticwebv1.ElasticWeb) { w.Spec.Port = &wanted[0] })
		expectNodePorts(ctx, clock, webs, wanted)
		expectRest(ctx, running)
	},
		Entry("two", "a", "b"),
		Entry("a ring of three", "a", "b", "c"),
		Entry("a ring of three, the other way round", "c", "b", "a"),
	)

	DescribeTable("that one lets go of go to the one that waits for them, at once", func(ctx SpecContext, letGo func(*elasticwebv1.ElasticWeb)) {
		clock := clocktesting.NewFakePassiveClock(time.Now()) // no refusal is tried again because its time has come.
		namespace, _ := startInNamespace(ctx, operatorOptions{clock: clock})
		a, b := newWeb(namespace, "a"), newWeb(namespace, "b")
		create(ctx, a, b)
		wanted := *b.Spec.Port
		update(ctx, a, func(w *elasticwebv1.ElasticWeb) { w.Spec.Port = &wanted })
		expectReason(ctx, a, elasticwebv1.ReasonNodePortConflict)
		Expect(read(ctx, a, &corev1.Service{}).Spec.Ports[0].NodePort).To(Equal(*a.Spec.Port), "it serves on until it can move")
		if letGo == nil {
			Expect(k8s.Delete(ctx, b)).To(Succeed())
		} else {
			update(ctx, b, letGo)
		}
		expectNodePorts(ctx, clock, []*elasticwebv1.ElasticWeb{a}, []int32{wanted})
	},
		Entry("for another", func(w *elasticwebv1.ElasticWeb) { w.Spec.Port = new(freePort()) }),
		Entry("for another type", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Service = &elasticwebv1.ServiceSpec{Type: elasticwebv1.ServiceTypeClusterIP}
		}),
		Entry("with all of it", nil),
	)
})

var _ = Describe("The type of the Service", func() {
	types := []elasticwebv1.ServiceType{
		elasticwebv1.ServiceTypeNodePort, elasticwebv1.ServiceTypeLoadBalancer, elasticwebv1.ServiceTypeClusterIP,
	}
	expectType := func(ctx context.Context, web *elasticwebv1.ElasticWeb, want elasticwebv1.ServiceType) {
		GinkgoHelper()
		port := *web.Spec.Port
		await(ctx, web, &corev1.Service{}, func(g Gomega, s *corev1.Service) {
			g.Expect(s.Spec.Type).To(Equal(corev1.ServiceType(want)))
			g.Expect(s.Spec.Ports).To(HaveLen(1))
			g.Expect(s.Spec.Ports[0].Name).To(Equal("http"))
			g.Expect(s.Spec.Ports[0].TargetPort).To(Equal(intstr.FromString("http")))
			switch want {
			case elasticwebv1.ServiceTypeNodePort:
				g.Expect([]int32{s.Spec.Ports[0].Port, s.Spec.Ports[0].NodePort}).To(Equal([]int32{8080, port}))
			case elasticwebv1.ServiceTypeLoadBalancer:
				g.Expect(s.Spec.Ports[0].Port).To(Equal(port))
			case elasticwebv1.ServiceTypeClusterIP:
				g.Expect([]int32{s.Spec.Ports[0].Port, s.Spec.Ports[0].NodePort}).To(Equal([]int32{port, 0}))
			}
		})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	}

	It("changes in every direction, on the same address", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		address := read(ctx, web, &corev1.Service{}).Spec.ClusterIP
		change := func(to elasticwebv1.ServiceType) {
			GinkgoHelper()
			update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Service = &elasticwebv1.ServiceSpec{Type: to} })
			expectType(ctx, web, to)
		}
		for _, from := range types {
			for _, to := range types {
				change(from)
				change(to)
			}
		}
		Expect(read(ctx, web, &corev1.Service{}).Spec.ClusterIP).To(Equal(address))
		expectRest(ctx, running)
	})

	It("brings and takes its annotations", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Service = &elasticwebv1.ServiceSpec{
				Type: elasticwebv1.ServiceTypeLoadBalancer, Annotations: map[string]string{"example.com/internal": "true"},
			}
		})
		create(ctx, web)
		expectType(ctx, web, elasticwebv1.ServiceTypeLoadBalancer)
		Expect(read(ctx, web, &corev1.Service{}).Annotations).To(HaveKeyWithValue("example.com/internal", "true"))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Service = nil })
		expectType(ctx, web, elasticwebv1.ServiceTypeNodePort)
		Expect(read(ctx, web, &corev1.Service{}).Annotations).NotTo(HaveKey("example.com/internal"))
	})
})
