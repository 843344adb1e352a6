// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// anyChange does one thing more to the world than changeWorld knows, or what that does, and says what.
func anyChange(t *rapid.T, m *model) string {
	spec := &m.web.Spec
	what := rapid.SampledFrom([]string{"", "", "", "limits", "weights", "balancing", "way", "paused", "rebalance", "policy", "cordon", "node goes", "relabelled",
		"unready", "broken", "record lost", "memory lost", "warms"}).Draw(t, "any change")
	m.broken = what == "broken"
	switch what {
	case "", "broken":
		return what + changeWorld(t, m)
	case "limits":
		m.web.Generation++
		spec.MinReplicas = rapid.SampledFrom([]*int32{nil, ptr.To[int32](3), ptr.To[int32](8), ptr.To[int32](20)}).Draw(t, "minReplicas")
		spec.MaxReplicas = rapid.SampledFrom([]*int32{nil, nil, ptr.To[int32](20), ptr.To[int32](25)}).Draw(t, "maxReplicas")
	case "weights":
		m.web.Generation++
		for i := range spec.Architectures {
			spec.Architectures[i].Weight = rapid.SampledFrom([]*int32{nil, ptr.To[int32](1), ptr.To[int32](50), ptr.To[int32](100)}).Draw(t, "weight")
		}
	case "balancing":
		m.web.Generation++
		spec.Balancing = rapid.SampledFrom([]*elasticwebv1.Balancing{nil, ptr.To(elasticwebv1.BalancingLeastRequest)}).Draw(t, "balancing")
	case "way":
		m.web.Generation++
		spec.Expose = rapid.SampledFrom([]*elasticwebv1.ExposeSpec{nil, {HTTPRoute: &elasticwebv1.HTTPRouteSpec{}}}).Draw(t, "way")
		m.inForce = spec.Expose != nil && rapid.Bool().Draw(t, "in force")
	case "paused":
		m.web.Annotations = map[string]string{elasticwebv1.AnnotationPaused: "true"}
	case "rebalance":
		m.web.Generation++
		share := intstr.Parse(rapid.SampledFrom([]string{"10%", "1", "100%", "3"}).Draw(t, "surge"))
		mode := rapid.SampledFrom([]elasticwebv1.RebalanceMode{elasticwebv1.RebalanceNever, elasticwebv1.RebalanceSurge}).Draw(t, "mode")
		spec.Rebalance = &elasticwebv1.RebalanceSpec{Mode: mode, MaxSurge: &share, RestartForTemplate: ptr.To(mode == elasticwebv1.RebalanceSurge && rapid.Bool().Draw(t, "restarts"))}
	case "policy":
		m.policy = rapid.SampledFrom([]string{"", "100", "0", "-100", "x"}).Draw(t, "policy")
		m.share = rapid.IntRange(0, 3).Draw(t, "share")
		m.stamped = map[string]int{}
	case "unready":
		for _, pod := range m.pods {
			if !pod.terminating && m.random.IntN(4) == 0 {
				pod.Ready = false
			}
		}
	case "record lost":
		m.record = ""
	case "memory lost":
		m.rebalance, m.restart = Rebalance{}, Restart{}
	case "warms":
		m.warms = !m.warms
	default:
		m.changeNode(t, what)
	}
	return what
}

func (m *model) changeNode(t *rapid.T, what string) {
	if len(m.nodes) == 0 {
		return
	}
	switch node := m.nodes[rapid.IntRange(0, len(m.nodes)-1).Draw(t, "node")]; what {
	case "cordon":
		node.cordoned = !node.cordoned
	case "node goes":
		node.gone = true
	case "relabelled":
		node.architecture = string(rapid.SampledFrom(m.web.Spec.Architectures).Draw(t, "architecture").Name)
		for _, pod := range m.pods {
			if pod.node == node {
				pod.Architecture = node.architecture
			}
		}
	}
}

// resume ends a pause.
func (m *model) resume() { m.web.Annotations = nil }
