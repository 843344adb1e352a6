// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	operatorway "github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/throttle"
	"github.com/elasticweb/elasticweb-operator/test/way"
)

// throttled are the addresses of so many servers that serve so much each, until the test ends.
func throttled(t *testing.T, count, qps int) (addresses []string) {
	t.Helper()
	for range count {
		server := httptest.NewServer(&throttle.Bucket{Interval: time.Second / time.Duration(qps), Patience: patienceOfPods,
			Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
		t.Cleanup(server.Close)
		addresses = append(addresses, server.Listener.Addr().String())
	}
	return addresses
}

// weighted are the Services of a Route with the weights that the operator gives it.
func weighted(fast, slow []string) []way.Service {
	groups := []capacity.Group{{Architecture: "arm64", PodQPS: int64(*fastQPS), Pods: int64(len(fast))}, {Architecture: "amd64", PodQPS: int64(*fastQPS / 2), Pods: int64(len(slow))}}
	weights := operatorway.Weights(capacity.Tiers(groups), operatorway.MaxRouteWeight)
	all := append(append([]string{}, fast...), slow...)
	return []way.Service{{Weight: weights[0], Pods: fast}, {Weight: weights[1], Pods: all}}
}

// What TestTheSumUnderLoad asks of Traefik and the operator, of a real HAProxy with the configuration that OpenShift's router makes of the
// Route. It needs no cluster.
func TestTheSumThroughARoute(t *testing.T) {
	if os.Getenv("GATEWAY") == "" {
		t.Skip("takes minutes: make gateway")
	}
	fast, slow := throttled(t, 5, *fastQPS), throttled(t, 5, *fastQPS/2)
	all := append(append([]string{}, fast...), slow...)
	under := func(what, address string, perSecond float64) *load {
		l := startLoadAt(address, hostShop, perSecond, *period).wait()
		t.Log(l.row(what))
		return l
	}
	t.Log("| way | asked | failed | p50 | p99 |")
	unmixed := startLoadAt(way.StartHAProxy(t, "roundrobin", way.Service{Weight: 1, Pods: throttled(t, alikePods, *fastQPS)}), hostAlike, heavy*float64(alikePods**fastQPS), *period)
	byWeights := startLoadAt(way.StartHAProxy(t, "roundrobin", weighted(fast, slow)...), hostShop, heavy*float64(sum(5, 5)), *period)
	t.Log(unmixed.wait().row("8 × fast, one Service"))
	t.Log(byWeights.wait().row("5 × fast + 5 × slow, weights"))
	t.Logf("p99 by weights is %.2f of that of the unmixed set", float64(byWeights.quantile(0.99))/float64(unmixed.quantile(0.99)))
	one := way.Service{Weight: 1, Pods: all}
	under("the same, one Service", way.StartHAProxy(t, "roundrobin", one), heavy*float64(sum(5, 5)))
	least := way.StartHAProxy(t, "leastconn", one)
	under("the same, fewest requests", least, heavy*float64(sum(5, 5)))
	under("the same, fewest requests, 10% less", least, 0.9*heavy*float64(sum(5, 5)))
	one.Pods = all[:6]
	under("5 × fast + 1 × slow, one Service", way.StartHAProxy(t, "roundrobin", one), heavy*float64(sum(5, 0)))
	one.Pods = fast
	under("the same, those that joined", way.StartHAProxy(t, "roundrobin", one), heavy*float64(sum(5, 0)))
	oneMore := under("the same, weights", way.StartHAProxy(t, "roundrobin", weighted(fast, slow[:1])...), heavy*float64(sum(5, 1)))
	for what, load := range map[string]*load{"unmixed": unmixed, "weights": byWeights, "weights with one slow pod": oneMore} {
		if load.failed() > 0 {
			t.Errorf("%s: %v", what, load)
		}
	}
}
