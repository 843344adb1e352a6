// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/internal/whatif"
)

var (
	changes = flag.Int("changes", 8, "how many random changes TestPlansComeTrue makes")
	seed    = flag.Uint64("seed", 1, "of the random changes")
)

// scene is where changes are made: on which nodes, and whether those that are filled first have room for whatever comes.
type scene struct {
	name, pool string
	isRoomy    bool
}

var scenes = []scene{{"with room", "roomy", true}, {"where pods spill", "tight", false}}

const (
	armFirst = `[{"name":"arm64","singlePodsQPS":1000},{"name":"amd64","singlePodsQPS":500}]`
	byRoute  = `{"httpRoute":{"parentRefs":[{"name":"public","namespace":"gateways"}],"hostnames":["shop.example.com"]},"ingress":null}`
)

// choices are the changes that a user could make, as --set: each is of one field, or of those that exclude each other.
func (s scene) choices() (all [][][]string) {
	of := func(field string, values ...string) {
		var choice [][]string
		for _, value := range values {
			choice = append(choice, []string{field + "=" + value})
		}
		all = append(all, choice)
	}
	load := [][]string{{"totalQPS=null", "replicas=4", "demand=null"}, {"totalQPS=null", "replicas=null", `demand={"prometheus":{"query":"up"}}`}}
	for _, qps := range []string{"800", "2400", "2401", "9000", "0", "1", "6000", "12000"} {
		load = append(load, []string{"totalQPS=" + qps, "replicas=null", "demand=null"})
	}
	all = append(all, load, load) // what is changed most.
	of("headroomPercent", "0", "25", "100")
	images := []string{shared.image("1"), shared.image("2"), shared.image("amd64")}
	if s.isRoomy {
		images = append(images, shared.image("arm64"))
	}
	of("image", images...)
	of("singlePodsQPS", "500", "800", "1200")
	of("minReplicas", "null", "2", "6")
	of("maxReplicas", "null", "15", "40")
	of("architectures", "null", armFirst, armFirst, `[{"name":"amd64"},{"name":"arm64","singlePodsQPS":1000}]`, `[{"name":"amd64","singlePodsQPS":1000},{"name":"arm64"}]`, `[{"name":"arm64"},{"name":"amd64","weight":90}]`)
	of("benchmarkRef", "null", `{"name":"probe"}`)
	of("expose", "null", byRoute, byRoute, `{"ingress":{"host":"shop.example.com"},"httpRoute":null}`)
	of("balancing", "null", "LeastRequest")
	of("service", "null", `{"type":"ClusterIP"}`)
	of("podLabels", "null", `{"a":"b"}`, `{"a":"c"}`)
	of("env", "null", `[{"name":"A","value":"1"}]`)
	of("rollout", "null", `{"maxSurge":"50%"}`, `{"minReadySeconds":1}`, `{"maxSurge":0,"maxUnavailable":1}`)
	of("priorityClassName", "null", "system-cluster-critical")
	of("podTemplate", "null", `{"spec":{"terminationGracePeriodSeconds":20}}`, `{"spec":{"hostAliases":[{"ip":"10.0.0.1","hostnames":["db"]}]}}`,
		`{"metadata":{"labels":{"team":"web"}}}`, `{"spec":{"initContainers":[{"name":"log","image":"`+shared.image("1")+`","restartPolicy":"Always"}]}}`, `{"spec":{"no":"such"}}`)
	of("lifecycle", "null", "{}")
	if s.isRoomy { // elsewhere it asks for more pods for a while.
		of("rebalance", "null", `{"mode":"Surge"}`)
	}
	return all
}

// anyChange is one that a user could make.
func (s scene) anyChange(random *rand.Rand) (set []string) {
	all := s.choices()
	chosen := map[string]bool{}
	for _, at := range random.Perm(len(all))[:1+random.IntN(2)] {
		assignments := all[at][random.IntN(len(all[at]))]
		if field, _, _ := strings.Cut(assignments[0], "="); !chosen[field] {
			chosen[field] = true
			set = append(set, assignments...)
		}
	}
	return set
}

// TestPlansComeTrue: what plan says of a change is what comes of it: the pods, at once and in the end, the architectures, whether they are
// restarted.
func TestPlansComeTrue(t *testing.T) {
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			b := newBench(t)
			b.create(probe())
			random := rand.New(rand.NewPCG(*seed, 1)) //nolint:gosec // no secret.
			web := b.shop()
			b.onPool(web, scene.pool)
			if !scene.isRoomy { // pods of both architectures behind a way in with weights.
				exposed(web)
			}
			b.create(web)
			b.measured()
			b.settle()
			told, weighed := 0, 0
			for round := range *changes {
				set := scene.anyChange(random)
				told += b.tryChange(scene, fmt.Sprintf("%d: %v", round, set), set)
				if route := b.httpRoute(); route != nil && route.IsWeighted() {
					weighed++
				}
			}
			t.Logf("%d of %d changes were planned, made, and compared; after %d of them a way in had weights", told, *changes, weighed)
		})
	}
}

// tryChange plans a change, makes it, and compares; 1 where it could be made.
func (b *bench) tryChange(scene scene, what string, set []string) int {
	b.Helper()
	args, spec := []string{"plan", "shop", "-o", "json", "--plain-http-registries", shared.Host}, map[string]any{}
	for _, assignment := range set {
		args = append(args, "--set", assignment)
		if err := setPath(spec, assignment); err != nil {
			b.Fatal(err)
		}
	}
	out, errOut, code := b.run(args...)
	if code == exitError && out == "" {
		b.Logf("%s is refused by the API server: %s", what, errOut)
		return 0
	}
	var want whatif.Outcome
	decode(b.T, out, &want)
	b.Logf("%s: %d now, %d, %d settled, restarts %t, refused %q", what, want.PodsNow, want.Pods, want.PodsSettled, want.Restarts, want.Refused)
	before, unchanged := b.deployment(), b.read()
	written := b.watchReplicas(before)
	patch, _ := json.Marshal(map[string]any{"spec": spec})
	if err := shared.Client.Patch(b.Context(), b.read(), client.RawPatch(types.MergePatchType, patch)); err != nil {
		b.Fatal(err)
	}
	if len(want.Refused) > 0 {
		b.awaitRefusal(set)
		if !isSameTemplate(before, b.deployment()) {
			b.Errorf("%s: is refused, and the pods are others", what)
		}
		b.undo(unchanged)
		return 1
	}
	b.settle()
	after, numbers := b.deployment(), written()
	isRestarted := want.PodsNow > 0 && !isSameTemplate(before, after) // else nothing runs that could be restarted.
	got := fmt.Sprintf("restarts %t, on %v", isRestarted, plan.RecordOf(after).Levels)
	said := fmt.Sprintf("restarts %t, on %v", want.Restarts, want.Architectures)
	if scene.isRoomy {
		got, said = fmt.Sprintf("%d pods, %s", *after.Spec.Replicas, got), fmt.Sprintf("%d pods, %s", want.PodsSettled, said)
	}
	if want.Pods != want.PodsNow { // else another number comes of where pods land later on.
		got, said = fmt.Sprintf("at once %v pods, %s", numbers[:min(1, len(numbers))], got), fmt.Sprintf("at once %v pods, %s", []int32{want.Pods}, said)
	}
	if got != said {
		b.Errorf("%s: plan said %s, and there are %s (of %v); with -seed=%d\n%s", what, said, got, numbers, *seed, out)
	}
	return 1
}

// watchReplicas notes the numbers of pods that a Deployment is given from now on, each once in a row.
func (b *bench) watchReplicas(from *appsv1.Deployment) (end func() []int32) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	watcher, err := shared.Client.Watch(ctx, &appsv1.DeploymentList{}, client.InNamespace(from.Namespace),
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: from.ResourceVersion}})
	if err != nil {
		b.Fatal(err)
	}
	var mu sync.Mutex
	var numbers []int32
	newest := ""
	go func() {
		last := *from.Spec.Replicas
		for event := range watcher.ResultChan() {
			deployment, isDeployment := event.Object.(*appsv1.Deployment)
			if !isDeployment || deployment.Name != from.Name {
				continue
			}
			mu.Lock()
			if *deployment.Spec.Replicas != last {
				last = *deployment.Spec.Replicas
				numbers = append(numbers, last)
			}
			newest = deployment.ResourceVersion
			mu.Unlock()
		}
	}()
	return func() []int32 {
		defer stop()
		b.eventually("the watch", func() (bool, string) {
			now := b.deployment().ResourceVersion
			mu.Lock()
			defer mu.Unlock()
			return now == from.ResourceVersion || now == newest, newest
		})
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(numbers)
	}
}

// probe is a benchmark that found that arm64 serves more.
func probe() *v1alpha1.ElasticWebBenchmark {
	return &v1alpha1.ElasticWebBenchmark{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: v1alpha1.ElasticWebBenchmarkSpec{Image: shared.image("1")}}
}

// measured writes the results of probe: nobody measures here.
func (b *bench) measured() {
	b.Helper()
	made := &v1alpha1.ElasticWebBenchmark{}
	if err := shared.Client.Get(b.Context(), client.ObjectKey{Namespace: b.namespace, Name: "probe"}, made); err != nil {
		b.Fatal(err)
	}
	made.Status = v1alpha1.ElasticWebBenchmarkStatus{ObservedGeneration: made.Generation, Results: []v1alpha1.BenchmarkResult{
		{Architecture: "amd64", QPS: 640, P99: "12ms"}, {Architecture: "arm64", QPS: 1100, P99: "11ms"}}}
	meta.SetStatusCondition(&made.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonMeasured, Message: "all were measured"})
	if err := shared.Client.Status().Update(b.Context(), made); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) httpRoute() *way.HTTPRoute {
	b.Helper()
	route := &way.HTTPRoute{}
	if err := shared.Client.Get(b.Context(), client.ObjectKey{Namespace: b.namespace, Name: "shop"}, route); err != nil {
		if !apierrors.IsNotFound(err) {
			b.Fatal(err)
		}
		return nil
	}
	return route
}

// awaitRefusal waits until the operator says that it refuses a spec.
func (b *bench) awaitRefusal(set []string) {
	b.Helper()
	b.eventually(fmt.Sprintf("%v is refused", set), func() (bool, string) {
		web := b.read()
		ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
		isRefused := slices.Contains([]string{elasticwebv1.ReasonInvalidSpec, elasticwebv1.ReasonInvalidPod, elasticwebv1.ReasonNoCompatibleNodes}, ready.Reason)
		return web.Status.ObservedGeneration == web.Generation && isRefused, ready.Message
	})
}

func (b *bench) undo(to *elasticwebv1.ElasticWeb) {
	b.Helper()
	b.eventually("undo", func() (bool, string) {
		web := b.read()
		web.Spec = to.Spec
		err := shared.Client.Update(b.Context(), web)
		return err == nil, fmt.Sprint(err)
	})
	b.settle()
}

func (b *bench) deployment() *appsv1.Deployment {
	b.Helper()
	deployment := &appsv1.Deployment{}
	if err := shared.Client.Get(b.Context(), client.ObjectKey{Namespace: b.namespace, Name: "shop"}, deployment); err != nil {
		b.Fatal(err)
	}
	return deployment
}

func isSameTemplate(a, b *appsv1.Deployment) bool {
	return cmp.Diff(a.Spec.Template, b.Spec.Template) == ""
}
