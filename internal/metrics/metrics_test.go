// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// cached are lists as a cache gives them, without a copy.
type cached struct {
	client.Reader
	webs       []elasticwebv1.ElasticWeb
	benchmarks []v1alpha1.ElasticWebBenchmark
	err        error
}

func (c cached) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *elasticwebv1.ElasticWebList:
		list.Items = c.webs
	case *v1alpha1.ElasticWebBenchmarkList:
		list.Items = c.benchmarks
	}
	return c.err
}

// seen are two pods of each ElasticWeb.
type seen struct{}

func (seen) NodePortsAwaited() int { return 1 }

func (seen) RebalanceWait(name types.NamespacedName) time.Duration {
	if name.Name == "short" {
		return 2 * time.Minute
	}
	return 0
}

func (seen) Weights(name types.NamespacedName) *Weights {
	if name.Name == "short" {
		return &Weights{ByArchitecture: map[string]int32{"arm64": 1, "amd64": 2}, IsStale: true}
	}
	return nil
}

func (seen) Pods(types.NamespacedName) []observed.PodCount { return twoPods }

var twoPods = []observed.PodCount{{State: observed.PodWaiting, Pods: 1}, {Architecture: "amd64", State: observed.PodReady, Pods: 1}}

func condition(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason}
}

func webs() []elasticwebv1.ElasticWeb {
	short := elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "short"}}
	short.Spec.TotalQPS = ptr.To[int32](800)
	short.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{}}
	short.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "probe"}
	short.Status = elasticwebv1.ElasticWebStatus{
		RealQPS: ptr.To[int32](500), Image: &elasticwebv1.ImageStatus{Digest: "sha256:b"},
		Architectures: []elasticwebv1.ArchitectureStatus{
			{Name: "arm64", Weight: 100, Pods: 3}, {Name: "amd64", Weight: 50, Pods: 2}, {Name: "s390x", Pods: 1}, {Name: "", Pods: 7},
		},
		Conditions: []metav1.Condition{
			condition(elasticwebv1.ConditionReady, metav1.ConditionFalse, elasticwebv1.ReasonReplicaLimit),
			condition(elasticwebv1.ConditionStalled, metav1.ConditionTrue, elasticwebv1.ReasonReplicaLimit),
			condition(elasticwebv1.ConditionExposed, metav1.ConditionFalse, elasticwebv1.ReasonNotAdmitted),
			condition(elasticwebv1.ConditionCapacityMet, metav1.ConditionFalse, elasticwebv1.ReasonReplicaLimit),
			condition(elasticwebv1.ConditionContested, metav1.ConditionTrue, elasticwebv1.ReasonReplicasContested),
			condition(elasticwebv1.ConditionPlatformsResolved, metav1.ConditionFalse, elasticwebv1.ReasonImageNotFound),
		},
	}
	invalid := elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "invalid"}, UnreadableSpec: "port: too large"}
	fine := elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "fine"}}
	fine.Status.Architectures = []elasticwebv1.ArchitectureStatus{{Name: "amd64", Pods: 2}}
	fine.Status.Conditions = []metav1.Condition{
		condition(elasticwebv1.ConditionReady, metav1.ConditionTrue, elasticwebv1.ReasonAsPlanned),
		condition(elasticwebv1.ConditionCapacityMet, metav1.ConditionTrue, elasticwebv1.ReasonReplicaLimit), // of minReplicas.
		condition(elasticwebv1.ConditionPlatformsResolved, metav1.ConditionTrue, elasticwebv1.ReasonResolved),
	}
	return []elasticwebv1.ElasticWeb{short, invalid, fine}
}

func probe() v1alpha1.ElasticWebBenchmark {
	finished := metav1.NewTime(time.Unix(1700000000, 0))
	b := v1alpha1.ElasticWebBenchmark{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "probe"}}
	b.Status.Results = []v1alpha1.BenchmarkResult{
		{Architecture: "amd64", QPS: 640, ImageDigest: "sha256:a", FinishedAt: &finished}, {Architecture: "s390x"},
	}
	b.Status.Conditions = []metav1.Condition{condition(v1alpha1.ConditionComplete, metav1.ConditionTrue, v1alpha1.ReasonPartlyMeasured)}
	return b
}

func stats() platforms.Stats {
	return platforms.Stats{Lookups: map[platforms.Count]uint64{{Registry: "quay.io", Outcome: "Resolved"}: 3}, Requests: 9, Running: 1, Queued: 2}
}

const wantWebs = `
elasticweb_at_limit{name="fine",namespace="prod"} 0
elasticweb_at_limit{name="short",namespace="dev"} 1
elasticweb_contested{name="short",namespace="dev",reason="ReplicasContested"} 1
elasticweb_exposed{kind="HTTPRoute",name="short",namespace="dev",reason="NotAdmitted"} 0
elasticweb_invalid_spec{kind="ElasticWeb",name="invalid",namespace="dev"} 1
elasticweb_node_ports_awaited 1
elasticweb_platforms_resolved{name="fine",namespace="prod",reason="Resolved"} 1
elasticweb_platforms_resolved{name="short",namespace="dev",reason="ImageNotFound"} 0
elasticweb_pods{architecture="",name="short",namespace="dev"} 7
elasticweb_pods{architecture="amd64",name="fine",namespace="prod"} 2
elasticweb_pods{architecture="amd64",name="short",namespace="dev"} 2
elasticweb_pods{architecture="arm64",name="short",namespace="dev"} 3
elasticweb_pods{architecture="s390x",name="short",namespace="dev"} 1
elasticweb_pods_by_state{architecture="",name="fine",namespace="prod",state="waiting"} 1
elasticweb_pods_by_state{architecture="",name="short",namespace="dev",state="waiting"} 1
elasticweb_pods_by_state{architecture="amd64",name="fine",namespace="prod",state="ready"} 1
elasticweb_pods_by_state{architecture="amd64",name="short",namespace="dev",state="ready"} 1
elasticweb_ready{name="fine",namespace="prod",reason="AsPlanned"} 1
elasticweb_ready{name="short",namespace="dev",reason="ReplicaLimit"} 0
elasticweb_real_qps{name="short",namespace="dev"} 500
elasticweb_rebalance_wait_seconds{name="short",namespace="dev"} 120
elasticweb_spilled_pods{name="short",namespace="dev"} 3
elasticweb_stalled{name="short",namespace="dev",reason="ReplicaLimit"} 1
elasticweb_total_qps{name="short",namespace="dev"} 800
elasticweb_unjoined_pods{architecture="",name="short",namespace="dev"} 0
elasticweb_unjoined_pods{architecture="amd64",name="fine",namespace="prod"} 0
elasticweb_unjoined_pods{architecture="amd64",name="short",namespace="dev"} 0
elasticweb_unjoined_pods{architecture="arm64",name="short",namespace="dev"} 0
elasticweb_unjoined_pods{architecture="s390x",name="short",namespace="dev"} 0
elasticweb_way_in_stale{name="short",namespace="dev"} 1
elasticweb_way_in_weight{architecture="amd64",name="short",namespace="dev"} 2
elasticweb_way_in_weight{architecture="arm64",name="short",namespace="dev"} 1
`

const wantBenchmarks = `
elasticweb_benchmark_complete{name="probe",namespace="dev",reason="PartlyMeasured"} 1
elasticweb_benchmark_finished_timestamp_seconds{architecture="amd64",name="probe",namespace="dev"} 1.7e+09
elasticweb_benchmark_outdated{benchmark="probe",name="short",namespace="dev"} 1
elasticweb_benchmark_qps{architecture="amd64",name="probe",namespace="dev"} 640
elasticweb_benchmark_qps{architecture="s390x",name="probe",namespace="dev"} 0
`

const wantLookups = `
elasticweb_image_lookup_requests_total 9
elasticweb_image_lookups_queued 2
elasticweb_image_lookups_running 1
elasticweb_image_lookups_total{outcome="Resolved",registry="quay.io"} 3
`

func TestMetrics(t *testing.T) {
	reader := cached{webs: webs(), benchmarks: []v1alpha1.ElasticWebBenchmark{probe()}}
	for name, row := range map[string]struct {
		collector prometheus.Collector
		want      string
	}{
		"ElasticWebs":                   {elasticWebs{reader, seen{}}, wantWebs},
		"benchmarks":                    {benchmarks{reader}, wantBenchmarks},
		"look-ups":                      {imageLookups{stats}, wantLookups},
		"a standby":                     {elected(make(chan struct{})), "\nelasticweb_operator_active 0\n"},
		"the active":                    {elected(closed()), "\nelasticweb_operator_active 1\n"},
		"a cache that is not there yet": {benchmarks{cached{webs: webs(), err: errors.New("not yet")}}, "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := "\n" + exposed(t, row.collector); got != row.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, row.want)
			}
		})
	}
}

func TestPassesAreCounted(t *testing.T) {
	passes := NewPasses()
	passes.Decided(plan.CauseDemand)
	passes.Written(40 * time.Millisecond)
	passes.Ready(12 * time.Second)
	text := exposed(t, passes)
	for _, want := range []string{
		`elasticweb_decisions_total{cause="demand"} 1`, `elasticweb_decisions_total{cause="drift"} 0`,
		`elasticweb_change_written_seconds_bucket{le="0.025"} 0`, `elasticweb_change_written_seconds_bucket{le="0.05"} 1`,
		`elasticweb_change_ready_seconds_bucket{le="10"} 0`, `elasticweb_change_ready_seconds_sum 12`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("there is no %s in:\n%s", want, text)
		}
	}
}

// A fleet is told of once, by the manager that looks after it.
func TestOnlyTheActiveManagerTellsOfElasticWebs(t *testing.T) {
	isActive := make(chan struct{})
	collector := ofActive{elasticWebs{cached{webs: webs()}, seen{}}, isActive}
	if before := exposed(t, collector); before != "" {
		t.Errorf("a standby tells of\n%s", before)
	}
	close(isActive)
	if after := exposed(t, collector); after == "" {
		t.Error("the active manager tells of none")
	}
}

func closed() chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// exposed are the samples as they are scraped, without the comments. They keep to Prometheus' conventions.
func exposed(t *testing.T, collector prometheus.Collector) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector)
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	text := answer.Body.String()
	if problems, err := promlint.New(strings.NewReader(text)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	var samples strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			samples.WriteString(line)
		}
	}
	return samples.String()
}

// A scrape of a thousand ElasticWebs of two architectures.
func BenchmarkScrape(b *testing.B) {
	reader := cached{}
	for i := range 1000 {
		web := *webs()[0].DeepCopy()
		web.Name = fmt.Sprint("web-", i)
		reader.webs = append(reader.webs, web)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(elasticWebs{reader, seen{}})
	b.ReportAllocs()
	for b.Loop() {
		if families, err := registry.Gather(); err != nil || len(families) < 5 {
			b.Fatalf("%d families, %v", len(families), err)
		}
	}
}
