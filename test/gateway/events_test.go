// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// event is something that happens to 5 fast and 5 slow pods while requests come in, by weights and through a plain Service with the same pods.
type event struct {
	what string
	// happens begins it, and isOver waits until nothing follows.
	happens, isOver func(*stage)
	// loses says that pods are lost with what they are doing: requests to them fail whatever the way.
	loses bool
}

var events = []event{
	{
		what: "scale-down to the fast pods", happens: func(s *stage) { s.demand(sum(5, 0)) },
		isOver: func(s *stage) { s.runsOn(5, 0) },
	},
	{what: "rollout", happens: (*stage).rollOut, isOver: (*stage).renewed},
	{
		what: "drain of the fast pods' node", happens: func(s *stage) { s.drain("arm64") },
		isOver: func(s *stage) { s.runsOn(0, 15) },
	},
	{
		what: "fast pods deleted", happens: func(s *stage) { s.closeNodes("arm64"); s.deletePods("arm64") },
		isOver: func(s *stage) { s.runsOn(0, 15) },
	},
	{
		what: "slow pods deleted", happens: func(s *stage) { s.deletePods("amd64") },
		isOver: func(s *stage) { s.runsOn(5, 5) },
	},
	{
		what: "slow pool lost", happens: func(s *stage) { s.lose("amd64") },
		isOver: func(s *stage) { s.runsOn(5, 0) }, loses: true,
	},
	{
		what: "fast pool lost", happens: func(s *stage) { s.lose("arm64") },
		isOver: func(s *stage) { s.runsOn(0, 15) }, loses: true,
	},
	{
		what: "fast pool lost, operator dead", happens: func(s *stage) { s.killOperator(); s.lose("arm64") },
		isOver: func(s *stage) { s.runsOn(0, 10) }, loses: true,
	},
	{
		what: "rollout, operator dead", happens: func(s *stage) { s.killOperator(); s.restart() },
		isOver: (*stage).renewed,
	},
}

// What happens to pods costs no request by weights that it does not cost through a plain Service.
func TestEvents(t *testing.T) {
	s := newStage(t)
	for _, event := range events {
		t.Run(event.what, func(t *testing.T) { s.within(t).sees(event) })
	}
}

// within is the stage for a test that has an operator, nodes and shop for itself.
func (s *stage) within(t *testing.T) *stage {
	t.Helper()
	part := *s
	part.T = t
	part.startOperator()
	if _, err := s.Plane.AddNodes(t.Context(), fivePods...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(part.remove)
	part.deploy(sum(5, 5), 5, 5)
	part.before = part.pods("shop")
	return &part
}

// sees has the event happen under load. The part of the sum that comes in by both ways together is less than what the slow pods serve.
func (s *stage) sees(event event) {
	s.Helper()
	const part = 0.15
	weights, plain := startLoad(hostShop, part*float64(sum(5, 5)), 0), startLoad(hostEvery, part*float64(sum(5, 5)), 0)
	time.Sleep(around)
	ways, began := s.watchWays(), time.Now()
	event.happens(s)
	event.isOver(s)
	took := time.Since(began).Round(time.Second / 10)
	time.Sleep(around)
	weights.stop()
	plain.stop()
	s.Logf("| %s | weights: %v | plain Service: %v | over after %s, HTTPRoute: %v |", event.what, weights, plain, took, ways)
	if !event.loses && weights.failed() > plain.failed() {
		s.Errorf("weights: %v, plain Service: %v", weights, plain)
	}
}

// around is how long the load is there before and after: Traefik takes up what it learns every 2 seconds.
const around = 5 * time.Second

// nodes are the names of those of an architecture, or of all for "".
func (s *stage) nodes(architecture string) (names []string) {
	s.Helper()
	list := &corev1.NodeList{}
	if err := s.Client.List(s.Ctx(), list); err != nil {
		s.Fatal(err)
	}
	for _, node := range list.Items {
		if architecture == "" || node.Labels[corev1.LabelArchStable] == architecture {
			names = append(names, node.Name)
		}
	}
	return names
}

func (s *stage) demand(qps int) {
	s.Helper()
	s.Kubectl("patch", "elasticweb/shop", "--type=merge", "-p", fmt.Sprintf(`{"spec":{"totalQPS":%d}}`, qps))
}

func (s *stage) rollOut() {
	s.Helper()
	s.Kubectl("patch", "elasticweb/shop", "--type=merge", "-p", `{"spec":{"env":[{"name":"VERSION","value":"2"}]}}`)
}

func (s *stage) restart() {
	s.Helper()
	s.Kubectl("rollout", "restart", "deployment/shop")
}

// lose takes machines away with what runs on them.
func (s *stage) lose(architecture string) {
	s.Helper()
	nodes := s.nodes(architecture)
	s.servers.lose(architecture)
	if err := s.Plane.RemoveNodes(s.Ctx(), nodes...); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) closeNodes(architecture string) {
	s.Helper()
	for _, node := range s.nodes(architecture) {
		s.Kubectl("cordon", node)
	}
}

func (s *stage) drain(architecture string) {
	s.Helper()
	for _, node := range s.nodes(architecture) {
		s.Kubectl("drain", node, "--timeout=5m")
	}
}

func (s *stage) deletePods(architecture string) {
	s.Helper()
	arguments := []string{"delete", "pods", "--wait=false"}
	for _, pod := range s.pods("shop") {
		if architectureOf(pod.Spec.NodeName) == architecture {
			arguments = append(arguments, pod.Name)
		}
	}
	s.Kubectl(arguments...)
}

// runsOn waits until so many pods are ready on each architecture, and no others.
func (s *stage) runsOn(arm, amd int) {
	s.Helper()
	s.eventually(fmt.Sprintf("%d + %d pods", arm, amd), func() error {
		found := map[string]int{}
		for _, pod := range s.pods("shop") {
			switch {
			case pod.DeletionTimestamp != nil:
				found["ending"]++
			case isReady(&pod):
				found[architectureOf(pod.Spec.NodeName)]++
			}
		}
		if found["arm64"] != arm || found["amd64"] != amd || found["ending"] > 0 {
			return fmt.Errorf("pods %v", found)
		}
		return nil
	})
}

// renewed waits until no pod is left of those that there were, and 10 others are ready.
func (s *stage) renewed() {
	s.Helper()
	was := map[string]bool{}
	for _, pod := range s.before {
		was[pod.Name] = true
	}
	s.eventually("other pods", func() error {
		ready := 0
		for _, pod := range s.pods("shop") {
			if was[pod.Name] {
				return fmt.Errorf("%s is still there", pod.Name)
			}
			if isReady(&pod) && pod.DeletionTimestamp == nil {
				ready++
			}
		}
		if ready < 10 {
			return fmt.Errorf("%d are ready", ready)
		}
		return nil
	})
}
