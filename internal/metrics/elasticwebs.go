// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

var (
	totalQPS = prometheus.NewDesc("elasticweb_total_qps",
		"What the ElasticWeb must serve, in requests per second; absent where it is scaled by replicas or by its traffic.",
		[]string{"namespace", "name"}, nil)
	realQPS = prometheus.NewDesc("elasticweb_real_qps",
		"What the ready pods of the ElasticWeb serve, in requests per second.",
		[]string{"namespace", "name"}, nil)
	pods = prometheus.NewDesc("elasticweb_pods",
		"Pods of the ElasticWeb by architecture.",
		[]string{"namespace", "name", "architecture"}, nil)
	podsByState = prometheus.NewDesc("elasticweb_pods_by_state",
		"Pods of the ElasticWeb by what they do: ready, not_ready, waiting for a node, terminating; by architecture, which is empty without a node.",
		[]string{"namespace", "name", "architecture", "state"}, nil)
	unjoined = prometheus.NewDesc("elasticweb_unjoined_pods",
		"Ready pods of the ElasticWeb that wait without requests, since with them its Service would serve hardly more, or less, by architecture.",
		[]string{"namespace", "name", "architecture"}, nil)
	spilled = prometheus.NewDesc("elasticweb_spilled_pods",
		"Pods of the ElasticWeb on another architecture than the one that is preferred most; absent where none is.",
		[]string{"namespace", "name"}, nil)
	rebalanceWait = prometheus.NewDesc("elasticweb_rebalance_wait_seconds",
		"How long the ElasticWeb waits between two tries to bring pods back to where they are preferred; absent while it waits for none.",
		[]string{"namespace", "name"}, nil)
	wayInServed = prometheus.NewDesc("elasticweb_exposed",
		"1 while whoever serves the way in of the ElasticWeb says so, else 0, with its kind and the reason; absent without spec.expose.",
		[]string{"namespace", "name", "kind", "reason"}, nil)
	wayInWeight = prometheus.NewDesc("elasticweb_way_in_weight",
		"Weight of the Service of an architecture in the way in of the ElasticWeb, as it was written last; absent while that leads to one Service.",
		[]string{"namespace", "name", "architecture"}, nil)
	wayInStale = prometheus.NewDesc("elasticweb_way_in_stale",
		"1 while the weights in the way in of the ElasticWeb are others than its pods call for, or its gateway has not taken them up, else 0; absent without weights.",
		[]string{"namespace", "name"}, nil)
	atLimit = prometheus.NewDesc("elasticweb_at_limit",
		"1 while maxReplicas keeps the ElasticWeb from the pods that its demand calls for, else 0.",
		[]string{"namespace", "name"}, nil)
	ready = prometheus.NewDesc("elasticweb_ready",
		"1 while the ElasticWeb is Ready, else 0, with the reason.",
		[]string{"namespace", "name", "reason"}, nil)
	stalled = prometheus.NewDesc("elasticweb_stalled",
		"1 while nothing but a person can help the ElasticWeb, with the reason; absent otherwise.",
		[]string{"namespace", "name", "reason"}, nil)
	contested = prometheus.NewDesc("elasticweb_contested",
		"1 while somebody else keeps changing what the operator sets for the ElasticWeb, with the reason; absent otherwise.",
		[]string{"namespace", "name", "reason"}, nil)
	platformsResolved = prometheus.NewDesc("elasticweb_platforms_resolved",
		"1 while the platforms of the ElasticWeb's image are known from its registry, else 0, with the reason.",
		[]string{"namespace", "name", "reason"}, nil)
	unreadable = prometheus.NewDesc("elasticweb_invalid_spec",
		"1 for each ElasticWeb and ElasticWebBenchmark whose spec cannot be decoded, or whose podTemplate is refused.",
		[]string{"kind", "namespace", "name"}, nil)
	nodePortsAwaited = prometheus.NewDesc("elasticweb_node_ports_awaited",
		"ElasticWebs that wait for a node port which another Service has.", nil, nil)
)

// Seen is what the reconciler of ElasticWebs knows, and the cache does not.
type Seen interface {
	// Pods are those of an ElasticWeb, as the last pass saw them.
	Pods(types.NamespacedName) []observed.PodCount
	// RebalanceWait is how long an ElasticWeb waits between two tries to bring pods back; 0 where it waits for none.
	RebalanceWait(types.NamespacedName) time.Duration
	// Weights are those of its way in; nil where it leads to one Service, and is meant to.
	Weights(types.NamespacedName) *Weights
	// NodePortsAwaited is how many ElasticWebs wait for a node port.
	NodePortsAwaited() int
}

// Weights are those of a way in.
type Weights struct {
	// ByArchitecture are those that were written last, of the Services by architecture.
	ByArchitecture map[string]int32
	// IsStale is true while others are called for, or whoever serves the way in has not taken them up.
	IsStale bool
}

// RegisterElasticWebs exposes the ElasticWebs that the cache holds.
func RegisterElasticWebs(cached client.Reader, isActive <-chan struct{}, seen Seen) {
	ctrlmetrics.Registry.MustRegister(ofActive{elasticWebs{cached, seen}, isActive})
}

type elasticWebs struct {
	cached client.Reader
	seen   Seen
}

// Describe implements prometheus.Collector.
func (elasticWebs) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{
		totalQPS, realQPS, pods, podsByState, unjoined, spilled, rebalanceWait, wayInServed, wayInWeight, wayInStale, atLimit, ready, stalled,
		contested, platformsResolved, unreadable, nodePortsAwaited,
	} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (c elasticWebs) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(nodePortsAwaited, prometheus.GaugeValue, float64(c.seen.NodePortsAwaited()))
	list := &elasticwebv1.ElasticWebList{}
	if !listed(c.cached, list) {
		return
	}
	for i := range list.Items {
		web := &list.Items[i]
		o := object{metrics, web.Namespace, web.Name}
		o.collectDemand(web)
		o.collectConditions(web)
		if web.UnreadableSpec != "" {
			continue // no pass looks at its pods.
		}
		for _, count := range c.seen.Pods(client.ObjectKeyFromObject(web)) {
			o.gauge(podsByState, float64(count.Pods), count.Architecture, string(count.State))
		}
		if wait := c.seen.RebalanceWait(client.ObjectKeyFromObject(web)); wait > 0 {
			o.gauge(rebalanceWait, wait.Seconds())
		}
		o.collectWeights(c.seen.Weights(client.ObjectKeyFromObject(web)))
	}
}

func (o object) collectWeights(weights *Weights) {
	if weights == nil {
		return
	}
	o.gauge(wayInStale, oneIf(weights.IsStale))
	for architecture, weight := range weights.ByArchitecture {
		o.gauge(wayInWeight, float64(weight), architecture)
	}
}

func (o object) collectDemand(web *elasticwebv1.ElasticWeb) {
	if web.Spec.TotalQPS != nil {
		o.gauge(totalQPS, float64(*web.Spec.TotalQPS))
	}
	if web.Status.RealQPS != nil {
		o.gauge(realQPS, float64(*web.Status.RealQPS))
	}
	for _, architecture := range web.Status.Architectures {
		o.gauge(pods, float64(architecture.Pods), architecture.Name)
		waiting := architecture.ReadyPods
		if architecture.Joined {
			waiting = 0
		}
		o.gauge(unjoined, float64(waiting), architecture.Name)
	}
	if number, isPreferring := spilledPods(web.Status.Architectures); isPreferring {
		o.gauge(spilled, float64(number))
	}
}

// spilledPods are those that found no room where they are preferred most. Of a pod whose node is not known nobody can say.
func spilledPods(architectures []elasticwebv1.ArchitectureStatus) (number int32, isPreferring bool) {
	var highest int32
	for _, architecture := range architectures {
		highest = max(highest, architecture.Weight)
	}
	for _, architecture := range architectures {
		if architecture.Weight < highest && architecture.Name != "" {
			number += architecture.Pods
		}
	}
	return number, highest > 0
}

func (o object) collectConditions(web *elasticwebv1.ElasticWeb) {
	if isInvalid(web) {
		o.metrics <- prometheus.MustNewConstMetric(unreadable, prometheus.GaugeValue, 1, "ElasticWeb", o.namespace, o.name)
	}
	for _, condition := range web.Status.Conditions {
		isTrue := condition.Status == metav1.ConditionTrue
		switch condition.Type {
		case elasticwebv1.ConditionReady:
			o.gauge(ready, oneIf(isTrue), condition.Reason)
		case elasticwebv1.ConditionExposed:
			o.gauge(wayInServed, oneIf(isTrue), way.KindOf(web), condition.Reason)
		case elasticwebv1.ConditionPlatformsResolved:
			o.gauge(platformsResolved, oneIf(isTrue), condition.Reason)
		case elasticwebv1.ConditionCapacityMet:
			isLimited := condition.Status == metav1.ConditionFalse && condition.Reason == elasticwebv1.ReasonReplicaLimit
			o.gauge(atLimit, oneIf(isLimited))
		case elasticwebv1.ConditionStalled:
			if isTrue {
				o.gauge(stalled, 1, condition.Reason)
			}
		case elasticwebv1.ConditionContested:
			if isTrue {
				o.gauge(contested, 1, condition.Reason)
			}
		}
	}
}

// isInvalid reports whether a spec cannot be made anything of. What its podTemplate says wrongly, the status tells.
func isInvalid(web *elasticwebv1.ElasticWeb) bool {
	ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
	return web.UnreadableSpec != "" || ready != nil && ready.Reason == elasticwebv1.ReasonInvalidSpec
}
