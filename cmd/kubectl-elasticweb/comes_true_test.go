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

// scene is where changes are made.
type scene struct {
	name, pool string
	// isRoomy is true where the nodes that are filled first have room for whatever comes.
	isRoomy bool
	// weighed has three architectures ready behind a way in with weights before as many of the changes as can be: where one has ended the weights,
	// it is what the next one sets, and the one after it takes all pods away if that was not enough.
	weighed []string
}

var scenes = []scene{
	{name: "with room", pool: "roomy", isRoomy: true},
	{name: "where pods spill", pool: "tight"},
	{name: "by weights", pool: "tight", weighed: []string{
		"totalQPS=14000", "replicas=null", "demand=null", "headroomPercent=null", "maxReplicas=null",
		"architectures=" + threeKinds, "benchmarkRef=null", "expose=" + byRoute, "balancing=null"}},
}

const (
	armFirst   = `[{"name":"arm64","singlePodsQPS":1000},{"name":"amd64","singlePodsQPS":500}]`
	threeKinds = `[{"name":"arm64","singlePodsQPS":1000},{"name":"ppc64le","singlePodsQPS":800},{"name":"amd64","singlePodsQPS":500}]`
	byRoute    = `{"httpRoute":{"parentRefs":[{"name":"public","namespace":"gateways"}],"hostnames":["shop.example.com"]},"ingress":null}`
	byOther    = `{"httpRoute":{"parentRefs":[{"name":"public","namespace":"gateways"}],"hostnames":["shop.example.org"],"pathPrefix":"/shop"},"ingress":null}`
	byIngress  = `{"ingress":{"host":"shop.example.com"},"httpRoute":null}`
)

// noDemand takes all pods away.
var noDemand = []string{"totalQPS=0", "replicas=null", "demand=null", "minReplicas=null"}

// choices are the changes that a user could make, as --set: each is of one field, or of those that exclude each other.
type choices [][][]string

func (c *choices) of(field string, values ...string) {
	var choice [][]string
	for _, value := range values {
		choice = append(choice, []string{field + "=" + value})
	}
	*c = append(*c, choice)
}

func loads(qps ...string) [][]string {
	load := [][]string{{"totalQPS=null", "replicas=4", "demand=null"}, {"totalQPS=null", "replicas=null", `demand={"prometheus":{"query":"up"}}`}}
	for _, qps := range qps {
		load = append(load, []string{"totalQPS=" + qps, "replicas=null", "demand=null"})
	}
	return load
}

// choicesByWeights are of what decides about weights.
func choicesByWeights() (all choices) {
	load := loads("5000", "9000", "9001", "12000", "13000", "14000", "15500", "20000", "9500", "17000")
	all = choices{load, load}
	all.of("headroomPercent", "0", "25")
	all.of("image", shared.image("three-1"), shared.image("three-2"))
	all.of("minReplicas", "null", "20")
	all.of("maxReplicas", "null", "18", "40")
	all.of("architectures", threeKinds, `[{"name":"arm64","singlePodsQPS":1200},{"name":"ppc64le","singlePodsQPS":700},{"name":"amd64","singlePodsQPS":400}]`,
		`[{"name":"arm64","singlePodsQPS":1000},{"name":"ppc64le","singlePodsQPS":900},{"name":"amd64","singlePodsQPS":450}]`,
		`[{"name":"ppc64le","singlePodsQPS":1100},{"name":"arm64","singlePodsQPS":1000},{"name":"amd64","singlePodsQPS":500}]`,
		`[{"name":"arm64","singlePodsQPS":1000},{"name":"ppc64le","singlePodsQPS":990},{"name":"amd64","singlePodsQPS":500}]`,
		`[{"name":"arm64","singlePodsQPS":1000,"weight":10},{"name":"ppc64le","singlePodsQPS":800,"weight":90},{"name":"amd64","singlePodsQPS":500,"weight":1}]`, armFirst)
	all.of("benchmarkRef", "null", `{"name":"probe"}`)
	all.of("expose", byRoute, byOther, byOther, byIngress, "null")
	all.of("balancing", "null", "LeastRequest")
	all.of("rebalance", "null", `{"mode":"Surge"}`)
	all.of("podLabels", "null", `{"a":"b"}`)
	all.of("rollout", "null", `{"maxSurge":"50%"}`, `{"maxSurge":0,"maxUnavailable":1}`)
	return all
}

func (s scene) choices() (all choices) {
	if s.weighed != nil {
		return choicesByWeights()
	}
	of, load := all.of, loads("800", "2400", "2401", "9000", "0", "1", "6000", "12000")
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
	of("expose", "null", byRoute, byRoute, byIngress)
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
// restarted, what they serve, which of them have requests, what the way in leads to, what is refused.
func TestPlansComeTrue(t *testing.T) {
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			b := newBench(t)
			b.create(probe())
			random := rand.New(rand.NewPCG(*seed, 1)) //nolint:gosec // no secret.
			web := b.shop()
			b.onPool(web, scene.pool)
			switch {
			case scene.weighed != nil:
				web.Spec.Image = shared.image("three-1")
			case !scene.isRoomy: // pods of both architectures behind a way in with weights.
				exposed(web)
			}
			b.create(web)
			b.measured()
			b.settle()
			told, weighed, foreseen, isRestored := 0, 0, 0, false
			for round := range *changes {
				route := b.httpRoute()
				set, isWeighed := scene.anyChange(random), route != nil && route.IsWeighted()
				switch {
				case scene.weighed == nil || isWeighed:
					isRestored = false
				case isRestored: // a rollout has moved all pods to the slowest architecture: new ones begin with the fastest.
					set, isRestored = noDemand, false
				default:
					set, isRestored = scene.weighed, true
				}
				isTold, isForeseen := b.tryChange(scene, fmt.Sprintf("%d: %v", round, set), set)
				told, foreseen = told+oneIf(isTold), foreseen+oneIf(isForeseen)
				weighed += oneIf(isTold && isWeighed)
			}
			t.Logf("%d of %d changes were planned, made, and compared, %d of them with weights in force before; of %d it was compared how they end", told, *changes, weighed, foreseen)
		})
	}
}

func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}

// tryChange plans a change, makes it, and compares. isTold where it could be made, isForeseen where that is compared in which it ends.
func (b *bench) tryChange(scene scene, what string, set []string) (isTold, isForeseen bool) {
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
		return false, false
	}
	var want whatif.Outcome
	decode(b.T, out, &want)
	b.Logf("%s: %d now, %d, %d settled, restarts %t, backends %v, refused %q", what, want.PodsNow, want.Pods, want.PodsSettled, want.Restarts, want.Backends, want.Refused)
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
		return true, false
	}
	b.settle()
	numbers := written()
	isForeseen = scene.foresees(&want)
	if wrong := b.compared(&want, before, numbers, isForeseen); len(wrong) > 0 {
		b.Errorf("%s: %s (of %v); with -seed=%d\n%s", what, strings.Join(wrong, "; "), numbers, *seed, out)
	}
	return true, isForeseen
}

// foresees reports whether a plan can know where the pods will be: where those that are filled first have room, or none comes. Of those of
// equal architectures nobody knows which go.
func (s scene) foresees(want *whatif.Outcome) bool {
	return s.isRoomy || !want.Restarts && max(want.Pods, want.PodsSettled) <= want.PodsNow && !hasEquals(want)
}

// hasEquals is true of architectures that are as good as one another: nobody knows which of them pods are put on.
func hasEquals(want *whatif.Outcome) bool {
	return slices.ContainsFunc(want.Architectures, func(level []string) bool { return len(level) > 1 })
}

// compared is what there is else than plan said.
func (b *bench) compared(want *whatif.Outcome, before *appsv1.Deployment, numbers []int32, isForeseen bool) (wrong []string) {
	b.Helper()
	hold := func(what string, said, is any) {
		if fmt.Sprint(said) != fmt.Sprint(is) {
			wrong = append(wrong, fmt.Sprintf("%s: plan said %v, and it is %v", what, said, is))
		}
	}
	after, web := b.deployment(), b.read()
	hold("restarts", want.Restarts, want.PodsNow > 0 && !isSameTemplate(before, after)) // else nothing runs that could be restarted.
	hold("architectures", want.Architectures, plan.RecordOf(after).Levels)
	if want.Pods != want.PodsNow { // else another number comes of where pods land later on.
		hold("pods at once", []int32{want.Pods}, numbers[:min(1, len(numbers))])
	}
	if !isForeseen {
		return wrong
	}
	hold("pods", want.PodsSettled, askedOf(after))
	hold("requests per second", want.Serves, *web.Status.RealQPS)
	if !hasEquals(want) {
		hold("those with requests", want.Joined, joinedOf(web))
	}
	var backends []way.Backend
	if route := b.httpRoute(); route != nil {
		backends = route.Backends()
	}
	hold("backends", want.Backends, backends)
	return wrong
}

// joinedOf are the architectures that have pods with requests.
func joinedOf(web *elasticwebv1.ElasticWeb) (joined []string) {
	for _, entry := range web.Status.Architectures {
		if entry.Joined {
			joined = append(joined, entry.Name)
		}
	}
	slices.Sort(joined)
	return joined
}

// askedOf is the number of pods that the demand calls for, without those that are to bring others back.
func askedOf(deployment *appsv1.Deployment) int32 {
	replicas := *deployment.Spec.Replicas
	if record := plan.RecordOf(deployment); record != nil {
		replicas -= record.Surge
	}
	return replicas
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
		last := askedOf(from)
		for event := range watcher.ResultChan() {
			deployment, isDeployment := event.Object.(*appsv1.Deployment)
			if !isDeployment || deployment.Name != from.Name {
				continue
			}
			mu.Lock()
			if asked := askedOf(deployment); asked != last {
				last = asked
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
