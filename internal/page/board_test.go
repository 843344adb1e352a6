// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world has a board whose clock the test moves.
type world struct {
	*Board
	at time.Time
}

func newWorld() *world {
	w := &world{at: start}
	w.Board = NewBoard("test", func() time.Time { return w.at })
	return w
}

func newWeb(name string, serving, asked int32, conditions ...metav1.Condition) *elasticwebv1.ElasticWeb {
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(start)}}
	web.Spec = elasticwebv1.ElasticWebSpec{Image: "shop:1", TotalQPS: ptr.To(asked)}
	web.Status = elasticwebv1.ElasticWebStatus{RealQPS: ptr.To(serving), Replicas: 3, ReadyReplicas: 3, PodsByArchitecture: "arm64=3", Conditions: conditions}
	return web
}

func condition(kind string, status metav1.ConditionStatus) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: "Because", Message: "of this", LastTransitionTime: metav1.NewTime(start)}
}

func TestRowsAreBoundedAndHarmless(t *testing.T) {
	long := "\x1b[31m<script>alert(1)</script>\u202e" + strings.Repeat("x", 1<<20)
	web := newWeb("a", 1, 1, metav1.Condition{Type: "Ready", Status: "True", Reason: long, Message: long})
	web.Status.PodsByArchitecture = long
	row := rowOf(web)
	for _, text := range []string{row.Reason, row.Message, row.Architectures} {
		if len(text) > 16*longestShort || strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("sent are %d bytes: %.60q", len(text), text)
		}
	}
}

// keys are those of rows.
func keys(n news) (names []string) {
	for _, row := range n.rows {
		names = append(names, row.Name)
	}
	for _, key := range n.gone {
		names = append(names, "-"+key.Name)
	}
	return names
}

func TestStreamsAreToldWhatChanged(t *testing.T) {
	w := newWorld()
	ready := condition("Ready", metav1.ConditionTrue)
	w.Set(newWeb("a", 1, 1, ready))
	s := w.join(types.NamespacedName{})
	if first := w.take(s); cmp.Diff([]string{"a"}, keys(first)) != "" || first.cluster == nil {
		t.Fatalf("at first it is told %+v", first)
	}
	if again := w.take(s); len(keys(again)) > 0 || again.cluster != nil {
		t.Errorf("without a change it is told %+v", again)
	}
	w.Set(newWeb("a", 1, 1, ready))
	if same := w.take(s); len(keys(same)) > 0 {
		t.Errorf("of one that is as it was it is told %v", keys(same))
	}
	for i := range int32(1000) { // however often it changes, it is told once.
		w.Set(newWeb("a", i, 1, ready))
	}
	w.Set(newWeb("b", 1, 1, ready))
	if got := w.take(s); len(keys(got)) != 2 || got.rows[0].Serving+got.rows[1].Serving != 1000 {
		t.Errorf("it is told %+v", got.rows)
	}
	w.Remove(types.NamespacedName{Namespace: "dev", Name: "b"})
	if got := keys(w.take(s)); cmp.Diff([]string{"-b"}, got) != "" {
		t.Errorf("of one that is gone it is told %v", got)
	}
	w.Replace([]*elasticwebv1.ElasticWeb{newWeb("c", 1, 1, ready)})
	if got := keys(w.take(s)); cmp.Diff([]string{"c", "-a"}, got) != "" {
		t.Errorf("of others in its place it is told %v", got)
	}
}

func TestOnlyWhatIsOpenedIsReadAgain(t *testing.T) {
	w := newWorld()
	opened := types.NamespacedName{Namespace: "dev", Name: "a"}
	s, list := w.join(opened), w.join(types.NamespacedName{})
	w.take(s)
	w.Touch(types.NamespacedName{Namespace: "dev", Name: "b"})
	if w.take(s).isStale {
		t.Error("a pod of another has it read again")
	}
	w.Touch(opened)
	if !w.take(s).isStale {
		t.Error("a pod of it does not have it read again")
	}
	w.TouchAll()
	if !w.take(s).isStale || w.take(list).isStale {
		t.Error("a node has what is opened read again, and nothing where nothing is")
	}
}

func TestACameBackClusterIsToldOnce(t *testing.T) {
	w := newWorld()
	s := w.join(types.NamespacedName{})
	w.Replace(nil)
	w.take(s)
	w.Away("connection refused")
	w.at = w.at.Add(time.Minute)
	w.Away("no route")
	state := w.take(s).cluster
	if state == nil || state.Away != "no route" || state.AwaySince != start.Unix() || !state.Loaded {
		t.Errorf("away: it is told %+v", state)
	}
	w.Replace(nil)
	if state := w.take(s).cluster; state == nil || state.Away != "" || state.AwaySince != 0 {
		t.Errorf("back: it is told %+v", state)
	}
	w.Replace(nil)
	if state := w.take(s).cluster; state != nil {
		t.Errorf("without a change it is told %+v", state)
	}
}

func TestStreamsAreNotWithoutNumber(t *testing.T) {
	w := newWorld()
	var last *stream
	for range mostStreams {
		if last = w.join(types.NamespacedName{}); last == nil {
			t.Fatal("too few may look")
		}
	}
	if w.join(types.NamespacedName{}) != nil {
		t.Error("one more than are allowed may look")
	}
	w.leave(last)
	if w.join(types.NamespacedName{}) == nil {
		t.Error("the place of one that left is not free")
	}
}

func TestThePastIsBounded(t *testing.T) {
	w := newWorld()
	key := types.NamespacedName{Namespace: "dev", Name: "a"}
	for i := range int32(5 * mostSamples) {
		w.at = w.at.Add(time.Second)
		w.Set(newWeb("a", i, 1))
	}
	samples, changes := w.past(key)
	if len(samples) != mostSamples || *samples[len(samples)-1].Serving != 5*mostSamples-1 || len(changes) != mostChanges {
		t.Errorf("%d samples and %d changes are kept", len(samples), len(changes))
	}
	if known := w.webs[key]; len(known.samples) > 2*mostSamples || len(known.changes) > 2*mostChanges {
		t.Errorf("%d samples and %d changes are in memory", len(known.samples), len(known.changes))
	}
	w.at = w.at.Add(time.Hour)
	w.Set(newWeb("a", 5*mostSamples-1, 1))
	if again, _ := w.past(key); again[len(again)-1].At != samples[len(samples)-1].At {
		t.Error("one that says the same is a sample of its own")
	}
	recreated := newWeb("a", 1, 1)
	recreated.UID = "other"
	w.Set(recreated)
	if samples, changes := w.past(key); len(samples) != 1 || len(changes) != 0 {
		t.Errorf("of one that was made anew there are %d samples and %d changes", len(samples), len(changes))
	}
}

func TestChangesAreSaid(t *testing.T) {
	before, after := newWeb("a", 2400, 2400, condition("Ready", metav1.ConditionTrue)), newWeb("a", 1600, 4800, condition("Ready", metav1.ConditionFalse))
	after.Status.ReadyReplicas, after.Status.PodsByArchitecture = 2, "arm64=2,amd64=1"
	want := []string{"spec.totalQPS: 2400 → 4800", "Serving: 2400 → 1600", "Pods ready: 3 of 3 → 2 of 3", "Pods by architecture: arm64=3 → arm64=2,amd64=1",
		"Ready: True, Because → False, Because"}
	if diff := cmp.Diff(want, changesOf(before, after)); diff != "" {
		t.Error(diff)
	}
	after = before.DeepCopy()
	after.Generation = 2
	if diff := cmp.Diff([]string{"the spec was changed"}, changesOf(before, after)); diff != "" {
		t.Error(diff)
	}
}

func TestSamplesAreOfTheTraffic(t *testing.T) {
	web := newWeb("a", 800, 0)
	web.Spec.TotalQPS, web.Spec.Demand = nil, &elasticwebv1.DemandSpec{}
	web.Status.Demand = &elasticwebv1.DemandStatus{ObservedQPS: ptr.To[int32](700), ExpectedQPS: ptr.To[int32](750), PlannedQPS: ptr.To[int64](900)}
	want := Sample{At: start.Unix(), Demand: ptr.To[int64](700), Expected: ptr.To[int64](750), Planned: ptr.To[int64](900), Serving: ptr.To[int64](800)}
	if diff := cmp.Diff(want, sampleOf(web, start)); diff != "" {
		t.Error(diff)
	}
}

func TestRefusalsAreBounded(t *testing.T) {
	w := newWorld()
	var texts []string
	for i := range 1000 {
		texts = append(texts, fmt.Sprintf("namespace %d", i))
	}
	w.Refused(texts)
	if got := w.take(w.join(types.NamespacedName{})).cluster.Refused; len(got) != mostRefused {
		t.Errorf("%d are named", len(got))
	}
}
