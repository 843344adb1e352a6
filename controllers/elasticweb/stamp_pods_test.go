// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

func stampOf(cost int32) plan.Stamp { return plan.Stamp{Cost: &cost} }

// stamping notes which pods are patched, and denies some.
type stamping struct {
	client.Client
	isDenied func(name string) bool
	stamped  map[string]bool
	denials  int
}

func (s *stamping) Patch(_ context.Context, object client.Object, _ client.Patch, _ ...client.PatchOption) error {
	if s.isDenied(object.GetName()) {
		s.denials++
		return apierrors.NewForbidden(corev1.Resource("pods"), object.GetName(), errors.New("no"))
	}
	s.stamped[object.GetName()] = true
	return nil
}

// Some pods may not be stamped: the others are, whichever names come first, and the Deployment is not kept waiting by the many.
func TestStampsThatAreDenied(t *testing.T) {
	const pods, denied = 40, 25
	stamps := map[string]plan.Stamp{}
	for i := range pods {
		stamps[fmt.Sprintf("shop-%02d", i)] = stampOf(-100)
	}
	clock := clocktesting.NewFakePassiveClock(time.Now())
	writer := &stamping{stamped: map[string]bool{}, isDenied: func(name string) bool { return strings.Compare(name, fmt.Sprintf("shop-%02d", denied)) < 0 }}
	r := &Reconciler{Writer: writer, Clock: clock, applier: apply.New(writer, nil, "test", apply.NewWritten(clock), clock)}
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop"}}
	pass := func() *apply.RefusedError {
		before := writer.denials
		err := r.stampPods(t.Context(), web, &plan.Plan{Stamps: stamps}, &plan.Observed{}, func(context.Context) error { return nil })
		if made := writer.denials - before; made > mostFailedStamps {
			t.Fatalf("%d pods were denied in one pass", made)
		}
		for name := range writer.stamped {
			delete(stamps, name) // the plan sees them.
		}
		refused, _ := errors.AsType[*apply.RefusedError](err)
		return refused
	}
	for range 30 {
		before := len(stamps)
		refused := pass()
		if refused == nil || strings.Contains(refused.Error(), "shop-") {
			t.Fatalf("what is denied is told as %v, want it without a pod's name", refused)
		}
		if hasChanged := len(stamps) != before; hasChanged {
			continue // something else is to be written.
		}
		if again := pass(); again == nil || !again.Waiting {
			t.Fatalf("tried again at once: %+v", again)
		}
		clock.SetTime(clock.Now().Add(2 * time.Minute))
	}
	if len(writer.stamped) != pods-denied {
		t.Errorf("%d pods are stamped, want %d", len(writer.stamped), pods-denied)
	}
	writer.isDenied = func(string) bool { return false }
	if refused := pass(); refused != nil || len(stamps) != 0 {
		t.Errorf("after the policy is gone: %v, and %d pods are left", refused, len(stamps))
	}
}

// Pods that may not join keep the rest from leaving, and from nothing else: however many they are, and whichever names come first.
func TestStampsBesideAJoinThatIsDenied(t *testing.T) {
	cost := int32(-100)
	stamps := map[string]plan.Stamp{
		"costs-1":  {Cost: &cost, Architecture: "arm64"},
		"costs-2":  {Cost: &cost, Joined: elasticwebv1.JoinedFalse},
		"leaves-1": {Joined: elasticwebv1.JoinedFalse},
	}
	for i := range 2 * mostFailedStamps {
		stamps[fmt.Sprintf("joins-%d", i)] = plan.Stamp{Joined: elasticwebv1.JoinedTrue}
	}
	sent, isDenying := map[string]string{}, true
	writer := interceptor.NewClient(nil, interceptor.Funcs{
		Patch: func(_ context.Context, _ client.WithWatch, object client.Object, patch client.Patch, _ ...client.PatchOption) error {
			if isDenying && strings.HasPrefix(object.GetName(), "joins") {
				return apierrors.NewForbidden(corev1.Resource("pods"), object.GetName(), errors.New("no"))
			}
			text, err := patch.Data(object)
			sent[object.GetName()] = string(text)
			return err
		},
	})
	clock := clocktesting.NewFakePassiveClock(time.Now())
	r := &Reconciler{Writer: writer, Clock: clock, applier: apply.New(writer, nil, "test", apply.NewWritten(clock), clock)}
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop"}}
	pass := func() error {
		return r.stampPods(t.Context(), web, &plan.Plan{Stamps: stamps}, &plan.Observed{}, func(context.Context) error { return nil })
	}
	if err := pass(); err == nil {
		t.Error("the denial is not told")
	}
	costs := `{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"-100"}}}`
	want := map[string]string{"costs-1": strings.Replace(costs, `}}}`, `},"labels":{"elasticweb.example.com/architecture":"arm64"}}}`, 1), "costs-2": costs}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("beside joins that are denied are sent (-want +got):\n%s", diff)
	}
	isDenying = false
	clock.SetTime(clock.Now().Add(2 * time.Minute))
	if err := pass(); err != nil || len(sent) != len(stamps) || !strings.Contains(sent["leaves-1"], `"false"`) {
		t.Errorf("after the policy is gone: %v, sent are %v", err, sent)
	}
}

// A pod that went on the way needs no stamp any more. A denial with the same code is none of that.
func TestStampsOfPodsThatAreGone(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Now())
	var answer error
	writer := interceptor.NewClient(nil, interceptor.Funcs{
		Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
			return answer
		},
	})
	r := &Reconciler{Writer: writer, Clock: clock, applier: apply.New(writer, nil, "test", apply.NewWritten(clock), clock)}
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop"}}
	denied := apierrors.NewNotFound(corev1.Resource("pods"), "shop-1")
	denied.ErrStatus.Message = `admission webhook "w" denied the request: no`
	for _, tc := range []struct {
		answer    error
		isRefused bool
	}{
		{apierrors.NewNotFound(corev1.Resource("pods"), "shop-1"), false},
		{denied, true},
	} {
		answer = tc.answer
		err := r.stampPods(t.Context(), web, &plan.Plan{Stamps: map[string]plan.Stamp{"shop-1": stampOf(-100)}}, &plan.Observed{}, func(context.Context) error { return nil })
		if _, isRefused := errors.AsType[*apply.RefusedError](err); isRefused != tc.isRefused || !isRefused && err != nil {
			t.Errorf("%v: %v, want refused %t", tc.answer, err, tc.isRefused)
		}
	}
}

// aPod is a cache that holds one pod, its ReplicaSet, and no more.
type aPod struct {
	client.Reader
	pod *corev1.Pod
}

func (c aPod) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	into.(*corev1.PodList).Items = []corev1.Pod{*c.pod}
	return nil
}

func (c aPod) Get(_ context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	into.SetUID("set")
	into.SetOwnerReferences([]metav1.OwnerReference{{UID: "deployment", Controller: new(true)}})
	return nil
}

// What a cache that lags shows of a pod is not what the plan sees: else it would be stamped again, and left to others in the end.
func TestThePlanSeesTheLastStamp(t *testing.T) {
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", UID: "deployment"}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop-1", ResourceVersion: "7",
		OwnerReferences: []metav1.OwnerReference{{Name: "set", UID: "set", Controller: new(true)}}}}
	r := &Reconciler{Cached: aPod{pod: pod}, Clock: clocktesting.NewFakePassiveClock(time.Now())}
	stamped := pod.DeepCopy()
	stamped.ResourceVersion, stamped.Annotations = "8", map[string]string{corev1.PodDeletionCost: "-100"}
	stamps := &r.memory.of(deployment).stamps
	stamps.Made(stamped, stampOf(-100), &plan.Pod{})
	stamps.Made(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "gone"}}, stampOf(-100), &plan.Pod{})
	pods, err := r.observePods(t.Context(), deployment, observed.Nodes{})
	if err != nil || len(pods) != 1 || pods[0].DeletionCost != "-100" || pods[0].CostIsOthers {
		t.Errorf("seen are %+v (%v)", pods, err)
	}
	if len(*stamps) != 1 {
		t.Errorf("%d pods are remembered", len(*stamps))
	}
	for range 3 {
		stamps.Made(pod, stampOf(-100), &plan.Pod{}) // as an admission policy leaves it.
	}
	if pods, err = r.observePods(t.Context(), deployment, observed.Nodes{}); err != nil || len(pods) != 1 || !pods[0].CostIsOthers {
		t.Errorf("after three in vain: %+v (%v)", pods, err)
	}
	pod.OwnerReferences[0].UID = "another"
	if pods, err = r.observePods(t.Context(), deployment, observed.Nodes{}); err != nil || len(pods) != 0 {
		t.Errorf("of another's: %+v (%v)", pods, err)
	}
}

// What was refused is kept for as long as it is, and looked at in each pass: of 10,000 pods it must be no text of megabytes.
func TestWhatIsKeptOfStampsIsShort(t *testing.T) {
	stamps := map[string]plan.Stamp{}
	for i := range 10_000 {
		stamps[fmt.Sprintf("shop-7d4b9c-%05d", i)] = plan.Stamp{Architecture: "arm64"}
	}
	whole := digestOf(stamps)
	stamps["shop-7d4b9c-00007"] = plan.Stamp{Architecture: "amd64"}
	if other := digestOf(stamps); len(whole) > 64 || whole == other {
		t.Errorf("%d bytes are kept; they are the same for other stamps: %t", len(whole), whole == other)
	}
}

// What is refused for good is no ground for weights any more, and the plan is made anew at once; what passes by itself is.
func TestRefusedStampsAreNoted(t *testing.T) {
	for name, tc := range map[string]struct {
		err     error
		before  bool
		refuses bool
		atOnce  bool
	}{
		"stamped":           {nil, true, false, false},
		"refused":           {&apply.RefusedError{Kind: kindPod, RetryAfter: time.Minute, Err: errors.New("no")}, false, true, true},
		"refused again":     {&apply.RefusedError{Kind: kindPod, RetryAfter: time.Minute, Err: errors.New("no")}, true, true, false},
		"failed":            {&apply.RefusedError{Kind: kindPod, RetryAfter: time.Minute, Err: errors.New("no"), Passing: true, Tries: 1}, false, false, false},
		"fails for long":    {&apply.RefusedError{Kind: kindPod, RetryAfter: time.Minute, Err: errors.New("no"), Passing: true, Tries: lastingTries}, false, true, true},
		"changed meanwhile": {&apply.ChangedError{Kind: kindPod}, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			remembered, result := &remembered{refusesStamps: tc.before}, outcome{}
			result.noteStamps(remembered, tc.err)
			if remembered.refusesStamps != tc.refuses {
				t.Errorf("refused: %t", remembered.refusesStamps)
			}
			if got := result.retry == atOnce; got != tc.atOnce {
				t.Errorf("it is looked at again after %s", result.retry)
			}
		})
	}
}
