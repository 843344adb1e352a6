// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// somebodyElse is the field manager of changes that are not the operator's.
const somebodyElse = client.FieldOwner("kubectl-edit")

// startInNamespace runs an operator that sees a new namespace alone: what is left of other specs neither
// makes requests nor is mended.
func startInNamespace(ctx context.Context, options ...operatorOptions) (namespace string, running *operator) {
	GinkgoHelper()
	namespace = newNamespace(ctx)
	chosen := operatorOptions{}
	if len(options) > 0 {
		chosen = options[0]
	}
	chosen.namespaces = []string{namespace}
	return namespace, startOperator(chosen)
}

// newChildren are empty objects of the kinds that an ElasticWeb owns.
func newChildren() []client.Object {
	return []client.Object{&appsv1.Deployment{}, &corev1.Service{}, &policyv1.PodDisruptionBudget{}}
}

// read reads the object of the ElasticWeb's name.
func read[T client.Object](ctx context.Context, web *elasticwebv1.ElasticWeb, object T) T {
	GinkgoHelper()
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), object)).To(Succeed())
	return object
}

// await reads the object of the ElasticWeb's name until the check holds.
func await[T client.Object](ctx context.Context, web *elasticwebv1.ElasticWeb, object T, check func(Gomega, T)) T {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), object)).To(Succeed())
		check(g, object)
	}).WithContext(ctx).Should(Succeed())
	return object
}

// edit changes the object of the ElasticWeb's name as somebody else, as kubectl edit would.
func edit[T client.Object](ctx context.Context, web *elasticwebv1.ElasticWeb, object T, change func(T)) {
	GinkgoHelper()
	Eventually(func() error {
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(web), object); err != nil {
			return err
		}
		change(object)
		return k8s.Update(ctx, object, somebodyElse)
	}).WithContext(ctx).Should(Succeed())
}

// absent tells whether there is no object of the ElasticWeb's name.
func absent(ctx context.Context, web *elasticwebv1.ElasticWeb, object client.Object) func() bool {
	return func() bool {
		err := k8s.Get(ctx, client.ObjectKeyFromObject(web), object)
		return err != nil && client.IgnoreNotFound(err) == nil
	}
}

// create makes ElasticWebs and waits until they are as planned.
func create(ctx context.Context, webs ...*elasticwebv1.ElasticWeb) {
	GinkgoHelper()
	for _, web := range webs {
		Expect(k8s.Create(ctx, web)).To(Succeed())
	}
	for _, web := range webs {
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	}
}

// collectedWithin is how long the garbage collector may take: it looks for new kinds, such as ElasticWeb
// is at the beginning of the suite, every 30 seconds, and backs off from objects whose owner's kind it does not know.
const collectedWithin = 2 * time.Minute

// expectNothingLeft waits until an ElasticWeb, what it owned, and its pods are gone.
func expectNothingLeft(ctx context.Context, web *elasticwebv1.ElasticWeb) {
	GinkgoHelper()
	for _, object := range append(newChildren(), &elasticwebv1.ElasticWeb{}) {
		Eventually(absent(ctx, web, object)).WithContext(ctx).WithTimeout(collectedWithin).Should(BeTrue(), "%T", object)
	}
	labels := client.MatchingLabels{elasticwebv1.LabelInstance: web.Name}
	for _, list := range []client.ObjectList{&appsv1.ReplicaSetList{}, &corev1.PodList{}} {
		Eventually(func(g Gomega) {
			g.Expect(k8s.List(ctx, list, client.InNamespace(web.Namespace), labels)).To(Succeed())
			g.Expect(meta.LenList(list)).To(BeZero())
		}).WithContext(ctx).Should(Succeed())
	}
}

// row is a row of the table in the documentation of the reasons.
type row struct{ ready, reconciling, stalled, capacityMet string }

// rowOf reads the conditions as a row, once the status speaks of the newest spec.
func rowOf(web *elasticwebv1.ElasticWeb) row {
	status := func(kind string) string {
		condition := meta.FindStatusCondition(web.Status.Conditions, kind)
		if condition == nil {
			return "-"
		}
		return string(condition.Status)
	}
	return row{
		status(elasticwebv1.ConditionReady), status(elasticwebv1.ConditionReconciling),
		status(elasticwebv1.ConditionStalled), status(elasticwebv1.ConditionCapacityMet),
	}
}

// readyMessage is what Ready says, to be told where a spec fails.
func readyMessage(ctx context.Context, web *elasticwebv1.ElasticWeb) string {
	current := &elasticwebv1.ElasticWeb{}
	if err := k8s.Get(ctx, client.ObjectKeyFromObject(web), current); err != nil {
		return err.Error()
	}
	if ready := meta.FindStatusCondition(current.Status.Conditions, elasticwebv1.ConditionReady); ready != nil {
		return ready.Reason + ": " + ready.Message
	}
	return "no condition"
}

// expectVerdict waits until Ready has the reason, and then holds the conditions against a row, and the
// message against what it has to say.
func expectVerdict(ctx context.Context, web *elasticwebv1.ElasticWeb, reason string, expected row, says ...string) {
	GinkgoHelper()
	current := await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
		ready := meta.FindStatusCondition(w.Status.Conditions, elasticwebv1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Reason).To(Equal(reason), ready.Message)
		g.Expect(w.Status.ObservedGeneration).To(Equal(w.Generation))
		g.Expect(rowOf(w)).To(Equal(expected))
	})
	message := meta.FindStatusCondition(current.Status.Conditions, elasticwebv1.ConditionReady).Message
	for _, part := range says {
		Expect(message).To(ContainSubstring(part))
	}
	for _, condition := range current.Status.Conditions {
		Expect(condition.ObservedGeneration).To(Equal(current.Generation), condition.Type)
	}
}

// eventsOf counts the events about an ElasticWeb of a type, repetitions included, whose reason or note
// begins so.
func eventsOf(ctx context.Context, web *elasticwebv1.ElasticWeb, kind, begin string) func() int {
	return func() int {
		list, total := &eventsv1.EventList{}, 0
		if k8s.List(ctx, list, client.InNamespace(web.Namespace)) != nil {
			return -1
		}
		for _, event := range list.Items {
			if event.Regarding.Kind != "ElasticWeb" || event.Regarding.Name != web.Name || event.Type != kind ||
				event.Reason != begin && !strings.HasPrefix(event.Note, begin) {
				continue
			}
			total++
			if event.Series != nil {
				total += int(event.Series.Count)
			}
		}
		return total
	}
}

// quietFor is how long an operator at rest is watched.
const quietFor = 1200 * time.Millisecond

// expectRest waits until the operator makes no request for a while. One that makes them in a loop, or at
// regular intervals below that while, fails.
func expectRest(ctx context.Context, running *operator) {
	GinkgoHelper()
	expectRestOf(ctx, running, quietFor)
}

func expectRestOf(ctx context.Context, running *operator, quiet time.Duration) {
	GinkgoHelper()
	last, since := running.requests.count(), time.Now()
	Eventually(func() time.Duration {
		if now := running.requests.count(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since)
	}).WithContext(ctx).WithTimeout(10*time.Second).Should(BeNumerically(">", quiet), func() string {
		return "the operator makes requests at rest: " + strings.Join(running.requests.since(max(0, last-10)), ", ")
	})
}
