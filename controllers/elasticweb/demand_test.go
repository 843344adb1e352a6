// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// demandOf reads status.demand.
func demandOf(ctx context.Context, web *elasticwebv1.ElasticWeb) func() *elasticwebv1.DemandStatus {
	return func() *elasticwebv1.DemandStatus {
		now := &elasticwebv1.ElasticWeb{}
		if k8s.Get(ctx, client.ObjectKeyFromObject(web), now) != nil {
			return nil
		}
		return now.Status.Demand
	}
}

func planned(qps int64) gomegatypes.GomegaMatcher {
	return HaveField("PlannedQPS", HaveValue(Equal(qps)))
}

func observedQPS(qps int32) gomegatypes.GomegaMatcher {
	return HaveField("ObservedQPS", HaveValue(Equal(qps)))
}

var _ = Describe("An ElasticWeb whose traffic is read", func() {
	It("follows it up at once, and down after the window", func(ctx SpecContext) {
		web, source := newWeb(newNamespace(ctx), "shop", byTraffic()), newTrafficSource()
		startOperator(operatorOptions{namespaces: []string{web.Namespace}, traffic: source})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Eventually(func() string { return source.query(web) }).Should(Equal("sum(rate(requests[1m]))"))
		condition(ctx, web, elasticwebv1.ConditionDemandObserved, "Unknown", elasticwebv1.ReasonMetricMissing)
		condition(ctx, web, elasticwebv1.ConditionReady, "False", elasticwebv1.ReasonMetricMissing)
		replicas := replicasOf(web)

		By("rising")
		source.sees(web, 2400, 1)
		expectPods(ctx, web, 3)
		condition(ctx, web, elasticwebv1.ConditionDemandObserved, "True", elasticwebv1.ReasonObserved)
		Expect(demandOf(ctx, web)()).To(HaveValue(And(planned(2400), observedQPS(2400), HaveField("LeadTime", Not(BeEmpty())))))
		source.sees(web, 4000, 1)
		expectPods(ctx, web, 5)

		By("falling")
		source.sees(web, 800, 18)
		Consistently(replicas.all).WithContext(ctx).WithTimeout(quietFor).Should(Equal([]int32{1, 3, 5}))
		source.sees(web, 800, 2)
		expectPods(ctx, web, 1)
		Expect(replicas.all()).To(Equal([]int32{1, 3, 5, 1}))

		By("with none at all")
		source.sees(web, 0, 25)
		Consistently(replicas.all).WithContext(ctx).WithTimeout(quietFor).Should(Equal([]int32{1, 3, 5, 1}))
	}, SpecTimeout(2*time.Minute))

	It("keeps its pods while there is no number, and falls back upwards", func(ctx SpecContext) {
		web, source := newWeb(newNamespace(ctx), "shop", byTraffic()), newTrafficSource()
		startOperator(operatorOptions{namespaces: []string{web.Namespace}, traffic: source})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		source.sees(web, 2400, 30)
		expectPods(ctx, web, 3)
		replicas := replicasOf(web)
		for _, trouble := range []demand.Reason{demand.MetricMissing, demand.MetricInvalid, demand.SourceUnreachable, demand.SourceUnauthorized} {
			source.lacks(web, trouble, 1)
			Expect(condition(ctx, web, elasticwebv1.ConditionDemandObserved, "False", string(trouble))).
				To(Equal("look at " + string(trouble) + "; no pod goes until there is a number"))
		}
		source.lacks(web, demand.SourceUnreachable, 30)
		condition(ctx, web, elasticwebv1.ConditionReady, "False", string(demand.SourceUnreachable))
		condition(ctx, web, elasticwebv1.ConditionReconciling, "True", string(demand.SourceUnreachable))
		condition(ctx, web, elasticwebv1.ConditionCapacityMet, "True", elasticwebv1.ReasonAsPlanned)
		Eventually(eventsOf(ctx, web, corev1.EventTypeWarning, string(demand.SourceUnreachable))).WithContext(ctx).Should(Equal(1))
		Expect(replicas.all()).To(Equal([]int32{3}))

		By("falling back to less than there is")
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Demand.FallbackQPS = ptr.To[int32](800) })
		condition(ctx, web, elasticwebv1.ConditionDemandObserved, "False", elasticwebv1.ReasonFallback)
		expectPods(ctx, web, 3)

		By("falling back to more")
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Demand.FallbackQPS = ptr.To[int32](4000) })
		expectPods(ctx, web, 5)

		By("coming back")
		source.sees(web, 800, 18)
		condition(ctx, web, elasticwebv1.ConditionDemandObserved, "True", elasticwebv1.ReasonObserved)
		expectPods(ctx, web, 5)
		source.sees(web, 800, 3)
		expectPods(ctx, web, 1)
		Expect(replicas.all()).To(Equal([]int32{3, 5, 1}))
	}, SpecTimeout(2*time.Minute))

	It("is stalled where there is nothing to ask, and serves on", func(ctx SpecContext) {
		web, source := newWeb(newNamespace(ctx), "shop", byTraffic(func(d *elasticwebv1.DemandSpec) { d.MinQPS = ptr.To[int32](1600) })), newTrafficSource()
		startOperator(operatorOptions{namespaces: []string{web.Namespace}, traffic: source})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		source.lacks(web, demand.SourceNotConfigured, 1)
		condition(ctx, web, elasticwebv1.ConditionStalled, "True", elasticwebv1.ReasonSourceNotConfigured)
		condition(ctx, web, elasticwebv1.ConditionCapacityMet, "True", elasticwebv1.ReasonAsPlanned)
		Expect(podsOf(ctx, web)).To(HaveLen(2))
	})

	It("outlives the operator with as many pods, whatever the source says then", func(ctx SpecContext) {
		web, source := newWeb(newNamespace(ctx), "shop", byTraffic()), newTrafficSource()
		options := operatorOptions{namespaces: []string{web.Namespace}, traffic: source}
		operator := startOperator(options)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		source.sees(web, 4000, 1)
		expectPods(ctx, web, 5)
		source.sees(web, 2400, 30)
		expectPods(ctx, web, 3)
		replicas := replicasOf(web)
		for name, then := range map[string]func(){
			"nothing":            func() {},
			"trouble":            func() { source.lacks(web, demand.SourceUnreachable, 2) },
			"less than a window": func() { source.sees(web, 100, 18) },
		} {
			By(name)
			operator.stop()
			source.Forget(client.ObjectKeyFromObject(web))
			operator = startOperator(options)
			then()
			Consistently(replicas.all).WithContext(ctx).WithTimeout(quietFor).Should(Equal([]int32{3}))
		}
		source.sees(web, 100, 21)
		expectPods(ctx, web, 1)
	}, SpecTimeout(2*time.Minute))

	It("outlives it with a record and a status that are lost", func(ctx SpecContext) {
		web, source := newWeb(newNamespace(ctx), "shop", byTraffic()), newTrafficSource()
		options := operatorOptions{namespaces: []string{web.Namespace}, traffic: source}
		operator := startOperator(options)
		Expect(k8s.Create(ctx, web)).To(Succeed())
		source.sees(web, 2400, 1)
		expectPods(ctx, web, 3)
		replicas := replicasOf(web)
		operator.stop()
		mustKubectl(ctx, "", "annotate", "--namespace", web.Namespace, "deployment/shop", "elasticweb.example.com/record-")
		mustKubectl(ctx, "", "patch", "--namespace", web.Namespace, "elasticweb/shop", "--subresource=status", "--type=merge", `--patch={"status": {"demand": null}}`)
		source.Forget(client.ObjectKeyFromObject(web))
		startOperator(options)
		source.sees(web, 100, 18)
		Consistently(replicas.all).WithContext(ctx).WithTimeout(quietFor).Should(Equal([]int32{3}))
		source.sees(web, 100, 21)
		expectPods(ctx, web, 1)
	}, SpecTimeout(2*time.Minute))

	It("is not read while it is paused, and read anew with another query", func(ctx SpecContext) {
		web, source := newWeb(newNamespace(ctx), "shop", byTraffic()), newTrafficSource()
		startOperator(operatorOptions{namespaces: []string{web.Namespace}, traffic: source})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		source.sees(web, 2400, 1)
		expectPods(ctx, web, 3)
		replicas := replicasOf(web)

		update(ctx, web, paused("true"))
		condition(ctx, web, elasticwebv1.ConditionDemandObserved, "Unknown", elasticwebv1.ReasonPaused)
		Expect(source.query(web)).To(BeEmpty())
		update(ctx, web, paused("false"))
		source.sees(web, 800, 1)
		condition(ctx, web, elasticwebv1.ConditionDemandObserved, "True", elasticwebv1.ReasonObserved)
		expectPods(ctx, web, 3)

		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Demand.Prometheus.Query = "other" })
		Eventually(func() string { return source.query(web) }).Should(Equal("other"))
		condition(ctx, web, elasticwebv1.ConditionReady, "False", elasticwebv1.ReasonMetricMissing)
		source.sees(web, 800, 1)
		expectPods(ctx, web, 3)
		Expect(replicas.all()).To(Equal([]int32{3}))

		Expect(k8s.Delete(ctx, web)).To(Succeed())
		Eventually(func() string { return source.query(web) }).Should(BeEmpty())
	}, SpecTimeout(2*time.Minute))

	It("is told of sparingly", func(ctx SpecContext) {
		web, source := newWeb(newNamespace(ctx), "shop", byTraffic()), newTrafficSource()
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}, traffic: source})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		source.sees(web, 2400, 1)
		expectPods(ctx, web, 3)
		source.sees(web, 2390, 30)
		expectRest(ctx, operator)
		told := demandOf(ctx, web)()
		source.sees(web, 2200, 2)
		Consistently(demandOf(ctx, web)).WithContext(ctx).WithTimeout(quietFor).Should(Equal(told))
		before := operator.requests.count()
		source.sees(web, 2100, 1)
		Eventually(demandOf(ctx, web)).WithContext(ctx).Should(HaveValue(And(observedQPS(2100), planned(2400))))
		source.sees(web, 1500, 1)
		Consistently(demandOf(ctx, web)).WithContext(ctx).WithTimeout(quietFor).Should(HaveValue(observedQPS(2100)))
		source.sees(web, 1500, 1)
		Eventually(demandOf(ctx, web)).WithContext(ctx).Should(HaveValue(observedQPS(1500)))
		Expect(operator.requests.since(before)).To(HaveLen(2))
	})

	It("makes no request at steady traffic, with 50 of them and after a restart", func(ctx SpecContext) {
		const webs = 50
		namespace, source := newNamespace(ctx), newTrafficSource()
		options := operatorOptions{namespaces: []string{namespace}, traffic: source}
		operator := startOperator(options)
		var all []*elasticwebv1.ElasticWeb
		for i := range webs {
			web := newWeb(namespace, fmt.Sprintf("shop-%d", i), byTraffic())
			Expect(k8s.Create(ctx, web)).To(Succeed())
			all = append(all, web)
		}
		steady := func(times int) {
			for i := range times {
				source.sees(all[0], 700-float64(i%3), 1)
				for _, web := range all[1:] {
					source.seesNow(web, 700-float64(i%3))
				}
			}
		}
		steady(3)
		Eventually(func(g Gomega) {
			for _, web := range all {
				source.seesNow(web, 700)
			}
			list := &elasticwebv1.ElasticWebList{}
			g.Expect(k8s.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
			for i := range list.Items {
				g.Expect(meta.IsStatusConditionTrue(list.Items[i].Status.Conditions, elasticwebv1.ConditionReady)).To(BeTrue(), "%s: %v", list.Items[i].Name, list.Items[i].Status.Conditions)
			}
		}).WithContext(ctx).WithTimeout(time.Minute).Should(Succeed())
		steady(25) // the window is whole.
		expectRest(ctx, operator)
		atRest := versions(ctx, namespace)
		count := operator.requests.count()
		steady(10)
		Consistently(func() []string { return operator.requests.since(count) }).WithContext(ctx).WithTimeout(quietFor).Should(BeEmpty())

		By("restarting the operator")
		operator.stop()
		operator = startOperator(options)
		steady(10)
		Consistently(operator.requests.butLists).WithContext(ctx).WithTimeout(2 * quietFor).Should(BeEmpty())
		Expect(versions(ctx, namespace)).To(Equal(atRest))
	}, SpecTimeout(4*time.Minute))

	It("loses no pod to a Prometheus that fails in any way", func(ctx SpecContext) {
		web, server := newWeb(newNamespace(ctx), "shop", byTraffic(func(d *elasticwebv1.DemandSpec) {
			d.Behavior = &elasticwebv1.DemandBehavior{ScaleDown: &elasticwebv1.DemandScaleDown{StabilizationWindowSeconds: ptr.To[int32](0)}}
		})), newPrometheusServer()
		server.set(vector("4000"))
		startOperator(operatorOptions{namespaces: []string{web.Namespace}, prometheus: server.URL, period: time.Second})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 5)
		server.set(vector("2400"))
		expectPods(ctx, web, 3)
		replicas := replicasOf(web)
		for _, fault := range []struct {
			name   string
			answer http.HandlerFunc
			reason string
		}{
			{"not a number", vector("NaN"), elasticwebv1.ReasonMetricInvalid},
			{"nothing", vector(), elasticwebv1.ReasonMetricMissing},
			{"infinite", vector("+Inf"), elasticwebv1.ReasonMetricInvalid},
			{"an error", refusing(http.StatusInternalServerError), elasticwebv1.ReasonSourceUnreachable},
			{"several", vector("1", "2"), elasticwebv1.ReasonMetricInvalid},
			{"refused", refusing(http.StatusForbidden), elasticwebv1.ReasonSourceUnauthorized},
			{"negative", vector("-1"), elasticwebv1.ReasonMetricInvalid},
			{"silence", silent, elasticwebv1.ReasonSourceUnreachable},
		} {
			By(fault.name)
			server.set(fault.answer)
			condition(ctx, web, elasticwebv1.ConditionDemandObserved, "False", fault.reason)
		}
		Expect(replicas.all()).To(Equal([]int32{3}))
		server.set(vector("800"))
		expectPods(ctx, web, 1)
	}, SpecTimeout(4*time.Minute))
})
