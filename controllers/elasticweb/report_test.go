// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"encoding/json"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/event"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
)

// The patch of a status is the difference alone, for the version that was looked at: another one is a conflict.
func TestStatusChangeIsOfOneVersion(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", ResourceVersion: "7"},
		Spec:       elasticwebv1.ElasticWebSpec{Image: "shop:1"},
		Status:     elasticwebv1.ElasticWebStatus{ObservedGeneration: 1},
	}
	changed, patch, err := statusChange(web, elasticwebv1.ElasticWebStatus{ObservedGeneration: 2})
	if err != nil {
		t.Fatal(err)
	}
	data, err := patch.Data(changed)
	if want := `{"metadata":{"resourceVersion":"7"},"status":{"observedGeneration":2}}`; err != nil || string(data) != want {
		t.Errorf("%s, %v; want %s", data, err, want)
	}
}

// Of a status that was not read as a whole nothing stays but what is wanted, though that be what was read of it.
func TestAStatusThatWasNotReadIsReplaced(t *testing.T) {
	web, r := &elasticwebv1.ElasticWeb{}, &Reconciler{}
	err := json.Unmarshal([]byte(`{"metadata": {"name": "shop", "resourceVersion": "7"},
		"status": {"observedGeneration": "many", "architectures": [{"name": "arm64", "source": "Measured", "singlePodsQPS": 800}]}}`), web)
	if err != nil || web.UnreadableStatus == "" {
		t.Fatal(web.UnreadableStatus, err)
	}
	if r.isTold(web, web.Status) || len(web.Status.Architectures) != 1 {
		t.Errorf("taken for told: %t, read is %+v", r.isTold(web, web.Status), web.Status)
	}
	changed, patch, err := statusChange(web, elasticwebv1.ElasticWebStatus{Selector: "a=b"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := patch.Data(changed)
	want := `[{"op":"replace","path":"/metadata/resourceVersion","value":"7"},{"op":"add","path":"/status","value":{"selector":"a=b"}}]`
	if err != nil || string(data) != want {
		t.Errorf("%s, %v; want %s", data, err, want)
	}
}

// What an admission policy made of a status is told, whatever the time of its conditions, and only for what was asked then.
func TestWhatAPolicyMadeOfAStatusIsTold(t *testing.T) {
	web, r := &elasticwebv1.ElasticWeb{}, &Reconciler{}
	condition := metav1.Condition{Type: "Ready", Reason: "AsPlanned", Message: "all is well"}
	wanted := elasticwebv1.ElasticWebStatus{ReadyReplicas: 3, Conditions: []metav1.Condition{condition}}
	condition.Message = "so says the policy"
	web.Status = elasticwebv1.ElasticWebStatus{ReadyReplicas: 47, Conditions: []metav1.Condition{condition}}
	if r.isTold(web, wanted) {
		t.Error("told before it was written")
	}
	r.memory.of(web).answer = answerTo(wanted, *web.Status.DeepCopy())
	wanted.Conditions[0].LastTransitionTime = metav1.NewTime(time.Unix(1, 0))
	if !r.isTold(web, wanted) {
		t.Error("it would be written again, to become the same")
	}
	wanted.ReadyReplicas = 4
	if r.isTold(web, wanted) {
		t.Error("another status is not told")
	}
}

// A status that becomes unreadable wakes the reconciler, though what can be read of it is as it was.
func TestWhatWakes(t *testing.T) {
	r := &Reconciler{written: apply.NewWritten(clock.RealClock{}), Clock: clock.RealClock{}}
	before := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", ResourceVersion: "7", UID: "a", Generation: 1}}
	pause := func(w *elasticwebv1.ElasticWeb) {
		w.Annotations = map[string]string{elasticwebv1.AnnotationPaused: "true"}
	}
	for name, test := range map[string]struct {
		was, is func(*elasticwebv1.ElasticWeb)
		want    bool
	}{
		"nothing":                  {nil, nil, false},
		"a label":                  {nil, func(w *elasticwebv1.ElasticWeb) { w.Labels = map[string]string{"a": "b"} }, false},
		"the spec":                 {nil, func(w *elasticwebv1.ElasticWeb) { w.Generation = 2 }, true},
		"another one":              {nil, func(w *elasticwebv1.ElasticWeb) { w.UID = "b" }, true},
		"its end":                  {nil, func(w *elasticwebv1.ElasticWeb) { w.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }, true},
		"somebody's status":        {nil, func(w *elasticwebv1.ElasticWeb) { w.Status.Replicas = 3 }, true},
		"one that cannot be read":  {nil, func(w *elasticwebv1.ElasticWeb) { w.UnreadableStatus = "status.replicas is none" }, true},
		"a pause":                  {nil, pause, true},
		"the end of a pause":       {pause, nil, true},
		"the spec, during a pause": {pause, func(w *elasticwebv1.ElasticWeb) { pause(w); w.Generation = 2 }, false},
		"a status, during a pause": {pause, func(w *elasticwebv1.ElasticWeb) { pause(w); w.Status.Replicas = 3 }, false},
	} {
		was, is := before.DeepCopy(), before.DeepCopy()
		if test.was != nil {
			test.was(was)
		}
		if test.is != nil {
			test.is(is)
		}
		if got := r.webChanged().Update(event.UpdateEvent{ObjectOld: was, ObjectNew: is}); got != test.want {
			t.Errorf("%s wakes: %t, want %t", name, got, test.want)
		}
	}
}
