// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

type web = elasticwebv1.ElasticWeb

func shop() *web {
	w := &web{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "dev", UID: "1", Generation: 1}}
	w.Spec = elasticwebv1.ElasticWebSpec{Image: "shop:1", Port: ptr.To[int32](30001), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
		Architectures: []elasticwebv1.ArchitectureSpec{{Name: "amd64"}, {Name: "arm64", SinglePodsQPS: ptr.To[int32](500)}}}
	return w
}

// running is the world in which an ElasticWeb was carried out, with its pods on an architecture.
func running(w *web, architecture string) plan.Observed {
	world := plan.Observed{Nodes: &plan.Nodes{All: map[string]int{"amd64": 2, "arm64": 2}, Schedulable: map[string]int{"amd64": 2, "arm64": 2}}}
	side := Side{Web: w, Observed: world}
	side.plan()
	world.Deployment = &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: w.Name, Annotations: map[string]string{plan.AnnotationRecord: side.planned.Record.String()}}}
	world.Deployment.Spec.Replicas = ptr.To(side.planned.Replicas)
	world.Deployment.Status = appsv1.DeploymentStatus{Replicas: side.planned.Replicas, UpdatedReplicas: side.planned.Replicas}
	for i := range side.planned.Replicas {
		world.Pods = append(world.Pods, plan.Pod{Name: fmt.Sprint(i), Node: "n", Architecture: architecture, TemplateHash: "1", Ready: true})
	}
	return world
}

func TestCompare(t *testing.T) {
	for name, tc := range map[string]struct {
		on     string
		change func(*web, *Side)
		want   Outcome
	}{
		"nothing": {"amd64", func(*web, *Side) {}, Outcome{PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3}},
		"more demand": {"amd64", func(w *web, _ *Side) { w.Spec.TotalQPS = ptr.To[int32](9000) },
			Outcome{Changes: true, PodsNow: 3, Pods: 12, PodsSettled: 12, PodsAsked: 12}},
		"no demand": {"amd64", func(w *web, _ *Side) { w.Spec.TotalQPS = nil },
			Outcome{Changes: true, PodsNow: 3}},
		"traffic": {"amd64", func(w *web, s *Side) {
			w.Spec.TotalQPS, w.Spec.Demand = nil, &elasticwebv1.DemandSpec{Prometheus: &elasticwebv1.PrometheusDemand{Query: "up"}}
			s.Observed.Traffic = &plan.Traffic{Holds: true}
		}, Outcome{Changes: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3, Notes: []string{
			"the traffic of spec.demand is not read here: the pods stay as many as they are until the operator has read it, and follow it then"}}},
		"a limit": {"amd64", func(w *web, _ *Side) { w.Spec.MaxReplicas = ptr.To[int32](2) },
			Outcome{Changes: true, PodsNow: 3, Pods: 2, PodsSettled: 2, PodsAsked: 3, Notes: []string{"the demand calls for 3 pods, and spec.maxReplicas allows 2"}}},
		"a version": {"amd64", func(w *web, _ *Side) { w.Spec.Image = "shop:2" },
			Outcome{Changes: true, Restarts: true, Causes: []string{"spec.image"}, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3,
				Notes: []string{"the registry was not asked for the image; the operator asks it, and the architectures follow from what it says"}}},
		"two causes": {"amd64", func(w *web, _ *Side) {
			w.Spec.PodLabels, w.Spec.PriorityClassName, w.Spec.TotalQPS = map[string]string{"a": "b"}, "high", ptr.To[int32](800)
		}, Outcome{Changes: true, Restarts: true, Causes: []string{"spec.podLabels", "spec.priorityClassName"}, PodsNow: 3, Pods: 1, PodsSettled: 1, PodsAsked: 1,
			Notes: []string{"the registry was not asked for the image; the operator asks it, and the architectures follow from what it says"}}},
		"a number that changes no order": {"amd64", func(w *web, _ *Side) { w.Spec.Architectures[1].SinglePodsQPS = ptr.To[int32](600) },
			Outcome{Changes: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3}},
		"a number that changes the order": {"amd64", func(w *web, _ *Side) { w.Spec.Architectures[1].SinglePodsQPS = ptr.To[int32](1200) },
			Outcome{Changes: true, Restarts: true, Causes: []string{"spec.architectures"}, PodsNow: 3, Pods: 3, PodsSettled: 2, PodsAsked: 3,
				Architectures: [][]string{{"arm64"}, {"amd64"}},
				Notes:         []string{"the registry was not asked for the image; the operator asks it, and the architectures follow from what it says"}}},
		"rollout settings": {"amd64", func(w *web, _ *Side) { w.Spec.Rollout = &elasticwebv1.RolloutSpec{MinReadySeconds: ptr.To[int32](5)} },
			Outcome{Changes: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3}},
		"restarts for the template": {"amd64", func(w *web, s *Side) {
			w.Spec.Rebalance = &elasticwebv1.RebalanceSpec{Mode: elasticwebv1.RebalanceSurge, RestartForTemplate: ptr.To(true)}
			s.Observed.HasKarpenter = true
		}, Outcome{Changes: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3, Notes: []string{
			"all pods are replaced without a change of yours, since spec.rebalance.restartForTemplate is true, for what waits for a rollout: how the pods are placed"}}},
		"restarts with nothing that waits": {"amd64", func(w *web, _ *Side) {
			w.Spec.Rebalance = &elasticwebv1.RebalanceSpec{Mode: elasticwebv1.RebalanceSurge, RestartForTemplate: ptr.To(true)}
		}, Outcome{Changes: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3}},
		"a template that is refused": {"amd64", func(w *web, s *Side) {
			w.Spec.Image, s.Refusal, s.Observed.KeepsTemplate = "shop:2", errors.New("spec.podTemplate.spec.foo: unknown field"), true
		}, Outcome{Changes: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3, Refused: []string{"spec.podTemplate.spec.foo: unknown field; the pods keep the template that they have"}}},
		"a template that does not fit": {"amd64", func(w *web, _ *Side) {
			w.Spec.PodTemplate = &runtime.RawExtension{Raw: []byte(`{"spec":{"containers":[{"name":"web","ports":[{"containerPort":8080}]}]}}`)}
		}, Outcome{Changes: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3, Refused: []string{"spec.podTemplate.spec.containers: port 8080 of the container web is the one named http, which spec.containerPort sets; leave it out; the pods keep the template that they have"}}},
		"an architecture that the selector excludes": {"amd64", func(w *web, _ *Side) { w.Spec.NodeSelector = map[string]string{corev1.LabelArchStable: "s390x"} },
			Outcome{Changes: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3, Refused: []string{""}}},
		"paused": {"amd64", func(w *web, s *Side) {
			w.Annotations, s.Where = map[string]string{elasticwebv1.AnnotationPaused: "True"}, "-n dev --context=prod"
		},
			Outcome{Paused: true, PodsNow: 3, Pods: 3, PodsSettled: 3, PodsAsked: 3, Notes: []string{"it is paused: nothing of this is carried out before kubectl elasticweb -n dev --context=prod resume shop"}}},
	} {
		t.Run(name, func(t *testing.T) {
			observed := running(shop(), tc.on)
			after := Side{Web: shop(), Observed: observed}
			after.Web.Generation++
			tc.change(after.Web, &after)
			got := Compare(Side{Web: shop(), Observed: observed}, after)
			tc.want.Name, tc.want.Namespace, tc.want.ArchitecturesNow, tc.want.Diff = "shop", "dev", [][]string{{"amd64"}, {"arm64"}}, got.Diff
			tc.want.Serves, tc.want.Joined = got.Serves, got.Joined // see TestWhoGetsTheRequests.
			if tc.want.Architectures == nil {
				tc.want.Architectures = got.Architectures
			}
			if len(tc.want.Refused) == 1 && tc.want.Refused[0] == "" && len(got.Refused) == 1 {
				tc.want.Refused, tc.want.Notes = got.Refused, got.Notes
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if (got.Diff != "") != (name != "nothing" && name != "paused") {
				t.Errorf("the diff: %q", got.Diff)
			}
		})
	}
}

// TestWhatContradictsItself: the pods keep the template that they have, and their number follows the demand.
func TestWhatContradictsItself(t *testing.T) {
	impossible, observed := shop(), running(shop(), "amd64")
	impossible.Spec.NodeSelector, impossible.Spec.TotalQPS = map[string]string{corev1.LabelArchStable: "s390x"}, ptr.To[int32](9000)
	got := Compare(Side{Web: shop(), Observed: observed}, Side{Web: impossible, Observed: observed})
	if got.PodsNow != 3 || got.Pods != 12 || got.PodsSettled != 12 || got.Restarts || len(got.Refused) != 1 || !strings.Contains(got.Refused[0], "s390x") ||
		!strings.Contains(got.Diff, "+replicas: 12") || strings.Contains(got.Diff, "template:") {
		t.Errorf("%+v", got)
	}
}

// TestWhatCannotBeMade: the operator writes no Deployment.
func TestWhatCannotBeMade(t *testing.T) {
	impossible, refused := shop(), Side{Web: shop(), Refusal: errors.New("spec.podTemplate.spec.foo: unknown field")}
	impossible.Spec.NodeSelector, impossible.Spec.TotalQPS = map[string]string{corev1.LabelArchStable: "s390x"}, ptr.To[int32](9000)
	refused.Observed.KeepsTemplate = true
	for name, after := range map[string]Side{"a contradiction": {Web: impossible}, "a refusal": refused} {
		got := Compare(Side{}, after)
		if got.PodsNow != 0 || got.Pods != 0 || got.PodsSettled != 0 || strings.Contains(got.Diff, "Deployment/shop") || len(got.Refused) != 1 || got.Restarts {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestWhatWasNotCarriedOut: whether pods are replaced is by what runs, where the spec of before is not that.
func TestWhatWasNotCarriedOut(t *testing.T) {
	observed, lost := running(shop(), "amd64"), running(shop(), "amd64")
	lost.Deployment.Annotations = nil
	refused := Side{Web: shop(), Observed: observed, Refusal: errors.New("spec.podTemplate.spec.foo: unknown field")}
	refused.Web.Spec.PodTemplate, refused.Observed.KeepsTemplate = &runtime.RawExtension{Raw: []byte(`{"spec":{"foo":1}}`)}, true
	impossible := shop()
	impossible.Spec.NodeSelector = map[string]string{corev1.LabelArchStable: "s390x"}
	paused := shop()
	paused.Annotations, paused.Spec.PodLabels = map[string]string{elasticwebv1.AnnotationPaused: "true"}, map[string]string{"a": "b"}
	priority := paused.DeepCopy()
	priority.Spec.PriorityClassName = "high"
	more := paused.DeepCopy()
	more.Spec.TotalQPS = ptr.To[int32](800)
	for name, tc := range map[string]struct {
		before Side
		after  *web
		world  plan.Observed
		causes []string
	}{
		"refused, and reverted":          {refused, shop(), observed, nil},
		"a contradiction, and reverted":  {Side{Web: impossible, Observed: observed}, shop(), observed, nil},
		"paused, and reverted":           {Side{Web: paused, Observed: observed}, shop(), observed, nil},
		"paused, and another number":     {Side{Web: paused, Observed: observed}, more, observed, []string{notCarriedOut}},
		"paused, and another change":     {Side{Web: paused, Observed: observed}, priority, observed, []string{"spec.priorityClassName", notCarriedOut}},
		"unreadable, and repaired":       {Side{Unreadable: "spec.port: a string"}, shop(), observed, nil},
		"unreadable, and made another":   {Side{Unreadable: "spec.port: a string"}, paused, observed, []string{notCarriedOut}},
		"the record is lost, and a spec": {Side{Web: shop(), Observed: lost}, shop(), lost, nil},
	} {
		got := Compare(tc.before, Side{Web: tc.after, Observed: tc.world})
		if diff := cmp.Diff(tc.causes, got.Causes); diff != "" || got.Restarts != (tc.causes != nil) || got.IsNew {
			t.Errorf("%s: restarts %t, new %t: %s", name, got.Restarts, got.IsNew, diff)
		}
		if unreadable := tc.before.Unreadable; unreadable != "" && !strings.Contains(strings.Join(got.Notes, "\n"), "counts as new: "+unreadable) {
			t.Errorf("%s: %q", name, got.Notes)
		}
	}
}

// TestManyPods: the pods of a plan are not imagined where they would not fit into the memory.
func TestManyPods(t *testing.T) {
	many := shop()
	many.Spec.TotalQPS, many.Spec.Replicas = nil, ptr.To[int32](math.MaxInt32)
	got := Compare(Side{}, Side{Web: many})
	if got.Pods != math.MaxInt32 || got.PodsSettled != math.MaxInt32 || !strings.Contains(strings.Join(got.Notes, "\n"), "worked out for 10,000 at most") {
		t.Errorf("%+v", got)
	}
}

// TestWordsOfTheUser: a field is named where the user wrote it.
func TestWordsOfTheUser(t *testing.T) {
	observed := running(shop(), "amd64")
	given := shop()
	given.Spec.PodTemplate = &runtime.RawExtension{Raw: []byte(`{"spec":{"nodeSelector":{"disk":"fast"}}}`)}
	side := func(given *web) Side {
		resolved, words, err := podtemplate.Resolved(given)
		if err != nil {
			t.Fatal(err)
		}
		return Side{Web: resolved, Given: given, Words: words, Observed: observed}
	}
	added := Compare(side(shop()), side(given))
	if len(added.Causes) != 1 || added.Causes[0] != "spec.podTemplate.spec.nodeSelector" || !strings.Contains(added.Diff, "+podTemplate:") || strings.Contains(strings.Split(added.Diff, "Deployment/shop")[0], "+nodeSelector:") {
		t.Errorf("%q\n%s", added.Causes, added.Diff)
	}
	given.Spec.PodTemplate.Raw = []byte(`{"spec":{"nodeSelector":{"kubernetes.io/arch":"s390x"}}}`)
	if got := Compare(side(shop()), side(given)); len(got.Refused) != 1 || !strings.Contains(got.Refused[0], "spec.podTemplate.spec.nodeSelector") {
		t.Errorf("%q", got.Refused)
	}
	given.Spec.PodTemplate.Raw = []byte(`{"spec":{"nodeSelector":{"disk":"fast"}}}`)
	observed = running(side(given).Web, "amd64")
	removed := Compare(side(given), side(shop()))
	if len(removed.Causes) != 1 || removed.Causes[0] != "spec.podTemplate.spec.nodeSelector" {
		t.Errorf("%q", removed.Causes)
	}
}

func TestANewOne(t *testing.T) {
	got := Compare(Side{}, Side{Web: shop(), Observed: plan.Observed{
		Image: plan.Image{State: plan.ImageFailed, Message: "no answer"}, Nodes: &plan.Nodes{Schedulable: map[string]int{"amd64": 1}, All: map[string]int{"amd64": 1}},
	}})
	if !got.IsNew || !got.Changes || got.Pods != 3 || got.Restarts || !strings.Contains(got.Diff, "+++ Service/shop planned") {
		t.Errorf("%+v", got)
	}
	text := got.Text(screen.Fit(80, false))
	for _, want := range []string{"ElasticWeb shop in dev: new\n", "Pods      3, now 0\n", "Runs on   amd64, then arm64\n", "there are no pods yet", "not known here: no answer"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

// TestSettled: pods that have landed on slow nodes are counted with, and a rollout moves them.
func TestSettled(t *testing.T) {
	slow := running(shop(), "arm64")
	after := Side{Web: shop(), Observed: slow}
	after.Web.Spec.Image = "shop:2"
	if got := Compare(Side{Web: shop(), Observed: slow}, after); got.Pods != 5 || got.PodsSettled != 3 {
		t.Errorf("a rollout: %d, settled %d", got.Pods, got.PodsSettled)
	}
	after.Web.Spec.Image = "shop:1"
	if got := Compare(Side{Web: shop(), Observed: slow}, after); got.Pods != 5 || len(got.Notes) != 1 || got.Notes[0] != "without the change the number of pods goes to 5" {
		t.Errorf("the slow pods: %+v", got)
	}
}

// TestWhoGetsTheRequests: what pods serve once a change is carried out, by weights where the way in knows them, else those that joined.
func TestWhoGetsTheRequests(t *testing.T) {
	mixed := func(change func(*web)) *web {
		w := shop()
		w.Spec.TotalQPS, w.Spec.Architectures = ptr.To[int32](3300), []elasticwebv1.ArchitectureSpec{{Name: "amd64", SinglePodsQPS: ptr.To[int32](800)}, {Name: "arm64", SinglePodsQPS: ptr.To[int32](300)}}
		w.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{ParentRefs: []elasticwebv1.GatewayReference{{Name: "public"}}, Hostnames: []elasticwebv1.Hostname{"shop.example.com"}}}
		change(w)
		return w
	}
	asIs := func(*web) {}
	// Three pods on amd64, and three that spilled, with a way in that goes by weights.
	world := running(mixed(asIs), "amd64")
	world.Deployment.Spec.Replicas = ptr.To[int32](6)
	world.Deployment.Status = appsv1.DeploymentStatus{Replicas: 6, UpdatedReplicas: 6}
	record := plan.RecordOf(world.Deployment)
	record.Replicas = 6
	world.Deployment.Annotations[plan.AnnotationRecord] = record.String()
	world.Deployment.Spec.Template.Labels = map[string]string{
		elasticwebv1.LabelJoined: "true", elasticwebv1.LabelTierPrefix + "amd64": "true", elasticwebv1.LabelTierPrefix + "arm64": "true"}
	world.Way = plan.Way{IsAdmitted: true, IsInForce: true, Services: map[string]bool{"amd64": true, "arm64": true}}
	world.HTTPRoute = &way.HTTPRoute{}
	world.Pods = nil
	for i, architecture := range []string{"amd64", "amd64", "amd64", "arm64", "arm64", "arm64"} {
		pod := plan.Pod{Name: fmt.Sprint(i), Node: "n", Architecture: architecture, TemplateHash: "1", Ready: true, JoinedLabel: "true", Tiers: "amd64=true,arm64=true"}
		if architecture == "arm64" {
			pod.Tiers, pod.DeletionCost = "amd64=false,arm64=true", "-100"
		}
		world.Pods = append(world.Pods, pod)
	}
	for name, tc := range map[string]struct {
		change func(*web)
		pods   int32
		says   string
	}{
		"by weights":       {asIs, 6, "up to 3,300 requests per second, by weights: shop-8d9001d3-amd64 5, shop-8d9001d3-arm64 6"},
		"fewer":            {func(w *web) { w.Spec.TotalQPS = ptr.To[int32](3000) }, 5, "up to 3,000 requests per second, by weights: shop-8d9001d3-amd64 1, shop-8d9001d3-arm64 1"},
		"without a way in": {func(w *web) { w.Spec.Expose, w.Spec.MaxReplicas = nil, ptr.To[int32](6) }, 6, "up to 2,400 requests per second, by the pods on amd64; those on arm64 wait without any"},
		"by fewest requests": {func(w *web) {
			w.Spec.Balancing, w.Spec.MaxReplicas = ptr.To(elasticwebv1.BalancingLeastRequest), ptr.To[int32](6)
		}, 6, "up to 2,970 requests per second"},
		"nothing":                 {func(w *web) { w.Spec.TotalQPS = nil }, 0, ""},
		"all on one architecture": {func(w *web) { w.Spec.Image = "shop:2" }, 5, "up to 4,000 requests per second"},
	} {
		after := mixed(tc.change)
		after.Generation++
		got := Compare(Side{Web: mixed(asIs), Observed: world}, Side{Web: after, Observed: world})
		if got.PodsSettled != tc.pods || got.ServingText() != tc.says {
			t.Errorf("%s: %d settled (%d at once), %q", name, got.PodsSettled, got.Pods, got.ServingText())
		}
	}
	// A few more that are there to bring others back are no pods that the demand calls for.
	surging := world
	surging.Deployment = world.Deployment.DeepCopy()
	record.Surge, surging.Surge = 1, 1
	surging.Deployment.Annotations[plan.AnnotationRecord], surging.Deployment.Spec.Replicas = record.String(), ptr.To[int32](7)
	if got := Compare(Side{Web: mixed(asIs), Observed: surging}, Side{Web: mixed(asIs), Observed: surging}); got.PodsNow != 6 || got.Pods != 6 || got.Changes {
		t.Errorf("while others are brought back: now %d, planned %d, changes %t", got.PodsNow, got.Pods, got.Changes)
	}
}

func TestTextIsHarmless(t *testing.T) {
	o := Outcome{Name: "a\x1b[2J", Architectures: [][]string{{"\x1b[31m"}}, Refused: []string{"\x07"}, Notes: []string{strings.Repeat("x", 5000)}, Diff: "+a\x1b]0;x\x07\n-b\n"}
	for line := range strings.Lines(o.Text(screen.Fit(80, false))) {
		if strings.ContainsAny(line, "\x1b\x07") || len(line) > 81 {
			t.Errorf("%q", line)
		}
	}
}

// The way in is a part of the diff, and of what the API server is asked about, be it that another kind takes its place.
func TestTheWayInIsPlanned(t *testing.T) {
	before := shop()
	before.Spec.Expose = &elasticwebv1.ExposeSpec{Ingress: &elasticwebv1.IngressSpec{Host: "old.example.com"}}
	after := before.DeepCopy()
	after.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{
		ParentRefs: []elasticwebv1.GatewayReference{{Name: "public"}}, Hostnames: []elasticwebv1.Hostname{"new.example.com"}}}
	world := running(before, "amd64")
	got := Compare(Side{Web: before, Observed: world}, Side{Web: after, Observed: world})
	for _, want := range []string{"--- Ingress/shop now", "-- host: old.example.com\n", "+++ HTTPRoute/shop planned", "+- new.example.com\n", "+    kind: Service"} {
		if !strings.Contains(got.Diff, want) {
			t.Errorf("there is no %q in\n%s", want, got.Diff)
		}
	}
	if got.Restarts || got.Pods != 3 {
		t.Errorf("%+v", got)
	}
	if objects := Objects(Side{Web: after, Observed: world}); objects["HTTPRoute"] == nil || objects["Ingress"] != nil {
		t.Errorf("the API server is asked about %v", objects)
	}
}
