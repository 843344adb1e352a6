// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

func modelWeb(demand int32, rates map[string]int32, names ...string) *elasticwebv1.ElasticWeb {
	web := &elasticwebv1.ElasticWeb{}
	web.Name, web.Generation = "shop", 1
	web.Spec.Image, web.Spec.SinglePodsQPS, web.Spec.TotalQPS = "shop:1", ptr.To[int32](100), &demand
	for _, name := range names {
		web.Spec.Architectures = append(web.Spec.Architectures, elasticwebv1.ArchitectureSpec{
			Name: elasticwebv1.Architecture(name), SinglePodsQPS: ptr.To(rates[name])})
	}
	return web
}

func anyModel(t *rapid.T) *model {
	names := []string{"arm64", "amd64", "ppc64le", "s390x"}[:rapid.SampledFrom([]int{2, 3, 4, 1}).Draw(t, "architectures")]
	rates := map[string]int32{}
	for _, name := range names {
		rates[name] = rapid.SampledFrom([]int32{1000, 900, 800, 500, 400, 300, 100, 50}).Draw(t, "rate")
	}
	var nodes []*modelNode
	for _, name := range names {
		for range rapid.SampledFrom([]int{1, 2, 3, 1, 2, 0}).Draw(t, "nodes") {
			nodes = append(nodes, &modelNode{name: fmt.Sprintf("%s-%d", name, len(nodes)), architecture: name, slots: anySlots(t)})
		}
	}
	seed := rapid.Uint64().Draw(t, "seed")
	m := newModel(rand.New(rand.NewPCG(seed, 1)), modelWeb(1, rates, names...), nodes) //nolint:gosec // no secret.
	m.web.Spec.TotalQPS = ptr.To(anyDemand(t, m))
	m.web.Spec.MinReplicas = rapid.SampledFrom([]*int32{nil, nil, ptr.To[int32](3), ptr.To[int32](8)}).Draw(t, "minReplicas")
	switch rapid.SampledFrom([]string{"", "", "weights", "own preference", "policy"}).Draw(t, "kind") {
	case "weights":
		for i := range m.web.Spec.Architectures {
			m.web.Spec.Architectures[i].Weight = rapid.SampledFrom([]*int32{nil, ptr.To[int32](1), ptr.To[int32](50), ptr.To[int32](100)}).Draw(t, "weight")
		}
	case "own preference":
		m.web.Spec.Affinity = preferring(names[0])
	case "policy":
		m.policy = rapid.SampledFrom([]string{"100", "0", "-100", "x"}).Draw(t, "policy")
	}
	return m
}

// preferring is a preference of the user's own, which stands in the place of all that is derived.
func preferring(architecture string) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
		Weight: 100, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{architecture}},
		}},
	}}}}
}

func anySlots(t *rapid.T) int {
	return rapid.SampledFrom([]int{1, 3, 5, 8, 12}).Draw(t, "slots")
}

// anyDemand is, as a rule, about what the first one or two architectures serve, so that pods spill.
func anyDemand(t *rapid.T, m *model) int32 {
	if rapid.IntRange(0, 3).Draw(t, "far") == 0 {
		return rapid.Int32Range(1, 20000).Draw(t, "demand")
	}
	var groups []capacity.Group
	for _, entry := range m.web.Spec.Architectures[:min(2, len(m.web.Spec.Architectures))] {
		group := capacity.Group{Architecture: string(entry.Name), PodQPS: int64(*entry.SinglePodsQPS)}
		for _, node := range m.nodes {
			if node.architecture == group.Architecture {
				group.Pods += int64(node.slots)
			}
		}
		groups = append(groups, group)
	}
	full := capacity.Joined.Served(groups[:rapid.IntRange(1, len(groups)).Draw(t, "full")])
	return int32(max(1, full*rapid.Int64Range(50, 150).Draw(t, "percent")/100)) //nolint:gosec // at most 108,000.
}

// changeWorld does one thing to the world, and says what.
func changeWorld(t *rapid.T, m *model) string {
	what := rapid.SampledFrom([]string{"demand", "demand", "rollout", "node lost", "node added", "order"}).Draw(t, "change")
	switch what {
	case "demand":
		m.web.Generation++
		m.web.Spec.TotalQPS = ptr.To(anyDemand(t, m))
	case "rollout":
		m.web.Generation++
		m.web.Spec.Image = fmt.Sprintf("shop:%d", m.web.Generation)
	case "order":
		m.web.Generation++
		entries := m.web.Spec.Architectures
		last := len(entries) - 1
		entries[0].SinglePodsQPS, entries[last].SinglePodsQPS = entries[last].SinglePodsQPS, entries[0].SinglePodsQPS
	case "node lost":
		if len(m.nodes) > 0 {
			m.lose(m.nodes[rapid.IntRange(0, len(m.nodes)-1).Draw(t, "node")])
		}
	case "node added":
		entry := rapid.SampledFrom(m.web.Spec.Architectures).Draw(t, "architecture")
		m.serial++
		m.nodes = append(m.nodes, &modelNode{name: fmt.Sprintf("%s-%d", entry.Name, 100+m.serial), architecture: string(entry.Name), slots: anySlots(t)})
	}
	return what
}

// most is the number of pods beyond which nothing is gained.
func most(m *model) int32 {
	slowest := *m.web.Spec.Architectures[0].SinglePodsQPS
	for _, entry := range m.web.Spec.Architectures {
		slowest = min(slowest, *entry.SinglePodsQPS)
	}
	return max(int32(capacity.PodsFor(m.demand(), int64(slowest))), ptr.Deref(m.web.Spec.MinReplicas, 0), ptr.Deref(m.web.Spec.Replicas, 0)) //nolint:gosec // at most 20,000.
}

// checkMet: what is not met is out of room, or at the limit.
func checkMet(t *rapid.T, m *model, what, before string) {
	waits := slices.ContainsFunc(m.pods, func(pod *modelPod) bool { return pod.Unschedulable != "" })
	limited := m.web.Spec.MaxReplicas != nil && m.replicas == *m.web.Spec.MaxReplicas
	if m.served() < m.demand() && !waits && !limited && !m.broken && !m.awaitsWeights() {
		t.Fatalf("%s: settled below the demand, though no pod waits for a node; before: %s; now: %s", what, before, m)
	}
}

// checkChanges holds the changes against the bound of ADR 8: the demand's own, and for each slower architecture that pods spill onto
// in turn one that tries and one that counts with it. None is more than four times what there was and what stays, but where room came
// free after it was counted.
func checkChanges(t *rapid.T, m *model, worldChanges int, what string, before standing) {
	if limit := worldChanges * max(2, 2*len(m.web.Spec.Architectures)-1); len(m.changes) > limit {
		t.Fatalf("%s: too many changes; before: %s; now: %s", what, before.text, m)
	}
	for _, replicas := range m.changes {
		if replicas > m.most {
			t.Fatalf("%s: %d replicas, and %d are enough on any architecture; before: %s; now: %s", what, replicas, m.most, before.text, m)
		}
		if swings := replicas > 4*max(before.replicas, m.replicas); swings && !before.waits && !m.crowded && prefersTheFastest(m) {
			t.Fatalf("%s: %d replicas, most of which go again; before: %s; now: %s", what, replicas, before.text, m)
		}
	}
}

// prefersTheFastest is false where the user prefers what may be slower: a pod that has to go elsewhere may serve more than many there.
func prefersTheFastest(m *model) bool {
	return m.web.Spec.Affinity == nil && !slices.ContainsFunc(m.web.Spec.Architectures, func(entry elasticwebv1.ArchitectureSpec) bool { return entry.Weight != nil })
}

// standing is how a change of the world finds it.
type standing struct {
	replicas int32
	waits    bool
	text     string
}

func standingOf(m *model) standing {
	return standing{m.replicas, slices.ContainsFunc(m.pods, func(pod *modelPod) bool { return pod.Node == "" }), m.String()}
}

// After each change of the world, and whatever the order in which things happen and are seen, the replicas
// change as often as checkChanges says at most, and then stay;
// no capacity is given up that the demand needs; and what is not met is out of room.
func TestReplicasSettle(t *testing.T) {
	histogram := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		what, before := "created", standingOf(m)
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			m.begin()
			worldChanges := 1
			if int(m.count(m.template)) < m.alive() {
				worldChanges = 2 // a rollout that found no room goes on now, too.
			}
			m.disturb(rapid.IntRange(0, 60).Draw(t, "disturbed"))
			if !m.settle() {
				t.Fatalf("%s: does not settle; before: %s; now: %s", what, before.text, m)
			}
			histogram[len(m.changes)]++
			checkChanges(t, m, worldChanges, what, before)
			checkMet(t, m, what, before.text)
			if m.lost != "" {
				t.Fatalf("%s: gave up capacity: %s; before: %s; now: %s", what, m.lost, before.text, m)
			}
			before = standingOf(m)
			what = changeWorld(t, m)
		}
	})
	t.Logf("changes of the replicas per change of the world: %v", histogram)
}

// Changes that come before the last one settled, a scheduler that takes any node now and then, and a
// ReplicaSet controller that does not see deletion costs in time: it settles all the same.
func TestReplicasSettleInAStorm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		m.begin()
		m.chance = rapid.SampledFrom([]int{0, 5, 30}).Draw(t, "chance")
		what := "created"
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			m.blind = rapid.Bool().Draw(t, "blind")
			m.disturb(rapid.IntRange(0, 60).Draw(t, "disturbed"))
			what += ", " + anyChange(t, m)
			m.most = max(m.most, most(m))
		}
		m.blind = false
		m.resume()
		if !m.settle() {
			t.Fatalf("%s: does not settle; now: %s", what, m)
		}
		if rapid.Bool().Draw(t, "limited") {
			m.web.Generation++
			m.web.Spec.MaxReplicas = ptr.To(rapid.Int32Range(1, 40).Draw(t, "most"))
			if !m.settle() {
				t.Fatalf("%s: does not settle within the limit; now: %s", what, m)
			}
		}
		for _, replicas := range m.changes {
			if replicas > m.most {
				t.Fatalf("%s: %d replicas, and %d are enough on any architecture; now: %s", what, replicas, m.most, m)
			}
		}
		checkMet(t, m, what, "")
	})
}

// While pods are on the move, one of a slower architecture may be there that is not seen yet: it would stay, without its
// deletion cost, where a faster one goes.
func TestShrinksBySlowNodesWhilePodsAreOnTheMove(t *testing.T) {
	web := modelWeb(2780, map[string]int32{"arm64": 1000, "amd64": 500}, "arm64", "amd64")
	record := Record{Generation: 1, Pod: podHash(&web.Spec), Replicas: 5}
	for name, tc := range map[string]struct {
		updated, slowNodes int
		want               int32
	}{
		"a rollout, slow nodes":       {3, 1, 5},
		"a rollout, no slow nodes":    {3, 0, 3},
		"all pods seen, slow nodes":   {5, 1, 3},
		"all pods seen, no such node": {5, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			observed := Observed{
				Image: Image{State: ImageFailed},
				Nodes: &Nodes{All: map[string]int{"arm64": 2, "amd64": 1}, Schedulable: map[string]int{"arm64": 2, "amd64": tc.slowNodes}},
				Deployment: &appsv1.Deployment{
					ObjectMeta: metav1.ObjectMeta{Generation: 2, Annotations: map[string]string{AnnotationRecord: record.String()}},
					Spec:       appsv1.DeploymentSpec{Replicas: ptr.To[int32](5)},
					Status:     appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 5, UpdatedReplicas: int32(tc.updated), ReadyReplicas: 5}, //nolint:gosec // 5 at most.
				},
			}
			for i := range 5 {
				hash := "new"
				if i >= tc.updated {
					hash = "old"
				}
				observed.Pods = append(observed.Pods, Pod{Name: fmt.Sprint("shop-", i), TemplateHash: hash, Node: "a", Architecture: "arm64", Ready: true})
			}
			if got := Make(web, observed).Replicas; got != tc.want {
				t.Errorf("%d replicas, want %d", got, tc.want)
			}
		})
	}
}

// stand is a settled world: pods on nodes with room for more, all ready, as a demand called for them.
func stand(t *testing.T, demand int32, rates map[string]int32, pods map[string]int, slots map[string]int, names ...string) *model {
	t.Helper()
	m := newModel(rand.New(rand.NewPCG(1, 1)), modelWeb(demand, rates, names...), nil) //nolint:gosec // no secret.
	for _, name := range names {
		m.nodes = append(m.nodes, &modelNode{name: name, architecture: name, slots: pods[name]})
	}
	if !m.settle() {
		t.Fatalf("does not settle: %s", m)
	}
	for _, node := range m.nodes {
		node.slots = slots[node.architecture]
	}
	m.begin()
	return m
}

func TestOneSlowPodDoesNotMultiplyTheReplicas(t *testing.T) {
	rates := map[string]int32{"arm64": 1000, "s390x": 100}
	// 99 find room on the best architecture, the hundredth does not; then there is room again.
	m := newModel(rand.New(rand.NewPCG(1, 1)), modelWeb(100_000, rates, "arm64", "s390x"), nil) //nolint:gosec // no secret.
	m.nodes = []*modelNode{{name: "arm64", architecture: "arm64", slots: 99}, {name: "s390x", architecture: "s390x", slots: 10}}
	for range 1000 {
		if m.plan(); len(m.pods) == 100 && !slices.ContainsFunc(m.pods, func(pod *modelPod) bool { return pod.Node == "" }) {
			break
		}
		m.controlDeployment()
		m.controlSets()
		m.schedule()
	}
	m.nodes[0].slots = 200
	if !m.settle() {
		t.Fatalf("does not settle: %s", m)
	}
	for _, replicas := range m.changes {
		if replicas > 101 {
			t.Errorf("%d replicas: %s", replicas, m)
		}
	}
	if m.replicas != 100 || m.served() != 100_000 {
		t.Errorf("not settled on the best architecture: %s", m)
	}
}

// A rollout whose surge has no room but on the slow nodes changes no number while it runs, and one at most
// for the slow pod that it leaves behind: that goes again.
func TestSurgeOnASlowNodeChangesNoCount(t *testing.T) {
	names := []string{"arm64", "s390x"}
	m := stand(t, 10_000, map[string]int32{"arm64": 1000, "s390x": 100}, map[string]int{"arm64": 10},
		map[string]int{"arm64": 10, "s390x": 20}, names...)
	m.web.Generation++
	m.web.Spec.Image = "shop:2"
	m.plan()
	for range 300 {
		if m.disturb(1); m.count(m.template) == int32(m.alive()) { //nolint:gosec // some dozens.
			break
		}
		if len(m.changes) > 0 {
			t.Fatalf("changed while the rollout ran: %s", m)
		}
	}
	if !m.settle() {
		t.Fatalf("does not settle: %s", m)
	}
	for _, replicas := range m.changes {
		if replicas > 20 {
			t.Errorf("%d replicas: %s", replicas, m)
		}
	}
	if m.served() != 10_000 || m.replicas != 10 || len(m.changes) > 3 {
		t.Errorf("not settled on the best architecture: %s", m)
	}
}

// The slower pods leave when the best architecture suffices, and none of the others.
func TestSlowerPodsLeave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		m := newModel(rand.New(rand.NewPCG(seed, 1)), modelWeb(12_000, map[string]int32{"arm64": 1000, "amd64": 500}, "arm64", "amd64"), //nolint:gosec // no secret.
			[]*modelNode{{name: "a", architecture: "arm64", slots: 8}, {name: "b", architecture: "amd64", slots: 40}})
		if !m.settle() || m.replicas != 24 || m.served() != 12_000 {
			t.Fatalf("did not spill: %s", m)
		}
		fast := map[string]bool{}
		for _, pod := range m.pods {
			fast[pod.Name] = pod.Architecture == "arm64"
		}
		m.begin()
		m.web.Generation++
		m.web.Spec.TotalQPS = ptr.To[int32](8000)
		m.disturb(rapid.IntRange(0, 30).Draw(t, "disturbed"))
		if !m.settle() || m.replicas != 8 || len(m.changes) != 1 {
			t.Fatalf("not settled on the best architecture: %s", m)
		}
		for _, pod := range m.pods {
			if !fast[pod.Name] {
				t.Fatalf("%s on %s was not there, or was slow: %s", pod.Name, pod.Architecture, m)
			}
		}
	})
}
