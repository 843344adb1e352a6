// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package nodepools

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// What a pod asks for: the product's defaults.
const podCPU, podMemory = 100, 512 // thousandths, Mi

const armQPS, amdQPS = 1000, 800

var shop = client.ObjectKey{Namespace: namespace, Name: "shop"}

// create makes the ElasticWeb, for a demand in QPS.
func (s *stage) create(totalQPS int) *diary {
	s.Helper()
	s.asked = time.Now()
	s.Apply(fmt.Sprintf(`apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: shop, namespace: %s}
spec:
  image: registry.example.com/shop:1
  port: 30003
  singlePodsQPS: %d
  totalQPS: %d
  architectures: [{name: arm64, singlePodsQPS: %d}, {name: amd64}]
  lifecycle: {}
`, namespace, amdQPS, totalQPS, armQPS))
	return s.watch()
}

func (s *stage) demand(totalQPS int) {
	s.Helper()
	s.asked = time.Now()
	s.Kubectl("patch", "elasticweb", shop.Name, "-n", namespace, "--type=merge", "-p", fmt.Sprintf(`{"spec":{"totalQPS":%d}}`, totalQPS))
}

func (s *stage) web() *elasticwebv1.ElasticWeb {
	s.Helper()
	web := &elasticwebv1.ElasticWeb{}
	if err := s.Client.Get(s.Context(), shop, web); err != nil {
		s.Fatal(err)
	}
	return web
}

// serves waits until the ElasticWeb serves what is asked for, and its pods are where want has them.
func (s *stage) serves(want map[string]int) fleet {
	s.Helper()
	return s.servesWhere(fmt.Sprint("pods on ", want), func(found fleet) bool { return fmt.Sprint(found.pods) == fmt.Sprint(want) })
}

func (s *stage) servesWhere(what string, isWanted func(fleet) bool) fleet {
	s.Helper()
	var found fleet
	s.eventually(what, func() error {
		web := s.web()
		found = s.fleet()
		ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
		switch {
		case ready == nil || ready.ObservedGeneration != web.Generation || ready.Status != "True":
			return fmt.Errorf("condition Ready: %+v, %v", ready, found)
		case !isWanted(found):
			return fmt.Errorf("%v", found)
		}
		return nil
	})
	s.Logf("%d QPS after %s: %v", ptr.Deref(s.web().Spec.TotalQPS, 0), time.Since(s.asked).Round(time.Second), found)
	return found
}

// diary is what happened to the ElasticWeb and its Deployment.
type diary struct {
	mu       sync.Mutex
	replicas []int32
	reasons  []string
	stalled  []string
}

func (s *stage) watch() *diary {
	s.Helper()
	d := &diary{}
	deployments, err := s.Client.Watch(s.Context(), &appsv1.DeploymentList{}, client.InNamespace(namespace))
	if err != nil {
		s.Fatal(err)
	}
	webs, err := s.Client.Watch(s.Context(), &elasticwebv1.ElasticWebList{}, client.InNamespace(namespace))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { deployments.Stop(); webs.Stop() })
	go func() {
		for event := range deployments.ResultChan() {
			if deployment, isOne := event.Object.(*appsv1.Deployment); isOne {
				d.note(func() { d.replicas = appendNew(d.replicas, ptr.Deref(deployment.Spec.Replicas, 1)) })
			}
		}
	}()
	go func() {
		for event := range webs.ResultChan() {
			if web, isOne := event.Object.(*elasticwebv1.ElasticWeb); isOne {
				d.note(func() { d.conditions(web) })
			}
		}
	}()
	return d
}

func (d *diary) note(write func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	write()
}

func (d *diary) conditions(web *elasticwebv1.ElasticWeb) {
	if ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady); ready != nil {
		d.reasons = appendNew(d.reasons, ready.Reason)
	}
	if stalled := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionStalled); stalled != nil && stalled.Status == "True" {
		d.stalled = appendNew(d.stalled, stalled.Reason+": "+stalled.Message)
	}
}

func appendNew[T comparable](list []T, item T) []T {
	if len(list) > 0 && list[len(list)-1] == item {
		return list
	}
	return append(list, item)
}

// tells holds what happened against what may: the numbers of pods that were asked for, and no stall.
func (d *diary) tells(t *testing.T, replicas ...int32) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	t.Logf("replicas %v, reasons %v", d.replicas, d.reasons)
	if replicas != nil && fmt.Sprint(d.replicas) != fmt.Sprint(replicas) {
		t.Errorf("replicas went %v, want %v", d.replicas, replicas)
	}
	if len(d.stalled) > 0 {
		t.Errorf("Stalled on the way: %s", strings.Join(d.stalled, "; "))
	}
}

// least is what the cheapest nodes of one kind cost that hold so many pods.
func (s *stage) least(arch string, pods int) float64 {
	least := math.Inf(1)
	for name, of := range s.types {
		if !strings.Contains(name, arch) || !strings.Contains(name, "linux") {
			continue
		}
		fit := min((of.cpu.MilliValue()-kwokReserves)/podCPU, of.memory.Value()>>20/podMemory, 110)
		if fit > 0 {
			least = min(least, math.Ceil(float64(pods)/float64(fit))*of.price)
		}
	}
	return least
}

// rollouts is how many templates the Deployment has had.
func (s *stage) rollouts() int {
	s.Helper()
	list := &appsv1.ReplicaSetList{}
	if err := s.Client.List(s.Context(), list, client.InNamespace(namespace)); err != nil {
		s.Fatal(err)
	}
	return len(list.Items)
}

// settles waits until what the nodes cost is no more than a bound.
func (s *stage) settles(bound float64) fleet {
	s.Helper()
	var found fleet
	s.eventually(fmt.Sprintf("nodes for %.3f an hour", bound), func() error {
		if found = s.fleet(); found.price > bound {
			return fmt.Errorf("%v", found)
		}
		return nil
	})
	s.Logf("settled: %v", found)
	return found
}
