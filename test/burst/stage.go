// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/prometheus"
)

const (
	podQPS = 100
	// target is the HPA's, in percent of what a pod serves.
	target         = 70
	scrapeInterval = 15 * time.Second
)

// applications are the two that are compared. The Deployment begins with the pods that its HPA asks for.
const applications = `
apiVersion: v1
kind: Namespace
metadata: {name: dev}
---
apiVersion: v1
kind: Service
metadata: {name: metrics, namespace: dev}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.external.metrics.k8s.io}
spec:
  {group: external.metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true,
   service: {name: metrics, namespace: dev, port: %[1]d}}
---
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: shop, namespace: dev}
spec:
  image: nginx:1.17.1
  port: 30003
  singlePodsQPS: %[2]d
  maxReplicas: 100
  headroomPercent: 20
  demand: {prometheus: {query: %[3]q}}
  podAnnotations: {elasticweb.test/ready-after: "%[4]d"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: beside, namespace: dev}
spec:
  replicas: %[5]d
  selector: {matchLabels: {app: beside}}
  template:
    metadata: {labels: {app: beside}, annotations: {elasticweb.test/ready-after: "%[4]d"}}
    spec: {containers: [{name: web, image: "nginx:1.17.1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: beside, namespace: dev}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: beside}
  maxReplicas: 100
  metrics: [{type: External, external: {metric: {name: requests_per_second}, target: {type: AverageValue, averageValue: "%[6]d"}}}]
`

// stage is all that runs.
type stage struct {
	settings
	traffic    *traffic
	cluster    *cluster.Cluster
	client     client.Client
	prometheus *prometheus.Server
	operator   *exec.Cmd
	folder     string
	ends       []func()
}

// set starts everything. What it returns is to be cleared, also where it fails.
func set(ctx context.Context, s settings) (st *stage, err error) {
	st = &stage{settings: s, traffic: &traffic{settings: s, began: time.Now()}}
	if st.folder, err = os.MkdirTemp("", "elasticweb-burst-"); err != nil {
		return st, err
	}
	counter := httptest.NewServer(st.traffic)
	st.ends = append(st.ends, counter.Close)
	st.prometheus, err = prometheus.Start(ctx, prometheus.Options{Dir: st.folder, Targets: []string{counter.Listener.Addr().String()}, Interval: scrapeInterval})
	if err != nil {
		return st, err
	}
	st.ends = append(st.ends, st.prometheus.Stop)
	metrics := httptest.NewTLSServer(adapter{st.prometheus.URL()})
	st.ends = append(st.ends, metrics.Close)
	if st.cluster, err = cluster.Start(ctx, cluster.Options{Progress: os.Stderr, Nodes: []cluster.NodePool{{Arch: "amd64", Count: 4, CPU: "64"}}}); err != nil {
		return st, err
	}
	if st.client, err = client.New(st.cluster.RESTConfig(), client.Options{}); err != nil {
		return st, err
	}
	if err := st.startOperator(ctx); err != nil {
		return st, err
	}
	if err := st.awaitSteady(ctx); err != nil {
		return st, err
	}
	port := metrics.Listener.Addr().(*net.TCPAddr).Port
	pods := int((s.base + podQPS*target/100 - 1) / (podQPS * target / 100))
	_, err = st.cluster.Kubectl(ctx, fmt.Sprintf(applications, port, podQPS, query, int(s.start.Seconds()), pods, podQPS*target/100), "apply", "-f", "-")
	return st, err
}

func (s *stage) startOperator(ctx context.Context) error {
	if _, err := s.cluster.Kubectl(ctx, "", "apply", "--server-side", "-k", "config/crd"); err != nil {
		return err
	}
	if _, err := s.cluster.Kubectl(ctx, "", "wait", "--for=condition=Established", "crd", "--all", "--timeout=1m"); err != nil {
		return err
	}
	s.operator = exec.Command(s.settings.operator, "--leader-elect=false", "--enable-benchmarks=false", "--look-up-images=false",
		"--metrics-bind-address=0", "--health-probe-bind-address=0", "--zap-log-level=error", "--prometheus-url="+s.prometheus.URL())
	s.operator.Env = append(os.Environ(), "KUBECONFIG="+s.cluster.Kubeconfig())
	s.operator.Stderr = os.Stderr
	if err := s.operator.Start(); err != nil {
		return fmt.Errorf("start the operator (make build makes it): %w", err)
	}
	s.ends = append(s.ends, func() {
		_ = s.operator.Process.Signal(syscall.SIGTERM)
		_ = s.operator.Wait()
	})
	return nil
}

// awaitSteady waits until the rate was the same for a minute: while Prometheus sees its first samples, it grows.
func (s *stage) awaitSteady(ctx context.Context) error {
	const steady, patience = time.Minute, 5 * time.Minute
	since := time.Now()
	for deadline := since.Add(patience); time.Now().Before(deadline); {
		if qps, err := (adapter{s.prometheus.URL()}).ask(ctx); err != nil || math.Abs(qps-s.base) > s.base/100 {
			since = time.Now()
		}
		if time.Since(since) >= steady {
			return nil
		}
		if err := sleep(ctx); err != nil {
			return err
		}
	}
	return errors.New("prometheus does not see the traffic")
}

func (s *stage) clear() (err error) {
	for i := range s.ends {
		s.ends[len(s.ends)-1-i]()
	}
	if s.cluster != nil {
		err = s.cluster.Stop()
	}
	return errors.Join(err, os.RemoveAll(filepath.Clean(s.folder)))
}
