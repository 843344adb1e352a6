// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// mixed is a place with nodes of several architectures, an image in a registry, and a benchmark that the ElasticWeb follows.
type mixed struct {
	*place
	o      *operator
	image  string
	images int
	// architectures of the image.
	architectures []string
	network       *proxy.Unreliable
	watches       *proxy.Watches
	// isMeasured is true where the QPS are those of the benchmark, which are rates, of arm64, amd64 and s390x.
	isMeasured bool
	rates      [3]int32
	// mayLose is true where the image has lost a platform, and the operator need not have learned that yet.
	mayLose bool
}

// move is something that happens in a mixed world. What it is about may restart pods, or must not; and it may change their
// number, or must not.
type move struct {
	name              string
	restarts, resizes bool
	act               func(*mixed)
	onlyWhereMeasured bool
}

func moves() []move {
	all := []string{"arm64", "amd64", "s390x"}
	architecture := func(m *mixed) string { return all[m.random.IntN(len(all))] }
	return []move{
		{name: "another demand", resizes: true, act: func(m *mixed) {
			m.change(func(spec *elasticwebv1.ElasticWebSpec) { spec.TotalQPS = ptr.To(500 + m.random.Int32N(5000)) })
		}},
		{name: "another image", restarts: true, resizes: true, act: func(m *mixed) { m.rename(all...) }},
		{name: "an image of fewer platforms", restarts: true, resizes: true, act: func(m *mixed) { m.rename("amd64", "s390x") }},
		{name: "nodes cordoned", resizes: true, act: func(m *mixed) { m.cordon(architecture(m), true) }},
		{name: "nodes cordoned, and more demand", resizes: true, act: func(m *mixed) {
			m.cordon("arm64", true)
			m.change(func(spec *elasticwebv1.ElasticWebSpec) { *spec.TotalQPS += 2000 })
		}},
		{name: "nodes open again", resizes: true, act: func(m *mixed) { m.cordon("", false) }},
		{name: "a node gone", resizes: true, act: func(m *mixed) { m.removeNode(architecture(m)) }},
		{name: "a node more", resizes: true, act: func(m *mixed) { m.addNodes(cluster.NodePool{Arch: architecture(m), Count: 1}) }},
		{name: "the operator killed", act: func(m *mixed) { m.restart() }},
		{name: "the operator killed while the registry is out of reach", act: func(m *mixed) {
			m.breakRegistry(registryFault{status: http.StatusServiceUnavailable})
			m.restart()
			m.rest()
			m.breakRegistry(registryFault{})
		}},
		{name: "another image while the registry is out of reach", restarts: true, resizes: true, act: func(m *mixed) {
			m.breakRegistry(registryFault{status: []int{http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusTooManyRequests}[m.random.IntN(3)]})
			m.rename("arm64", "amd64")
			time.Sleep(time.Duration(m.random.IntN(4000)) * time.Millisecond)
			m.breakRegistry(registryFault{})
			m.expectFacts("after the registry was out of reach")
		}},
		{name: "another image from a slow registry", restarts: true, resizes: true, act: func(m *mixed) {
			m.breakRegistry(registryFault{delay: time.Duration(m.random.IntN(900)) * time.Millisecond})
			m.rename(all...)
			m.expectFacts("from a slow registry")
			m.breakRegistry(registryFault{})
		}},
		{name: "the tag pushed again with fewer platforms", act: func(m *mixed) {
			m.push(fmt.Sprint(m.images), "amd64")
			m.mayLose = true
		}},
		{name: "results within the noise", onlyWhereMeasured: true, act: func(m *mixed) {
			var near [3]int32
			for i, rate := range m.rates {
				near[i] = rate - rate/66 + m.random.Int32N(rate/33)
			}
			m.report(near)
		}},
		{name: "other results in the same order", onlyWhereMeasured: true, resizes: true, act: func(m *mixed) { m.measure(2*m.rates[0], 2*m.rates[1], 2*m.rates[2]) }},
		{name: "results in another order", onlyWhereMeasured: true, restarts: true, resizes: true, act: func(m *mixed) { m.measure(m.rates[1], m.rates[0], m.rates[2]) }},
		{name: "the benchmark deleted", onlyWhereMeasured: true, act: func(m *mixed) {
			m.must(client.IgnoreNotFound(m.world.live.Delete(m.ctx, m.benchmark())))
		}},
		{name: "the benchmark deleted, and the operator killed", onlyWhereMeasured: true, act: func(m *mixed) {
			m.must(client.IgnoreNotFound(m.world.live.Delete(m.ctx, m.benchmark())))
			m.rest()
			m.restart()
		}},
	}
}

// playMixed has nodes come, go and be cordoned, the registry fail and tags change, and results of benchmarks come and go, while
// the user goes on, requests of the operator fail and its watches break. Pods restart for the user's changes, for platforms that
// were lost and for another order of the architectures alone; what has come to rest stays as it is; and what is rolled out at the
// end, with all as it was in the beginning, is what an undisturbed operator makes.
func playMixed(r *run) {
	r.looksUp = true
	isMeasured, demand := r.random.IntN(2) == 0, 1000+r.random.Int32N(4000)
	quiet := r.newMixed(isMeasured)
	quiet.network.End()
	quiet.watches.End()
	quiet.create(demand)
	quiet.rollOutTheEnd(demand)
	end := quiet.settle(quiet.o)
	quiet.o.stop()

	m := r.newMixed(isMeasured)
	m.create(2000)
	m.network.End()
	m.watches.End()
	m.rest()
	all := moves()
	for range 6 {
		chosen := all[m.random.IntN(len(all))]
		for chosen.onlyWhereMeasured && !isMeasured {
			chosen = all[m.random.IntN(len(all))]
		}
		m.try(chosen)
	}
	m.injected(m.network.Injected() + m.watches.Injected())
	m.mend()
	m.rollOutTheEnd(demand)
	m.expect("all as it was", end, m.o)
	m.expectRest(m.o)
	m.expect("at rest", end, m.o)
}

func (r *run) newMixed(isMeasured bool) *mixed {
	r.t.Helper()
	m := &mixed{place: r.newPlace(), isMeasured: isMeasured}
	m.addNodes(cluster.NodePool{Arch: "arm64", Count: 2}, cluster.NodePool{Arch: "amd64", Count: 2}, cluster.NodePool{Arch: "s390x", Count: 1})
	m.measure(1000, 800, 400)
	m.restart()
	return m
}

// restart kills the operator, if there is one, and starts another one.
func (m *mixed) restart() {
	m.t.Helper()
	if m.o != nil {
		m.o.stop()
		m.injected(m.network.Injected() + m.watches.Injected())
	}
	m.network, m.watches = proxy.NewUnreliable(m.another(), 0.1), proxy.NewWatches(m.another(), 0.1, time.Second)
	m.o = m.startOperator(m.network, m.watches)
	// Until then nothing changes, which must not be taken for rest.
	syncing, cancel := context.WithTimeout(m.ctx, patience)
	defer cancel()
	if !m.o.awaitSync(syncing) {
		m.t.Fatalf("the caches are not filled within %s:\n%s", patience, m.o.log.Tail())
	}
}

// create makes the ElasticWeb.
func (m *mixed) create(demand int32) {
	m.t.Helper()
	m.image = m.push("0", "arm64", "amd64", "s390x")
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: m.namespace, Name: webName}}
	web.Spec = elasticwebv1.ElasticWebSpec{
		Image: m.image, Port: ptr.To(m.firstPort), SinglePodsQPS: ptr.To[int32](400), TotalQPS: ptr.To(demand),
	}
	if m.isMeasured {
		web.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: webName}
	} else {
		web.Spec.Architectures = []elasticwebv1.ArchitectureSpec{
			{Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)}, {Name: "amd64", SinglePodsQPS: ptr.To[int32](800)}, {Name: "s390x"},
		}
	}
	web.Spec.NodeSelector = map[string]string{labelPlace: fmt.Sprint(m.firstPort)}
	web.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	m.eventually("create", func() error { return client.IgnoreAlreadyExists(m.world.live.Create(m.ctx, web.DeepCopy())) })
}

func (m *mixed) change(change func(*elasticwebv1.ElasticWebSpec)) {
	m.t.Helper()
	m.eventually("change", func() error {
		web := m.web(m.world.live)
		change(&web.Spec)
		return m.world.live.Update(m.ctx, web)
	})
}

// rename pushes an image and makes it that of the ElasticWeb.
func (m *mixed) rename(architectures ...string) {
	m.t.Helper()
	m.images++
	m.mayLose = false
	m.architectures = architectures
	m.image = m.push(fmt.Sprint(m.images), architectures...)
	m.change(func(spec *elasticwebv1.ElasticWebSpec) { spec.Image = m.image })
}

func (m *mixed) benchmark() *v1alpha1.ElasticWebBenchmark {
	return &v1alpha1.ElasticWebBenchmark{
		ObjectMeta: metav1.ObjectMeta{Namespace: m.namespace, Name: webName},
		Spec:       v1alpha1.ElasticWebBenchmarkSpec{Image: "registry.example.com/shop:1"},
	}
}

// measure has the benchmark find what the pods serve from now on.
func (m *mixed) measure(arm64, amd64, s390x int32) {
	m.t.Helper()
	m.rates = [3]int32{arm64, amd64, s390x}
	m.report(m.rates)
}

// report makes rates the results of the benchmark. No reconciler of benchmarks runs.
func (m *mixed) report(rates [3]int32) {
	m.t.Helper()
	m.eventually("measure", func() error {
		b := m.benchmark()
		if err := m.world.live.Create(m.ctx, b); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
		result := func(architecture string, qps int32) map[string]any {
			return map[string]any{"architecture": architecture, "qps": qps, "reason": "Measured"}
		}
		patch := map[string]any{"status": map[string]any{"results": []any{
			result("arm64", rates[0]), result("amd64", rates[1]), result("s390x", rates[2]),
		}}}
		text, err := json.Marshal(patch)
		if err != nil {
			return err
		}
		return m.world.live.Status().Patch(m.ctx, m.benchmark(), client.RawPatch(types.MergePatchType, text))
	})
}

// mend ends all faults, and brings the nodes and the benchmark to what they were in the beginning.
func (m *mixed) mend() {
	m.t.Helper()
	m.breakRegistry(registryFault{})
	m.cordon("", false)
	for architecture, wanted := range map[string]int{"arm64": 2, "amd64": 2, "s390x": 1} {
		for len(m.nodes(architecture)) > wanted {
			m.removeNode(architecture)
		}
		if missing := wanted - len(m.nodes(architecture)); missing > 0 {
			m.addNodes(cluster.NodePool{Arch: architecture, Count: missing})
		}
	}
	m.measure(1000, 800, 400)
	m.rest()
}

// rollOutTheEnd has all pods made anew where there is room: all on the best architecture.
func (m *mixed) rollOutTheEnd(demand int32) {
	m.t.Helper()
	m.image = m.push("end", "arm64", "amd64", "s390x")
	m.change(func(spec *elasticwebv1.ElasticWebSpec) { spec.Image, spec.TotalQPS = m.image, ptr.To(demand) })
}

// try makes a move, and looks what it led to when all has come to rest.
func (m *mixed) try(chosen move) {
	m.t.Helper()
	m.injected(1)
	m.t.Logf("%s: %s", time.Now().Format("05.000"), chosen.name)
	template, replicas := m.deployment()
	restarts := m.world.watched.templatesIn(m.namespace)
	m.network.Resume()
	m.watches.Resume()
	chosen.act(m)
	time.Sleep(time.Second)
	// What an event brings late would be taken for the next move's.
	m.network.End()
	m.watches.End()
	m.rest()
	figures.add(m.scenario, statesCompared, 1)
	afterwards, number := m.deployment()
	if made := m.world.watched.templatesIn(m.namespace) - restarts; !chosen.restarts && !m.mayLose && made > 0 {
		m.differ("%s: the pods were restarted, %d times:\n%s\nrequests: %s\nlog: %s", chosen.name, made, cmp.Diff(template, afterwards),
			lastRequests(m.o), m.o.log.Tail())
	}
	if !chosen.resizes && !m.mayLose && replicas != number {
		m.differ("%s: %d pods became %d\nrequests: %s\nlog: %s", chosen.name, replicas, number, lastRequests(m.o), m.o.log.Tail())
	}
}

// rest waits until nothing changes any more, and all pods are ready, or wait for a node. On a busy machine they may be about to become so
// for longer than nothing changes.
func (m *mixed) rest() {
	m.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		m.stable(m.o)
		pods := &corev1.PodList{}
		m.must(m.world.live.List(m.ctx, pods, client.InNamespace(m.namespace)))
		if !slices.ContainsFunc(pods.Items, isOnTheMove) {
			return
		}
	}
	m.differ("the pods do not come to rest within %s", patience)
}

func isOnTheMove(pod corev1.Pod) bool {
	return pod.DeletionTimestamp != nil || !slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue ||
			condition.Type == corev1.PodScheduled && condition.Reason == corev1.PodReasonUnschedulable
	})
}

// deployment is the pod template, and the number of pods.
func (m *mixed) deployment() (template string, replicas int32) {
	deployment := &appsv1.Deployment{}
	if err := m.world.live.Get(m.ctx, m.key(), deployment); err != nil {
		return err.Error(), 0
	}
	text, err := json.MarshalIndent(deployment.Spec.Template, "", " ")
	m.must(err)
	return string(text), *deployment.Spec.Replicas
}

// expectFacts waits until what the registry has of the image is known, and what it has lost is in use no more. What is new in it
// waits for the next rollout.
func (m *mixed) expectFacts(what string) {
	m.t.Helper()
	var why string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		web := m.web(m.world.live)
		resolved := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionPlatformsResolved)
		if resolved != nil && resolved.Status == metav1.ConditionTrue && web.Status.Image != nil && !slices.ContainsFunc(web.Status.Image.Platforms, m.isLost) {
			return
		}
		why = fmt.Sprint(resolved, web.Status.Image)
	}
	m.differ("%s: the platforms of the image are not %v within %s: %s\nlog: %s", what, m.architectures, patience, why, m.o.log.Tail())
}

func (m *mixed) isLost(platform string) bool {
	return !slices.Contains(m.architectures, strings.TrimPrefix(platform, "linux/"))
}
