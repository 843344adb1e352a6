// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// playSpilled is playDenials where the fast node holds two pods, and the others spill over to a slower one.
func playSpilled(r *run) {
	story := []step{
		{"create", spilled("registry.example.com/shop:1", 3000), true},
		{"scale up", spilled("registry.example.com/shop:1", 4000), true},
	}
	// Rolled out with nothing to serve: where the pods of a rollout land beside those that go is not determined.
	none := step{"rename the image, and serve nothing", spilled("registry.example.com/shop:2", 0), true}
	if r.isHeld() {
		story = append(story, none)
	} else {
		story = append(story, step{"scale down", spilled("registry.example.com/shop:1", 2000), true}, none,
			step{"scale up again", spilled("registry.example.com/shop:2", 3000), true}, step{"delete", nil, false})
	}
	r.underPolicies(story, func(r *run) *place {
		p := r.newPlace()
		p.addNodes(cluster.NodePool{Arch: "arm64", Count: 1, Pods: 2}, cluster.NodePool{Arch: "amd64", Count: 1})
		return p
	})
}

// spilled asks for a number of requests on the nodes of the place.
func spilled(image string, qps int32) func(*elasticwebv1.ElasticWebSpec, int32) {
	return func(spec *elasticwebv1.ElasticWebSpec, firstPort int32) {
		*spec = elasticwebv1.ElasticWebSpec{
			Image: image, Port: ptr.To(firstPort), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To(qps),
			Architectures: []elasticwebv1.ArchitectureSpec{{Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)}, {Name: "amd64"}},
		}
		spec.NodeSelector = map[string]string{labelPlace: fmt.Sprint(firstPort)}
		spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	}
}

// expectCosts waits until the pods on slower architectures are those that leave first.
func (p *place) expectCosts(what string, o *operator) {
	p.t.Helper()
	var why error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if why = p.wrongCosts(); why == nil {
			return
		}
	}
	p.differ("%s: %v\nrequests: %s\nlog: %s", what, why, lastRequests(o), o.log.Tail())
}

// wrongCosts compares the deletion costs of the pods on amd64 with those on arm64, which is the faster one.
func (p *place) wrongCosts() error {
	pods := &corev1.PodList{}
	if err := p.world.live.List(p.ctx, pods, client.InNamespace(p.namespace)); err != nil {
		return err
	}
	fast, slow := math.MaxInt, math.MinInt
	for i := range pods.Items {
		pod := &pods.Items[i]
		cost, _ := strconv.Atoi(pod.Annotations[corev1.PodDeletionCost])
		switch {
		case pod.DeletionTimestamp != nil || pod.Spec.NodeName == "":
		case strings.HasPrefix(pod.Spec.NodeName, "arm64"):
			fast = min(fast, cost)
		default:
			slow = max(slow, cost)
		}
	}
	if slow >= fast {
		return fmt.Errorf("a pod on amd64 has the deletion cost %d, and one on arm64 has %d", slow, fast)
	}
	return nil
}
