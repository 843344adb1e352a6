// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// shop has pods on both architectures, behind an HTTPRoute: %s is the demand.
const shop = `
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: shop}
spec:
  image: registry.example.com/shop:1
  port: 30003
  singlePodsQPS: %[1]d
  totalQPS: %[2]d
  architectures: [{name: arm64}, {name: amd64, singlePodsQPS: %[3]d}]
  podAnnotations: {elasticweb.test/ready-after: "3"}
  expose: {httpRoute: {parentRefs: [{name: public}], hostnames: [shop.example.com]}}
`

// beside are the ways that shop is compared with: a Service with all pods and no rule, as of a Deployment, and the Service with those that joined.
const beside = `
apiVersion: v1
kind: Service
metadata: {name: every}
spec:
  selector: {app.kubernetes.io/instance: shop}
  ports: [{port: 80, targetPort: %[1]d}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: every}
spec:
  parentRefs: [{name: public}]
  hostnames: [every.example.com]
  rules: [{backendRefs: [{name: every, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: joined}
spec:
  parentRefs: [{name: public}]
  hostnames: [joined.example.com]
  rules: [{backendRefs: [{name: shop, port: %[2]d}]}]
`

// leastRequest has Traefik choose two pods for each request, and the one of them with fewer requests.
const leastRequest = `
http:
  routers:
    least: {rule: "Host(` + "`least.example.com`" + `)", service: least}
  services:
    least: {loadBalancer: {strategy: p2c, servers: [%s]}}
`

const (
	hostShop, hostEvery, hostJoined, hostLeast, hostAlike = "shop.example.com", "every.example.com", "joined.example.com", "least.example.com", "alike.example.com"
)

// deploy makes shop, and waits until it serves what is asked for, from so many pods on arm64 and on amd64, by weights.
func (s *stage) deploy(qps, arm, amd int) {
	s.Helper()
	s.Apply(fmt.Sprintf(shop, *fastQPS, qps, *fastQPS/2))
	s.serves(qps, arm, amd)
	service := &corev1.Service{}
	if err := s.Client.Get(s.Ctx(), client.ObjectKey{Namespace: namespace, Name: "shop"}, service); err != nil {
		s.Fatal(err)
	}
	s.Apply(fmt.Sprintf(beside, portOf(s.pods("shop")[0]), service.Spec.Ports[0].Port))
	for _, host := range []string{hostEvery, hostJoined} {
		s.eventually(host, func() error { return s.answers(host) })
	}
}

// remove waits until nothing is left of shop, and no node.
func (s *stage) remove() {
	s.Kubectl("delete", "elasticweb/shop", "httproute/every", "httproute/joined", "service/every", "--ignore-not-found", "--cascade=foreground")
	s.eventually("no pods", func() error {
		if pods := s.pods("shop"); len(pods) > 0 {
			return fmt.Errorf("%d pods", len(pods))
		}
		return nil
	})
	if err := s.Plane.RemoveNodes(s.Ctx(), s.nodes("")...); err != nil {
		s.Error(err)
	}
}

// sum is what so many pods on arm64 and on amd64 serve.
func sum(arm, amd int) int { return arm**fastQPS + amd**fastQPS/2 }

// serves waits until shop serves so much, its pods are there, and Traefik goes by the weights.
func (s *stage) serves(qps, arm, amd int) {
	s.Helper()
	s.eventually(fmt.Sprintf("%d requests per second from %d + %d pods", qps, arm, amd), func() error {
		web := &elasticwebv1.ElasticWeb{}
		if err := s.Client.Get(s.Ctx(), client.ObjectKey{Namespace: namespace, Name: "shop"}, web); err != nil {
			return err
		}
		ready := map[string]int{}
		for _, pod := range s.pods("shop") {
			if isReady(&pod) && pod.DeletionTimestamp == nil {
				ready[architectureOf(pod.Spec.NodeName)]++
			}
		}
		if now := ptr.Deref(web.Status.RealQPS, 0); int(now) < qps || ready["arm64"] != arm || ready["amd64"] != amd {
			return fmt.Errorf("realQPS %d, pods ready %v", now, ready)
		}
		return s.followsWeights(arm, amd)
	})
}

// followsWeights looks whether Traefik goes by the weights that so many pods have.
func (s *stage) followsWeights(arm, amd int) error {
	var want []int
	if arm > 1 && amd > 0 { // arm × (q - q/2), (arm + amd) × q/2
		for _, weight := range []int{arm, arm + amd} {
			want = append(want, weight/gcd(arm, arm+amd))
		}
	}
	found, err := s.traefiksWeights("shop")
	if err == nil && !slices.Equal(found, want) {
		err = fmt.Errorf("traefik's weights are %v, want %v", found, want)
	}
	return err
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// traefiksWeights are those by which it spreads the requests of an HTTPRoute, in ascending order; none where it leads to one Service.
func (s *stage) traefiksWeights(route string) ([]int, error) {
	response, err := http.Get("http://" + traefikAPI + "/api/rawdata")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var known struct {
		Services map[string]struct {
			Weighted struct {
				Services []struct {
					Name   string
					Weight int
				}
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&known); err != nil {
		return nil, err
	}
	for name, service := range known.Services {
		if !strings.HasPrefix(name, "httproute-"+namespace+"-"+route+"-") || len(service.Weighted.Services) == 0 {
			continue
		}
		var weights []int
		for _, one := range service.Weighted.Services {
			weights = append(weights, one.Weight)
		}
		if slices.Sort(weights); len(weights) > 1 {
			return weights, nil
		}
		return nil, nil
	}
	return nil, fmt.Errorf("traefik does not know the route %s yet", route)
}

// answers looks whether Traefik leads a host to a pod.
func (s *stage) answers(host string) error {
	request, err := http.NewRequestWithContext(s.Ctx(), http.MethodGet, "http://"+gatewayAddress, nil)
	if err != nil {
		return err
	}
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s (%w)", host, response.Status, err)
	}
	return nil
}

// balanceByRequests has a host lead to the pods that are ready now, see leastRequest.
func (s *stage) balanceByRequests() {
	s.Helper()
	var servers []string
	for _, pod := range s.pods("shop") {
		servers = append(servers, fmt.Sprintf(`{url: "http://%s:%d"}`, pod.Status.PodIP, portOf(pod)))
	}
	// Renamed into its place: Traefik is to read the whole.
	made := filepath.Join(s.TempDir(), "least.yaml")
	if err := os.WriteFile(made, []byte(fmt.Sprintf(leastRequest, strings.Join(servers, ", "))), 0o600); err != nil {
		s.Fatal(err)
	}
	if err := os.Rename(made, filepath.Join(s.files, "least.yaml")); err != nil {
		s.Fatal(err)
	}
	s.eventually(hostLeast, func() error { return s.answers(hostLeast) })
}

// pods are those of an ElasticWeb, also those that end.
func (s *stage) pods(web string) []corev1.Pod {
	s.Helper()
	list := &corev1.PodList{}
	if err := s.Client.List(s.Ctx(), list, client.InNamespace(namespace), client.MatchingLabels{elasticwebv1.LabelInstance: web}); err != nil {
		s.Fatal(err)
	}
	return list.Items
}

// ways are the Services and weights that an HTTPRoute led to, and since when.
type ways struct {
	mu    sync.Mutex
	since time.Time
	list  []string
}

// String is what it leads to at the end, and each change before, by the time since.
func (w *ways) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.list, ", ")
}

func (w *ways) add(route *unstructured.Unstructured) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := backends(route)
	if len(w.list) > 0 && strings.HasSuffix(w.list[len(w.list)-1], found) {
		return
	}
	w.list = append(w.list, fmt.Sprintf("%.1fs: %s", time.Since(w.since).Seconds(), found))
}

// watchWays notes what the HTTPRoute of shop leads to from now on.
func (s *stage) watchWays() *ways {
	s.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRouteList"})
	watch, err := s.Client.Watch(s.Ctx(), list, client.InNamespace(namespace))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(watch.Stop)
	w := &ways{since: time.Now()}
	go func() {
		for event := range watch.ResultChan() {
			if route, isOne := event.Object.(*unstructured.Unstructured); isOne && route.GetName() == "shop" {
				w.add(route)
			}
		}
	}()
	return w
}

// backends are the architectures whose Services a route leads to, and their weights.
func backends(route *unstructured.Unstructured) string {
	var found []string
	rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
	for _, rule := range rules {
		refs, _, _ := unstructured.NestedSlice(rule.(map[string]any), "backendRefs")
		for _, ref := range refs {
			one := ref.(map[string]any)
			name := fmt.Sprint(one["name"])
			found = append(found, fmt.Sprint(name[strings.LastIndex(name, "-")+1:], "=", one["weight"]))
		}
	}
	return strings.Join(found, " ")
}
