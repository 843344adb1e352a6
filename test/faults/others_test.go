// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// intruder does something to what the operator looks after, and undoes what is not the operator's to undo.
type intruder struct {
	name string
	act  func(p *place, random *rand.Rand)
}

// playOthers has users and controllers fight with the operator, a few of them one after the other. Each
// time the state comes back to what it was.
func playOthers(r *run) {
	p := r.newPlace()
	o := p.startOperator()
	p.apply(step{"create", endSpec(r.random), true})
	before := p.settle(o)
	all := intruders()
	for range 4 {
		chosen := all[r.random.IntN(len(all))]
		chosen.act(p, newRandom(r.random))
		r.injected(1)
		p.expect(chosen.name, before, o)
	}
	p.expectRest(o)
	p.expect("at rest", before, o)
	p.endNamespace(o)
}

func intruders() []intruder {
	return []intruder{
		{"labels stripped", func(p *place, random *rand.Rand) {
			p.edit(anyChild(random), func(object client.Object) { object.SetLabels(nil) })
		}},
		{"annotations stripped", func(p *place, random *rand.Rand) {
			p.edit(anyChild(random), func(object client.Object) { object.SetAnnotations(nil) })
		}},
		{"the record taken away", func(p *place, _ *rand.Rand) {
			p.edit(&appsv1.Deployment{}, func(object client.Object) { delete(object.GetAnnotations(), plan.AnnotationRecord) })
		}},
		{"the hash of the intent changed", func(p *place, random *rand.Rand) {
			p.edit(anyChild(random), func(object client.Object) { object.GetAnnotations()[apply.AnnotationIntent] = "changed" })
		}},
		{"owner references removed", func(p *place, random *rand.Rand) {
			p.edit(anyChild(random), func(object client.Object) { object.SetOwnerReferences(nil) })
		}},
		{"a child given to somebody else, and back", giveAway},
		{"a child deleted", func(p *place, random *rand.Rand) { p.remove(anyChild(random)) }},
		{"all children deleted", func(p *place, _ *rand.Rand) {
			for _, child := range children() {
				p.remove(child)
			}
		}},
		{"the Deployment replaced by somebody else's", replaceDeployment},
		{"the Service changed", changeService},
		{"the Deployment changed", changeDeployment},
		{"the budget changed", func(p *place, _ *rand.Rand) {
			p.edit(&policyv1.PodDisruptionBudget{}, func(object client.Object) {
				object.(*policyv1.PodDisruptionBudget).Spec.MaxUnavailable = ptr.To(intstr.FromInt32(3)) //nolint:forcetypeassert // it is.
			})
		}},
		{"a child held by a finalizer while it is deleted", holdChild},
		{"the ElasticWeb held by a finalizer while it is deleted, and created again", holdWeb},
		{"the status overwritten", overwriteStatus},
		{"paused, and changed back before the end of the pause", pause},
		{"a quota that comes and goes", quota},
		{"pods deleted", func(p *place, _ *rand.Rand) {
			p.must(p.world.live.DeleteAllOf(p.ctx, &corev1.Pod{}, client.InNamespace(p.namespace)))
		}},
	}
}

// children are objects of the kinds that an ElasticWeb owns.
func children() []client.Object { return kinds()[1:] }

func anyChild(random *rand.Rand) client.Object {
	all := children()
	return all[random.IntN(len(all))]
}

// edit changes the object of the ElasticWeb's name, where there is one, as kubectl edit would.
func (p *place) edit(object client.Object, change func(client.Object)) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("edit %T", object), func() error {
		if err := p.world.live.Get(p.ctx, p.key(), object); err != nil {
			return client.IgnoreNotFound(err)
		}
		if object.GetAnnotations() == nil {
			object.SetAnnotations(map[string]string{})
		}
		change(object)
		return client.IgnoreNotFound(p.world.live.Update(p.ctx, object, client.FieldOwner("somebody")))
	})
}

func (p *place) remove(object client.Object) {
	p.t.Helper()
	object.SetNamespace(p.namespace)
	object.SetName(webName)
	p.must(client.IgnoreNotFound(p.world.live.Delete(p.ctx, object)))
}

// awaitReason waits until the ElasticWeb is not Ready for the reason.
func (p *place) awaitReason(reason string) {
	p.t.Helper()
	p.eventually("the reason is "+reason, func() error {
		web := p.web(p.world.cached)
		if web == nil {
			return fmt.Errorf("there is no ElasticWeb")
		}
		ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
		if ready == nil || ready.Reason != reason {
			return fmt.Errorf("%v", ready)
		}
		return nil
	})
}

// giveAway makes a child somebody else's, which must be left alone and named.
func giveAway(p *place, random *rand.Rand) {
	child := anyChild(random)
	if err := p.world.live.Get(p.ctx, p.key(), child); apierrors.IsNotFound(err) {
		return // a single pod has no budget.
	}
	somebody := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, GenerateName: "somebody-"}}
	p.must(p.world.live.Create(p.ctx, somebody))
	var owners []metav1.OwnerReference
	p.edit(child, func(object client.Object) {
		owners = object.GetOwnerReferences()
		object.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(somebody, corev1.SchemeGroupVersion.WithKind("ConfigMap"))})
	})
	p.expectLeftAlone(child)
	p.edit(child, func(object client.Object) { object.SetOwnerReferences(owners) })
}

// expectLeftAlone waits until the ElasticWeb says that an object is in its way, and sees to it that the
// object stays as it is.
func (p *place) expectLeftAlone(object client.Object) {
	p.t.Helper()
	p.must(p.world.live.Get(p.ctx, p.key(), object))
	before := whatIsTheirs(object)
	p.awaitReason(elasticwebv1.ReasonNameConflict)
	time.Sleep(2 * resync)
	p.must(p.world.live.Get(p.ctx, p.key(), object))
	figures.add(p.scenario, statesCompared, 1)
	if now := whatIsTheirs(object); now != before {
		p.differ("%T, which is not the operator's, was changed from\n%s to\n%s", object, before, now)
	}
}

// whatIsTheirs returns what a status of the object does not change. Owners by value: they hold pointers, which differ from read to read.
func whatIsTheirs(object client.Object) string {
	owners, _ := json.Marshal(object.GetOwnerReferences())
	return fmt.Sprint(object.GetGeneration(), object.GetLabels(), object.GetAnnotations()[apply.AnnotationIntent], string(owners), object.GetUID())
}

func replaceDeployment(p *place, _ *rand.Rand) {
	labels := map[string]string{"app": "theirs"}
	theirs := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: webName},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](0), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "theirs"}}},
			},
		},
	}
	p.eventually("replace the Deployment", func() error {
		p.remove(&appsv1.Deployment{})
		return p.world.live.Create(p.ctx, theirs.DeepCopy()) // the operator may be quicker: again.
	})
	p.expectLeftAlone(theirs)
	p.remove(&appsv1.Deployment{})
}

func changeService(p *place, random *rand.Rand) {
	p.edit(&corev1.Service{}, func(object client.Object) {
		service := object.(*corev1.Service) //nolint:forcetypeassert // it is.
		switch random.IntN(4) {
		case 0:
			service.Spec.Type = corev1.ServiceTypeClusterIP
			service.Spec.Ports[0].NodePort = 0
		case 1:
			service.Spec.Type, service.Spec.Ports[0].NodePort = corev1.ServiceTypeLoadBalancer, 0
		case 2:
			service.Spec.Selector = map[string]string{"app": "theirs"}
		default:
			service.Spec.Ports[0].Port = 4711
		}
	})
}

func changeDeployment(p *place, random *rand.Rand) {
	p.edit(&appsv1.Deployment{}, func(object client.Object) {
		deployment := object.(*appsv1.Deployment) //nolint:forcetypeassert // it is.
		pod := &deployment.Spec.Template.Spec
		switch random.IntN(5) {
		case 0:
			deployment.Spec.Replicas = ptr.To(random.Int32N(7))
		case 1:
			pod.Containers[0].Image = "registry.example.com/theirs:1"
		case 2:
			deployment.Spec.ProgressDeadlineSeconds = ptr.To[int32](47)
		case 3:
			deployment.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
		default:
			pod.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}
		}
	})
}

const foreignFinalizer = "example.com/theirs"

// holdChild keeps a child from going, and lets go of it when the operator had time to look at it.
func holdChild(p *place, random *rand.Rand) {
	child := anyChild(random)
	p.edit(child, func(object client.Object) { object.SetFinalizers([]string{foreignFinalizer}) })
	p.remove(child.DeepCopyObject().(client.Object)) //nolint:forcetypeassert // it is.
	time.Sleep(2 * resync)
	p.edit(child, func(object client.Object) { object.SetFinalizers(nil) })
}

func holdWeb(p *place, _ *rand.Rand) {
	web := &elasticwebv1.ElasticWeb{}
	p.edit(web, func(object client.Object) { object.SetFinalizers([]string{foreignFinalizer}) })
	p.remove(web.DeepCopy())
	time.Sleep(2 * resync)
	p.edit(&elasticwebv1.ElasticWeb{}, func(object client.Object) { object.SetFinalizers(nil) })
	again := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: webName}, Spec: web.Spec}
	p.eventually("create it again", func() error { return p.world.live.Create(p.ctx, again.DeepCopy()) })
}

func overwriteStatus(p *place, _ *rand.Rand) {
	p.eventually("overwrite the status", func() error {
		web := p.web(p.world.live)
		web.Status.RealQPS, web.Status.ReadyReplicas, web.Status.Conditions = ptr.To[int32](4711), 47, nil
		return p.world.live.Status().Update(p.ctx, web)
	})
}

func pause(p *place, _ *rand.Rand) {
	var kept elasticwebv1.ElasticWebSpec
	p.edit(&elasticwebv1.ElasticWeb{}, func(object client.Object) {
		web := object.(*elasticwebv1.ElasticWeb) //nolint:forcetypeassert // it is.
		web.Spec.DeepCopyInto(&kept)
		web.Annotations[elasticwebv1.AnnotationPaused] = "true"
	})
	p.awaitReason(elasticwebv1.ReasonPaused)
	p.edit(&elasticwebv1.ElasticWeb{}, func(object client.Object) {
		object.(*elasticwebv1.ElasticWeb).Spec.Image = "registry.example.com/while/paused:1" //nolint:forcetypeassert // it is.
	})
	p.edit(&elasticwebv1.ElasticWeb{}, func(object client.Object) {
		web := object.(*elasticwebv1.ElasticWeb) //nolint:forcetypeassert // it is.
		kept.DeepCopyInto(&web.Spec)
		delete(web.Annotations, elasticwebv1.AnnotationPaused)
	})
}

// quota keeps a child, or the pods, from being made again, for some seconds.
func quota(p *place, random *rand.Rand) {
	what := []corev1.ResourceName{"count/deployments.apps", "count/services", "count/poddisruptionbudgets.policy", "pods"}[random.IntN(4)]
	limit := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: "limit"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{what: resource.MustParse("0")}},
	}
	p.must(p.world.live.Create(p.ctx, limit))
	p.eventually("the quota is in force", func() error {
		if err := p.world.live.Get(p.ctx, client.ObjectKeyFromObject(limit), limit); err != nil || len(limit.Status.Hard) == 0 {
			return fmt.Errorf("it has no status: %w", err)
		}
		return nil
	})
	if what == "pods" {
		p.must(p.world.live.DeleteAllOf(p.ctx, &corev1.Pod{}, client.InNamespace(p.namespace)))
	} else {
		p.remove(map[corev1.ResourceName]client.Object{
			"count/deployments.apps": &appsv1.Deployment{}, "count/services": &corev1.Service{},
			"count/poddisruptionbudgets.policy": &policyv1.PodDisruptionBudget{},
		}[what])
	}
	time.Sleep(2 * resync)
	p.must(p.world.live.Delete(p.ctx, limit))
}

// endNamespace deletes the namespace, which something holds for a while: the operator must not try again and
// again to make what goes.
func (p *place) endNamespace(o *operator) {
	p.t.Helper()
	holder := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: "holder", Finalizers: []string{foreignFinalizer}}}
	p.must(p.world.live.Create(p.ctx, holder))
	count := o.proxy.Requests().Count()
	p.must(p.world.live.Delete(p.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: p.namespace}}))
	p.eventually("what the namespace held is gone", func() error {
		if left, err := p.state(p.world.live); err != nil || len(left) > 0 {
			return fmt.Errorf("%d objects are left: %w", len(left), err)
		}
		return nil
	})
	p.injected(1)
	p.expectRest(o)
	if made := o.proxy.Requests().Count() - count; made > 60 {
		p.differ("%d requests while the namespace went: %s", made, lastRequests(o))
	}
	p.eventually("let the namespace go", func() error {
		if err := p.world.live.Get(p.ctx, client.ObjectKeyFromObject(holder), holder); err != nil {
			return client.IgnoreNotFound(err)
		}
		holder.Finalizers = nil
		return p.world.live.Update(p.ctx, holder)
	})
}
