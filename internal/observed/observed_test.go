// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"maps"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

func node(name, architecture, system string, isCordoned bool) corev1.Node {
	labels := map[string]string{}
	for label, value := range map[string]string{corev1.LabelArchStable: architecture, corev1.LabelOSStable: system} {
		if value != "" {
			labels[label] = value
		}
	}
	return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.NodeSpec{Unschedulable: isCordoned}}
}

func TestNodesAreCountedByArchitecture(t *testing.T) {
	got := CountNodes([]corev1.Node{
		node("a", "amd64", "linux", false), node("b", "amd64", "", true), node("c", "arm64", "linux", true),
		node("d", "amd64", "windows", false), node("e", "", "linux", false),
	})
	if want := map[string]string{"a": "amd64", "b": "amd64", "c": "arm64", "d": "amd64", "e": ""}; !maps.Equal(got.Architecture, want) {
		t.Errorf("%v, want %v", got.Architecture, want)
	}
	want := &plan.Nodes{All: map[string]int{"amd64": 2, "arm64": 1}, Schedulable: map[string]int{"amd64": 1}}
	if counts := got.For(NodeTerms{}); !reflect.DeepEqual(counts, want) {
		t.Errorf("%+v, want %+v", counts, want)
	}
	if (Nodes{}).For(NodeTerms{NodeSelector: map[string]string{"a": "b"}}) != nil {
		t.Error("nodes that nobody may read were counted")
	}
}

func tainted(taints ...corev1.Taint) corev1.Node {
	n := node("n", "arm64", "linux", false)
	n.Spec.Taints = taints
	return n
}

func labelled(key, value string) corev1.Node {
	n := node("n", "arm64", "linux", false)
	n.Labels[key] = value
	return n
}

func requiring(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}

func in(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
}

// A node counts as the scheduler counts it for these very pods.
func TestANodeCountsForThePodsThatItTakes(t *testing.T) {
	leaving := node("n", "arm64", "linux", false)
	leaving.DeletionTimestamp = ptr.To(metav1.Unix(1, 0))
	no, out, rather := corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute, corev1.TaintEffectPreferNoSchedule
	const closed, passes, open = 0, 1, 2 // for good, for a while, not at all.
	for name, test := range map[string]struct {
		node  corev1.Node
		terms NodeTerms
		want  int
	}{
		"a node like any":                    {node("n", "arm64", "linux", false), NodeTerms{}, open},
		"cordoned":                           {node("n", "arm64", "linux", true), NodeTerms{}, passes},
		"cordoned, for who tolerates that":   {node("n", "arm64", "linux", true), NodeTerms{Tolerations: []corev1.Toleration{{Operator: "Exists"}}}, open},
		"being deleted":                      {leaving, NodeTerms{}, passes},
		"not ready":                          {tainted(corev1.Taint{Key: "node.kubernetes.io/not-ready", Effect: no}), NodeTerms{}, passes},
		"not initialized":                    {tainted(corev1.Taint{Key: "node.cloudprovider.kubernetes.io/uninitialized", Value: "true", Effect: no}), NodeTerms{}, passes},
		"not registered":                     {tainted(corev1.Taint{Key: "karpenter.sh/unregistered", Effect: out}), NodeTerms{}, passes},
		"a control plane's":                  {tainted(corev1.Taint{Key: "node-role.kubernetes.io/control-plane", Effect: no}), NodeTerms{}, closed},
		"a virtual one":                      {tainted(corev1.Taint{Key: "virtual-kubelet.io/provider", Value: "x", Effect: no}), NodeTerms{}, closed},
		"somebody's own":                     {tainted(corev1.Taint{Key: "team", Value: "a", Effect: no}), NodeTerms{}, closed},
		"one's own":                          {tainted(corev1.Taint{Key: "team", Value: "a", Effect: no}), NodeTerms{Tolerations: []corev1.Toleration{{Key: "team", Value: "a"}}}, open},
		"one's own, and not ready":           {tainted(corev1.Taint{Key: "node.kubernetes.io/not-ready", Effect: no}, corev1.Taint{Key: "team", Value: "a", Effect: no}), NodeTerms{Tolerations: []corev1.Toleration{{Key: "team", Value: "a"}}}, passes},
		"rather not":                         {tainted(corev1.Taint{Key: "team", Value: "a", Effect: rather}), NodeTerms{}, open},
		"marked with its architecture":       {tainted(corev1.Taint{Key: "kubernetes.io/arch", Value: "arm64", Effect: no}), NodeTerms{}, open},
		"marked with another architecture":   {tainted(corev1.Taint{Key: "kubernetes.io/arch", Value: "amd64", Effect: no}), NodeTerms{}, closed},
		"of the pool":                        {labelled("pool", "web"), NodeTerms{NodeSelector: map[string]string{"pool": "web"}}, open},
		"of another pool":                    {labelled("pool", "db"), NodeTerms{NodeSelector: map[string]string{"pool": "web"}}, closed},
		"of a pool that is required":         {labelled("pool", "web"), NodeTerms{Affinity: requiring(corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{in("pool", "db", "web")}})}, open},
		"of a pool that is not":              {labelled("pool", "gpu"), NodeTerms{Affinity: requiring(corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{in("pool", "db", "web")}})}, closed},
		"by name, which is not looked at":    {labelled("pool", "gpu"), NodeTerms{NodeSelector: map[string]string{"kubernetes.io/hostname": "m"}}, open},
		"by name in terms":                   {labelled("pool", "gpu"), NodeTerms{Affinity: requiring(corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{in("metadata.name", "m")}})}, open},
		"by host name and label":             {labelled("pool", "gpu"), NodeTerms{Affinity: requiring(corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{in("kubernetes.io/hostname", "m"), in("pool", "web")}})}, closed},
		"an empty term matches nothing":      {labelled("pool", "gpu"), NodeTerms{Affinity: requiring(corev1.NodeSelectorTerm{})}, closed},
		"what is preferred is not required":  {labelled("pool", "gpu"), NodeTerms{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}}, open},
		"what no selector can be is nothing": {labelled("pool", "gpu"), NodeTerms{Affinity: requiring(corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "pool", Operator: "Like"}}})}, closed},
	} {
		counts := CountNodes([]corev1.Node{test.node}).For(test.terms)
		if got := counts.All["arm64"] + counts.Schedulable["arm64"]; got != test.want {
			t.Errorf("%s: %+v", name, counts)
		}
	}
}

func TestNodesThatAreAlikeAreCountedTogether(t *testing.T) {
	one, other := labelled("kubernetes.io/hostname", "one"), labelled("kubernetes.io/hostname", "other")
	marked := tainted(corev1.Taint{Key: "team", Effect: corev1.TaintEffectNoSchedule})
	nodes := CountNodes([]corev1.Node{one, other, marked})
	if len(nodes.groups) != 2 || nodes.For(NodeTerms{}).Schedulable["arm64"] != 2 {
		t.Errorf("%+v", nodes.groups)
	}
	if !nodes.IsLike(CountNodes([]corev1.Node{marked, one})) || nodes.IsLike(CountNodes([]corev1.Node{one, other})) || nodes.IsLike(Nodes{}) {
		t.Error("how many there are of each is another thing")
	}
}

// Who does not tolerate a taint need not hear of its nodes.
func TestArchitecturesAreTheSameWhateverTheNumberOfNodes(t *testing.T) {
	amd, arm, cordoned := node("a", "amd64", "", false), node("b", "arm64", "", false), node("c", "arm64", "", true)
	marked := tainted(corev1.Taint{Key: "team", Effect: corev1.TaintEffectNoSchedule})
	tolerant := NodeTerms{Tolerations: []corev1.Toleration{{Key: "team", Operator: corev1.TolerationOpExists}}}
	for name, test := range map[string]struct {
		one, other Nodes
		terms      NodeTerms
		want       bool
	}{
		"another number":            {CountNodes([]corev1.Node{amd}), CountNodes([]corev1.Node{amd, amd}), NodeTerms{}, true},
		"another architecture":      {CountNodes([]corev1.Node{amd}), CountNodes([]corev1.Node{arm}), NodeTerms{}, false},
		"one more":                  {CountNodes([]corev1.Node{amd}), CountNodes([]corev1.Node{amd, arm}), NodeTerms{}, false},
		"room for pods":             {CountNodes([]corev1.Node{amd, cordoned}), CountNodes([]corev1.Node{amd, arm}), NodeTerms{}, false},
		"not known":                 {Nodes{}, Nodes{}, NodeTerms{}, true},
		"not known, then known":     {Nodes{}, CountNodes(nil), NodeTerms{}, false},
		"a node of somebody else's": {CountNodes([]corev1.Node{amd}), CountNodes([]corev1.Node{amd, marked}), NodeTerms{}, true},
		"a node of the pods' own":   {CountNodes([]corev1.Node{amd}), CountNodes([]corev1.Node{amd, marked}), tolerant, false},
	} {
		if test.one.IsSameFor(test.terms, test.other) != test.want || test.other.IsSameFor(test.terms, test.one) != test.want {
			t.Errorf("%s: want %t", name, test.want)
		}
	}
}

func TestOfANodeItsArchitectureAndRoomConcern(t *testing.T) {
	before := node("a", "amd64", "linux", false)
	for name, test := range map[string]struct {
		after corev1.Node
		want  bool
	}{
		"another name": {node("b", "amd64", "linux", false), false},
		"architecture": {node("a", "arm64", "linux", false), true},
		"system":       {node("a", "amd64", "windows", false), true},
		"cordoned":     {node("a", "amd64", "linux", true), true},
		"tainted":      {tainted(corev1.Taint{Key: "a"}), true},
		"labelled":     {labelled("a", "b"), true},
	} {
		if NodeDiffers(&before, &test.after) != test.want {
			t.Errorf("%s: want %t", name, test.want)
		}
	}
}

func TestPod(t *testing.T) {
	now, nodes := time.Unix(1_000_000, 0), CountNodes([]corev1.Node{node("n", "arm64", "", false)})
	made := func(change func(*corev1.Pod)) *corev1.Pod {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", OwnerReferences: []metav1.OwnerReference{{Name: "set", Controller: ptr.To(true)}}}}
		change(pod)
		return pod
	}
	unschedulable := corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "no room"}
	gated := corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonSchedulingGated, Message: "gates"}
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		want plan.Pod
	}{
		"new":   {made(func(*corev1.Pod) {}), plan.Pod{}},
		"bound": {made(func(p *corev1.Pod) { p.Spec.NodeName = "n" }), plan.Pod{Node: "n", Architecture: "arm64"}},
		"ready": {made(func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		}), plan.Pod{Ready: true}},
		"without a node": {made(func(p *corev1.Pod) { p.Status.Conditions = []corev1.PodCondition{unschedulable} }), plan.Pod{Unschedulable: "no room"}},
		"behind a gate":  {made(func(p *corev1.Pod) { p.Status.Conditions = []corev1.PodCondition{gated} }), plan.Pod{Unschedulable: "gates"}},
		"with one since": {made(func(p *corev1.Pod) {
			p.Spec.NodeName, p.Status.Conditions = "n", []corev1.PodCondition{unschedulable}
		}), plan.Pod{Node: "n", Architecture: "arm64"}},
		"ending":    {made(func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} }), plan.Pod{Gone: true}},
		"failed":    {made(func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }), plan.Pod{Gone: true}},
		"succeeded": {made(func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }), plan.Pod{Gone: true}},
		"stamped":   {made(func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.PodDeletionCost: "5"} }), plan.Pod{DeletionCost: "5"}},
	} {
		test.want.Name, test.want.TemplateHash = "p", "set"
		if got := Pod(test.pod, "web", nodes, 0, now); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// A pod counts from the very moment on at which its ReplicaSet counts it as available.
func TestAPodCountsOnceItWasReadyForLongEnough(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for name, test := range map[string]struct {
		status   corev1.ConditionStatus
		since    time.Duration
		minReady time.Duration
		want     time.Duration // until it counts; less than 0 where it never does.
	}{
		"at once":               {corev1.ConditionTrue, 0, 0, 0},
		"one that warms up":     {corev1.ConditionTrue, 4 * time.Second, 10 * time.Second, 6 * time.Second},
		"one that has":          {corev1.ConditionTrue, 10 * time.Second, 10 * time.Second, 0},
		"by a clock that is up": {corev1.ConditionTrue, -time.Second, 10 * time.Second, 11 * time.Second},
		"one that is not ready": {corev1.ConditionFalse, time.Hour, 10 * time.Second, -1},
	} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", OwnerReferences: []metav1.OwnerReference{{Name: "set", Controller: ptr.To(true)}}},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{
				{Type: corev1.PodReady, Status: test.status, LastTransitionTime: metav1.NewTime(now.Add(-test.since))},
			}},
		}
		got := Pod(pod, "web", Nodes{}, test.minReady, now)
		if got.IsAvailable() != (test.want == 0) || NextChange([]plan.Pod{got}, now) != max(test.want, 0) {
			t.Errorf("%s: available: %t, changes after %s, want after %s", name, got.IsAvailable(), NextChange([]plan.Pod{got}, now), test.want)
		}
	}
}

func TestTheFirstFailureToPassIsWaitedFor(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	until := func(after time.Duration) plan.Pod {
		return plan.Pod{Failure: &podfailure.Failure{Until: now.Add(after)}}
	}
	pods := []plan.Pod{{}, {Failure: &podfailure.Failure{}}, until(-time.Second), until(3 * time.Second), until(2 * time.Second)}
	if got := NextChange(pods, now); got != 2*time.Second {
		t.Errorf("the first passes after %s", got)
	}
	if got := NextChange(pods[:3], now); got != 0 {
		t.Errorf("nothing passes, and is waited for %s", got)
	}
}

// Karpenter marks the nodes that it makes.
func TestNodesOfKarpenter(t *testing.T) {
	nodes := []corev1.Node{{}, {}}
	for i := range nodes {
		nodes[i].Name, nodes[i].Labels = []string{"a", "b"}[i], map[string]string{corev1.LabelArchStable: "arm64"}
	}
	if CountNodes(nodes).HasKarpenter {
		t.Error("Karpenter made nodes without its label")
	}
	nodes[1].Labels["karpenter.sh/nodepool"] = "arm64"
	if !CountNodes(nodes).HasKarpenter {
		t.Error("the label of Karpenter is passed over")
	}
}
