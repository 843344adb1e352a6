// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// alike has 8 pods that serve as much as a fast one each, on nodes of its own, behind an HTTPRoute.
const alike = `
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: alike}
spec:
  image: registry.example.com/shop:1
  port: 30004
  singlePodsQPS: %[1]d
  totalQPS: %[2]d
  nodeSelector: {set: alike}
  tolerations: [{key: set, operator: Exists}]
  podAnnotations: {elasticweb.test/ready-after: "3"}
  expose: {httpRoute: {parentRefs: [{name: public}], hostnames: [alike.example.com]}}
`

const (
	alikePods = 8
	// load is the part of what pods serve that is asked of them.
	heavy = 0.95
)

// fivePods are nodes with room for 5 pods on arm64, and for more than enough on amd64.
var fivePods = []cluster.NodePool{{Arch: "arm64", Count: 1, Pods: 5}, {Arch: "amd64", Count: 2, Pods: 20}}

// 5 fast and 5 slow pods serve their sum by weights, 95% of which is asked of each way to them, without a failure. So do 5 fast ones and a slow one,
// whose sum is what the 5 serve and half a pod more; there the Service with those that joined serves what the fast ones do.
func TestTheSumUnderLoad(t *testing.T) {
	others := cluster.NodePool{Arch: "arm64", NamePrefix: "arm64-alike", Count: 2, Pods: 20, Labels: map[string]string{"set": "alike"},
		Taints: []corev1.Taint{{Key: "set", Value: "alike", Effect: corev1.TaintEffectNoSchedule}}}
	s := newStage(t, append(fivePods, others)...)
	s.Apply(fmt.Sprintf(alike, *fastQPS, alikePods**fastQPS))
	s.startOperator()
	s.deploy(sum(5, 5), 5, 5)
	s.eventually(hostAlike, func() error { return s.answers(hostAlike) })
	s.eventually("8 pods alike", func() error {
		ready := 0
		for _, pod := range s.pods("alike") {
			if isReady(&pod) {
				ready++
			}
		}
		if ready != alikePods {
			return fmt.Errorf("%d pods", ready)
		}
		return nil
	})
	s.balanceByRequests()
	s.Log("| way | asked | failed | p50 | p99 |")
	// At the same time, so that what the machine does meanwhile counts for both.
	unmixed, byWeights := startLoad(hostAlike, heavy*float64(alikePods**fastQPS), *period), startLoad(hostShop, heavy*float64(sum(5, 5)), *period)
	s.row("8 × fast, one Service", unmixed.wait())
	s.row("5 × fast + 5 × slow, weights", byWeights.wait())
	s.Logf("p99 by weights is %.2f of that of the unmixed set", float64(byWeights.quantile(0.99))/float64(unmixed.quantile(0.99)))
	s.underLoad("the same, plain Service", hostEvery, heavy*float64(sum(5, 5)))
	s.underLoad("the same, those that joined", hostJoined, heavy*float64(sum(5, 5)))
	s.underLoad("the same, the less loaded of two", hostLeast, heavy*float64(sum(5, 5)))
	s.underLoad("the same, the less loaded of two, 10% less", hostLeast, 0.9*heavy*float64(sum(5, 5)))

	s.demand(sum(5, 1))
	s.serves(sum(5, 1), 5, 1)
	s.underLoad("5 × fast + 1 × slow, plain Service", hostEvery, heavy*float64(sum(5, 0)))
	joined := s.underLoad("the same, those that joined", hostJoined, heavy*float64(sum(5, 0)))
	oneMore := s.underLoad("the same, weights", hostShop, heavy*float64(sum(5, 1)))
	for what, load := range map[string]*load{"unmixed": unmixed, "weights": byWeights, "joined": joined, "weights with one slow pod": oneMore} {
		if load.failed() > 0 {
			t.Errorf("%s: %v", what, load)
		}
	}
}

// underLoad asks so much of a way in, and prints a row of a table.
func (s *stage) underLoad(what, host string, perSecond float64) *load {
	s.Helper()
	l := startLoad(host, perSecond, *period).wait()
	s.row(what, l)
	return l
}

func (s *stage) row(what string, l *load) {
	s.Helper()
	s.Log(l.row(what))
}
