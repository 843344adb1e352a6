// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	helmreconciler "github.com/operator-framework/helm-operator-plugins/pkg/reconciler"
	"helm.sh/helm/v3/pkg/chart/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const (
	scenarioPeer = "peer"
	peerChart    = "test/perf/peer"
)

var peerKind = schema.GroupVersionKind{Group: "perf.example.com", Version: "v1", Kind: "Peer"}

// measurePeer makes the same objects with helm-operator-plugins from a chart, and gives what the creation took and how
// many requests it made, watches aside.
func measurePeer(ctx context.Context, c *cluster.Cluster, s settings, n int) ([]figure, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	api, err := newClient(c)
	if err != nil {
		return nil, err
	}
	if err := prepareWith(ctx, api, peerChart+"/crd.yaml", newPeerList()); err != nil {
		return nil, err
	}
	requests := &atomic.Int64{}
	all, stop, err := startPeer(ctx, c, api.Scheme(), s, n, requests)
	if err != nil {
		return nil, err
	}
	defer stop()
	before, begin := requests.Load(), time.Now()
	if err := forEach(ctx, span{0, n}, s.concurrency, func(ctx context.Context, i int) error { return api.Create(ctx, peer(i)) }); err != nil {
		return nil, err
	}
	select {
	case <-all:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	took := time.Since(begin).Seconds()
	return []figure{
		{scenarioPeer, "create, s", n, took},
		{scenarioPeer, "create, ms each", n, took * 1000 / float64(n)},
		{scenarioPeer, "create, requests each", n, float64(requests.Load()-before) / float64(n)},
	}, nil
}

// startPeer runs a Helm operator. all is closed when it has reported n releases as deployed.
func startPeer(ctx context.Context, c *cluster.Cluster, scheme *runtime.Scheme, s settings, n int, requests *atomic.Int64) (all <-chan struct{}, stop func(), err error) {
	config := c.RESTConfig()
	config.QPS = -1 // as the operator has it.
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return countingTransport{next, requests} })
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
	})
	if err != nil {
		return nil, nil, fmt.Errorf("peer: %w", err)
	}
	chart, err := loader.Load(peerChart)
	if err != nil {
		return nil, nil, fmt.Errorf("peer: %w", err)
	}
	reconciler, err := helmreconciler.New(helmreconciler.WithGroupVersionKind(peerKind), helmreconciler.WithChart(*chart),
		helmreconciler.WithMaxConcurrentReconciles(s.concurrency))
	if err != nil {
		return nil, nil, fmt.Errorf("peer: %w", err)
	}
	if err := reconciler.SetupWithManager(mgr); err != nil {
		return nil, nil, fmt.Errorf("peer: %w", err)
	}
	deployed := newDeployedPeers(n)
	informer, err := mgr.GetCache().GetInformer(ctx, newPeer())
	if err != nil {
		return nil, nil, fmt.Errorf("peer: %w", err)
	}
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{UpdateFunc: func(_, object any) { deployed.note(object) }}); err != nil {
		return nil, nil, fmt.Errorf("peer: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = mgr.Start(ctx)
	}()
	return deployed.all, func() { cancel(); <-done }, nil
}

func newPeer() *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(peerKind)
	return object
}

func newPeerList() *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(peerKind.GroupVersion().WithKind("PeerList"))
	return list
}

// peer is the ElasticWeb of that number as values of the chart.
func peer(i int) *unstructured.Unstructured {
	same, object := web(i), newPeer()
	object.SetNamespace(same.Namespace)
	object.SetName(same.Name)
	object.Object["spec"] = map[string]any{
		"image": same.Spec.Image, "port": int64(*same.Spec.Port),
		"singlePodsQPS": int64(*same.Spec.SinglePodsQPS), "totalQPS": int64(*same.Spec.TotalQPS),
	}
	return object
}

// deployedPeers counts the peers whose release is reported as deployed.
type deployedPeers struct {
	mu   sync.Mutex
	seen map[string]bool
	n    int
	all  chan struct{}
}

func newDeployedPeers(n int) *deployedPeers {
	return &deployedPeers{seen: map[string]bool{}, n: n, all: make(chan struct{})}
}

func (d *deployedPeers) note(object any) {
	peer, isPeer := object.(*unstructured.Unstructured)
	if !isPeer || !isDeployed(peer) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen[peer.GetName()] {
		return
	}
	d.seen[peer.GetName()] = true
	if len(d.seen) == d.n {
		close(d.all)
	}
}

func isDeployed(peer *unstructured.Unstructured) bool {
	conditions, _, err := unstructured.NestedSlice(peer.Object, "status", "conditions")
	if err != nil {
		return false
	}
	for _, condition := range conditions {
		if c, isMap := condition.(map[string]any); isMap && c["type"] == "Deployed" && c["status"] == "True" {
			return true
		}
	}
	return false
}

// countingTransport counts the requests that are no watches.
type countingTransport struct {
	next     http.RoundTripper
	requests *atomic.Int64
}

func (t countingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Query().Get("watch") == "" {
		t.requests.Add(1)
	}
	return t.next.RoundTrip(request)
}
