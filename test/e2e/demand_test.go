// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/nodes"
	"github.com/elasticweb/elasticweb-operator/test/prometheus"
)

// followed has one pod for every 10 requests a second, 20% more, and goes down after 20 seconds.
const followed = `
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: followed, namespace: dev}
spec:
  image: nginx:1.17.1
  port: 30004
  singlePodsQPS: 10
  maxReplicas: 12
  headroomPercent: 20
  demand:
    prometheus: {query: 'sum(rate(http_requests_total[10s]))'}
    maxQPS: 90
    behavior: {scaleDown: {stabilizationWindowSeconds: 20}}
`

var _ = Describe("An ElasticWeb that follows its traffic", Ordered, func() {
	const (
		half      = 10 // requests a second of each half of a load
		period    = 2 * time.Second
		least     = 3 // pods for 20 requests a second, and 20% more
		threefold = 8 // pods for 60
	)
	var (
		s    *scenario
		w    web
		p    *prometheus.Server
		urls []string
		load []*load
	)

	BeforeAll(func(ctx SpecContext) {
		s = startScenario(ctx, "demand", nodes.Pool{Arch: runtime.GOARCH, Count: 2})
		s.pushOperator(ctx, runtime.GOARCH)
		s.pushWebServer(ctx, "library/nginx:1.17.1", "one", runtime.GOARCH)
		s.deployOperator(ctx)
		w = web{scenario: s, key: client.ObjectKey{Namespace: "dev", Name: "followed"}}
		p = s.startPrometheus(w)
		s.readTraffic(ctx, p.URL(), period)
		for _, address := range s.nodeAddresses(ctx) {
			urls = append(urls, "http://"+address+":30004/")
		}
		s.kubectl(ctx, "create", "namespace", "dev")
		s.apply(ctx, followed)
		DeferCleanup(func() { // where a spec failed.
			for _, part := range load {
				part.stop()
			}
		})
	}, NodeTimeout(10*time.Minute))

	AfterEach(func() { s.keepLogs() })

	more := func() { load = append(load, startLoadOf(half, urls...)) }
	// end stops a part of the load, of which no request failed.
	end := func() {
		Expect(load[0].stop()).To(BeEmpty())
		load = load[1:]
	}
	eventuallyHas := func(ctx context.Context, pods OmegaMatcher) {
		GinkgoHelper()
		Eventually(ctx, func(g Gomega) { g.Expect(w.get(ctx, g).Status.ReadyReplicas).To(pods) }).Should(Succeed())
	}

	It("has the pods that a load takes, and those that three times as much takes", func(ctx SpecContext) {
		eventuallyHas(ctx, BeNumerically(">=", 1))
		for _, url := range urls {
			eventuallyAnswer(ctx, url, w.podNames(ctx)) // kube-proxy knows the pod a moment later.
		}
		more()
		eventuallyHas(ctx, BeNumerically(">=", least))
		more()
		more()
		eventuallyHas(ctx, BeNumerically(">=", threefold))
		Expect(w.get(ctx, Default).Status.Demand).NotTo(BeNil())
	}, NodeTimeout(5*time.Minute))

	It("keeps every pod while Prometheus is killed, and the operator ends beside it", func(ctx SpecContext) {
		before := w.podIDs(ctx)
		p.Kill()
		w.eventuallyObserves(ctx, elasticwebv1.ReasonSourceUnreachable)
		s.kubectl(ctx, "delete", "pods", "--selector=control-plane=controller-manager", "--namespace="+operatorNamespace)
		s.kubectl(ctx, "rollout", "status", "deployment/elasticweb-controller-manager", "--namespace="+operatorNamespace, "--timeout=3m")
		// Beyond the window after which it would go down.
		Consistently(ctx, func() []types.UID { return w.podIDs(ctx) }, 30*time.Second, time.Second).Should(ContainElements(before))
		Expect(p.Restart(context.Background())).To(Succeed())
		w.eventuallyObserves(ctx, elasticwebv1.ReasonObserved)
		Expect(w.podIDs(ctx)).To(ContainElements(before))
	}, NodeTimeout(5*time.Minute))

	It("lets pods go as the load falls, and keeps one when it stops", func(ctx SpecContext) {
		end()
		end()
		eventuallyHas(ctx, And(BeNumerically(">=", least), BeNumerically("<", threefold)))
		end()
		eventuallyHas(ctx, BeNumerically("==", 1))
	}, NodeTimeout(10*time.Minute))
})

// startPrometheus runs one on this machine, where nodes and pods reach it, and has it scrape the pods that there are.
func (s *scenario) startPrometheus(w web) *prometheus.Server {
	GinkgoHelper()
	host, _, err := net.SplitHostPort(s.Registry().Address)
	Expect(err).NotTo(HaveOccurred())
	dir, err := os.MkdirTemp("", "prometheus")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(os.RemoveAll, dir)
	p, err := prometheus.Start(context.Background(), prometheus.Options{Dir: dir, Host: host, Interval: time.Second})
	Expect(err).NotTo(HaveOccurred())
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer GinkgoRecover()
		defer close(ended)
		for ticker := time.NewTicker(time.Second); ; {
			select {
			case <-stop:
				return
			case <-ticker.C:
				_ = p.SetTargets(w.addresses(context.Background())...) // the next one follows.
			}
		}
	}()
	DeferCleanup(func() {
		close(stop)
		<-ended
		p.Stop()
	})
	return p
}

// readTraffic tells the operator where.
func (s *scenario) readTraffic(ctx context.Context, url string, period time.Duration) {
	GinkgoHelper()
	const add = `{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": %q}`
	patch := fmt.Sprintf("["+add+","+add+"]", "--prometheus-url="+url, "--demand-period="+period.String())
	s.kubectl(ctx, "patch", "deployment", "elasticweb-controller-manager", "--namespace="+operatorNamespace, "--type=json", "--patch="+patch)
	s.kubectl(ctx, "rollout", "status", "deployment/elasticweb-controller-manager", "--namespace="+operatorNamespace, "--timeout=3m")
}

// apply gives the cluster a manifest.
func (s *scenario) apply(ctx context.Context, manifest string) {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "manifest.yaml")
	Expect(os.WriteFile(file, []byte(manifest), 0o600)).To(Succeed())
	s.kubectl(ctx, "apply", "--filename="+file)
}

// addresses are those at which its pods answer.
func (w web) addresses(ctx context.Context) (addresses []string) {
	for _, pod := range w.pods(ctx, Default) {
		if pod.Status.PodIP != "" && pod.DeletionTimestamp == nil {
			addresses = append(addresses, net.JoinHostPort(pod.Status.PodIP, "80"))
		}
	}
	return addresses
}

func (w web) podIDs(ctx context.Context) (ids []types.UID) {
	for _, pod := range w.pods(ctx, Default) {
		if pod.DeletionTimestamp == nil {
			ids = append(ids, pod.UID)
		}
	}
	slices.Sort(ids)
	return ids
}

// eventuallyObserves waits until the traffic is said to be so.
func (w web) eventuallyObserves(ctx context.Context, reason string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		condition := meta.FindStatusCondition(w.get(ctx, g).Status.Conditions, elasticwebv1.ConditionDemandObserved)
		g.Expect(condition).NotTo(BeNil())
		g.Expect(condition.Reason).To(Equal(reason), condition.Message)
	}).Should(Succeed())
}
