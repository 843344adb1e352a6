// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// demandPeriod is how often operators read the traffic.
const demandPeriod = time.Second

// demandStory is a life of which the number of pods follows the traffic, which rises, and at last falls.
type demandStory struct {
	create step
	levels []float64
}

func newDemandStory(r *run) demandStory {
	change := demandingSpec(r.random)
	create := step{"create", func(spec *elasticwebv1.ElasticWebSpec, firstPort int32) {
		change(spec, firstPort)
		spec.SinglePodsQPS, spec.Architectures = ptr.To[int32](100), nil
		spec.TotalQPS, spec.Replicas, spec.MinReplicas, spec.MaxReplicas, spec.HeadroomPercent = nil, nil, nil, nil, nil
		spec.Demand = &elasticwebv1.DemandSpec{
			Prometheus: &elasticwebv1.PrometheusDemand{Query: "sum(rate(requests[1m]))"}, Forecast: elasticwebv1.ForecastOff,
			// So soon that a number that is too low for a moment takes pods away.
			Behavior: &elasticwebv1.DemandBehavior{ScaleDown: &elasticwebv1.DemandScaleDown{StabilizationWindowSeconds: ptr.To[int32](3)}},
		}
	}, true}
	first := 100 + float64(r.random.IntN(100))
	second := first + 100 + float64(r.random.IntN(200))
	return demandStory{create, []float64{first, second, second + 100 + float64(r.random.IntN(100)), first}}
}

// playDemand has the source of the traffic be down, slow, wrong and absurd, and kills the operator at any of its writes and between them, while the
// traffic rises: no pod goes, and the pods are those of the undisturbed run when the source is well again.
func playDemand(r *run) {
	story := newDemandStory(r)
	source := startTrafficSource(r.t)
	r.source = source.URL
	undisturbed := r.newPlace()
	o := undisturbed.startOperator()
	var states []state
	for i, qps := range story.levels {
		source.set(qps)
		if i == 0 {
			undisturbed.apply(story.create)
		}
		states = append(states, undisturbed.settleAt(o, qps))
	}
	o.stop()

	p := r.newPlace()
	last := len(story.levels) - 1
	for i, qps := range story.levels[:last] {
		source.set(qps)
		before := p.podIDs()
		for range 3 {
			p.disturb(source, i == 0, story.create, before)
		}
		source.doHarm(nil)
		o := p.startOperator()
		p.expectAs(fmt.Sprintf("%v requests a second", qps), states[i], o, state.children)
		p.expectKept("the source is well again", before)
		o.stop()
	}
	if fell := r.world.watched.fallsIn(p.namespace); fell > 0 {
		p.differ("the number of pods went down %d times", fell)
	}
	// What nobody disturbs does go down: the harness would have seen it.
	source.set(story.levels[last])
	o = p.startOperator()
	p.expectAs("the traffic falls", states[last], o, state.children)
	if r.world.watched.fallsIn(p.namespace) == 0 {
		p.differ("the pods went, and nobody saw it")
	}
	r.injected(source.harmDone())
}

// disturb has an operator live for a while with a source that does harm, and die at a write, or after a while.
func (p *place) disturb(source *trafficSource, isNew bool, create step, before []types.UID) {
	p.t.Helper()
	what, harm := anyHarm(p.random)
	if p.random.IntN(3) == 0 {
		what, harm = "is well", nil
	}
	source.doHarm(harm)
	crash := proxy.CrashAfter(p.random.IntN(4))
	o := p.startOperator(crash)
	if isNew {
		p.apply(create)
	}
	select {
	case <-crash.Happened():
	case <-time.After(demandPeriod + time.Duration(p.random.Int64N(int64(5*time.Second)))):
		crash.Now()
	}
	p.injected(1)
	o.stop()
	p.expectKept("the source "+what+", and the operator was killed", before)
}

// settleAt waits until an undisturbed operator has the pods that the traffic calls for.
func (p *place) settleAt(o *operator, qps float64) state {
	p.t.Helper()
	p.eventually("the traffic is planned for", func() error {
		web := p.web(p.world.live)
		if web == nil || web.Status.Demand == nil || ptr.Deref(web.Status.Demand.PlannedQPS, 0) != int64(qps) ||
			!meta.IsStatusConditionTrue(web.Status.Conditions, elasticwebv1.ConditionReady) {
			return fmt.Errorf("it is not so yet: %v", web)
		}
		return nil
	})
	return p.settle(o)
}

// podIDs are the pods that serve.
func (p *place) podIDs() []types.UID {
	p.t.Helper()
	pods := &corev1.PodList{}
	p.must(p.world.live.List(p.ctx, pods, client.InNamespace(p.namespace)))
	var ids []types.UID
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp == nil {
			ids = append(ids, pods.Items[i].UID)
		}
	}
	return ids
}

// expectKept: pods that were there are there.
func (p *place) expectKept(what string, before []types.UID) {
	p.t.Helper()
	now := p.podIDs()
	for _, id := range before {
		if !slices.Contains(now, id) {
			p.differ("%s: of %d pods %s went", what, len(before), id)
		}
	}
}
