// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build haproxy

package way

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// pod is a target that counts.
type pod struct {
	qps      int64
	address  string
	requests atomic.Int64
}

func startPods(t *testing.T, groups []capacity.Group) []*pod {
	t.Helper()
	var pods []*pod
	for _, group := range groups {
		for range group.Pods {
			p := &pod{qps: group.PodQPS}
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.requests.Add(1) }))
			t.Cleanup(server.Close)
			p.address = server.Listener.Addr().String()
			pods = append(pods, p)
		}
	}
	return pods
}

// servicesOf are the backends of a Route to these pods.
func servicesOf(pods []*pod, tiers []capacity.Tier) []Service {
	var services []Service
	for i, weight := range way.Weights(tiers, way.MaxRouteWeight) {
		service := Service{Weight: weight}
		for _, p := range pods {
			if p.qps >= tiers[i].QPS {
				service.Pods = append(service.Pods, p.address)
			}
		}
		services = append(services, service)
	}
	return services
}

// Each pod is sent its share, and the fewer requests than that the more the router rounds: what is too much is within the rounding.
func TestRouterGivesEachPodItsShare(t *testing.T) {
	for name, groups := range map[string][]capacity.Group{
		"half as fast":   {{Architecture: "arm64", PodQPS: 800, Pods: 5}, {Architecture: "amd64", PodQPS: 400, Pods: 5}},
		"few slow ones":  {{Architecture: "arm64", PodQPS: 997, Pods: 20}, {Architecture: "amd64", PodQPS: 401, Pods: 1}},
		"few fast ones":  {{Architecture: "arm64", PodQPS: 997, Pods: 2}, {Architecture: "amd64", PodQPS: 401, Pods: 20}},
		"four":           {{Architecture: "a", PodQPS: 1000, Pods: 3}, {Architecture: "b", PodQPS: 810, Pods: 4}, {Architecture: "c", PodQPS: 433, Pods: 5}, {Architecture: "d", PodQPS: 57, Pods: 6}},
		"nearly as slow": {{Architecture: "arm64", PodQPS: 800, Pods: 7}, {Architecture: "amd64", PodQPS: 700, Pods: 9}},
	} {
		t.Run(name, func(t *testing.T) {
			pods := startPods(t, groups)
			send(t, "http://"+StartHAProxy(t, "roundrobin", servicesOf(pods, capacity.Tiers(groups))...), requests)
			worst := 0.0
			for _, p := range pods {
				worst = max(worst, float64(p.requests.Load())/requests*float64(capacity.Weighted.Served(groups))/float64(p.qps))
			}
			t.Logf("a pod got up to %.3f of its share", worst)
			if worst > 1.03 {
				t.Errorf("a pod got %.3f of its share", worst)
			}
		})
	}
}

// All pods of all Services are in one backend: where a Service has none any more, no request fails, whoever changes the weights or does not.
func TestRouterLosesNothingWithAnEmptyService(t *testing.T) {
	slow := []capacity.Group{{Architecture: "amd64", PodQPS: 400, Pods: 5}}
	pods := startPods(t, slow)
	services := []Service{{Weight: 1}, {Weight: 2}}
	for _, p := range pods {
		services[1].Pods = append(services[1].Pods, p.address)
	}
	send(t, "http://"+StartHAProxy(t, "roundrobin", services...), 1000)
	for i, p := range pods {
		if got := float64(p.requests.Load()); math.Abs(got-200) > 1 {
			t.Errorf("pod %d got %v requests, want 200", i, got)
		}
	}
}

const requests = 20_000

func send(t *testing.T, url string, count int) {
	t.Helper()
	client := &http.Client{Timeout: time.Minute}
	for range count {
		response, err := client.Get(url)
		if err == nil {
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				err = fmt.Errorf("status %d", response.StatusCode)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
