// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// outcome is what came of carrying out a plan.
type outcome struct {
	// problems, the gravest first.
	problems []status.Problem
	// retry is when to try again what was refused; 0 for never.
	retry time.Duration
	// changedMeanwhile is true where something was not as it had been looked at: look again.
	changedMeanwhile bool
	// ending is true where the namespace is being deleted: nothing can be made in it any more.
	ending     bool
	contestant string
	// foreign names what is somebody else's.
	foreign []string
}

// add sorts an error: what was refused becomes a problem, what changed in the meantime calls for another
// look, and the rest is returned.
func (o *outcome) add(err error) error {
	if refused, isRefused := errors.AsType[*apply.RefusedError](err); isRefused {
		o.ending = o.ending || apierrors.HasStatusCause(refused.Err, corev1.NamespaceTerminatingCause)
		o.retry = soonest(o.retry, refused.RetryAfter)
		if foreign, isForeign := errors.AsType[*apply.NotOwnedError](refused.Err); isForeign {
			o.addForeign(foreign)
			return nil
		}
		o.problems = append(o.problems, problemOf(refused))
		return nil
	}
	if _, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged {
		o.changedMeanwhile = true
		return nil
	}
	return err
}

func problemOf(refused *apply.RefusedError) status.Problem {
	if taken, isTaken := errors.AsType[*nodePortTakenError](refused.Err); isTaken {
		return status.NodePortTaken(taken.port, taken.holder)
	}
	return status.ProblemOf(refused.Kind, refused.Name, refused.Err)
}

// carryOut makes what the plan says. It leaves the objects as they are then in observed. Each step is
// harmless without the next: a crash between two is made good by the next pass.
func (r *Reconciler) carryOut(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, observed *plan.Observed) (outcome, error) {
	result := outcome{}
	if !p.Wanted {
		return result, nil
	}
	steps := []func(context.Context, *elasticwebv1.ElasticWeb, *plan.Plan, *plan.Observed, *outcome) error{
		r.verifyShrink, r.seedReplicas, r.applyService, r.applyBudget, r.stampDeletionCosts, r.applyDeployment,
	}
	r.trustFirst(web, observed)
	for _, step := range steps {
		if err := result.add(step(ctx, web, p, observed, &result)); err != nil {
			return result, err
		}
		if result.changedMeanwhile {
			r.memory.doubt(client.ObjectKeyFromObject(web)) // somebody else is at work: what was known may be old.
		}
		if result.changedMeanwhile || result.ending {
			return result, nil
		}
	}
	var until time.Duration
	result.contestant, until = r.memory.of(client.ObjectKeyFromObject(web)).contest.contestant(r.Clock.Now())
	result.retry = soonest(result.retry, until)
	return result, nil
}

// verifyShrink asks the API server whether the spec is the newest before pods are taken away: a watch that
// lags must not cost capacity.
func (r *Reconciler) verifyShrink(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, _ *plan.Observed, _ *outcome) error {
	if !p.Shrinks {
		return nil
	}
	return r.confirmNow(ctx, web)
}

// seedManager owns spec.replicas of an ElasticWeb that leaves them to an autoscaler, until that writes them.
const seedManager = controllers.FieldManager + "-seed"

// seedReplicas gives the scale subresource a number to begin with: without one it answers with an error.
func (r *Reconciler) seedReplicas(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, _ *plan.Observed, _ *outcome) error {
	if p.Seed == nil {
		return nil
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": elasticwebv1.GroupVersion.String(),
		"kind":       Kind,
		"metadata":   map[string]any{"name": web.Name, "namespace": web.Namespace, "resourceVersion": web.ResourceVersion},
		"spec":       map[string]any{"replicas": *p.Seed},
	})
	if err != nil {
		return fmt.Errorf("marshal the first number of replicas: %w", err)
	}
	seeded := &elasticwebv1.ElasticWeb{}
	seeded.Name, seeded.Namespace = web.Name, web.Namespace
	err = r.written.During(Kind, seeded, func() error {
		return r.Writer.Patch(ctx, seeded, client.RawPatch(types.ApplyPatchType, body), client.FieldOwner(seedManager))
	})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		if err := r.lookAgain(ctx, client.ObjectKeyFromObject(web)); err != nil {
			return err
		}
		return &apply.ChangedError{Kind: Kind, Name: web.Name, Err: err}
	}
	if err != nil {
		return fmt.Errorf("set the first number of replicas: %w", err)
	}
	r.memory.wrote(web.ResourceVersion, seeded)
	seeded.DeepCopyInto(web)
	p.Record.Generation = web.Generation
	return nil
}

func (r *Reconciler) applyService(ctx context.Context, web *elasticwebv1.ElasticWeb, _ *plan.Plan, observed *plan.Observed, _ *outcome) error {
	service, err := applyObject(ctx, r, web, apply.Intent{
		Kind: kindService, Configuration: resources.Service(web), Into: &corev1.Service{},
	}, observed.Service)
	if service != nil {
		observed.Service = service
	}
	return r.awaitNodePort(web, err)
}

// applyBudget keeps the budget only where it is of use: with a single pod it would block every drain.
func (r *Reconciler) applyBudget(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, observed *plan.Observed, _ *outcome) error {
	if !p.BudgetWanted {
		if observed.Budget == nil || observed.Budget.DeletionTimestamp != nil {
			return nil
		}
		if err := r.confirm(ctx, web); err != nil {
			return err
		}
		_, err := r.applier.Delete(ctx, kindBudget, web.UID, observed.Budget)
		return err
	}
	budget, err := applyObject(ctx, r, web, apply.Intent{
		Kind: kindBudget, Configuration: resources.Budget(web), Into: &policyv1.PodDisruptionBudget{},
	}, observed.Budget)
	if budget != nil {
		observed.Budget = budget
	}
	return err
}

// stampDeletionCosts marks the pods that leave first.
func (r *Reconciler) stampDeletionCosts(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, _ *plan.Observed, _ *outcome) error {
	for _, name := range slices.Sorted(maps.Keys(p.DeletionCosts)) {
		pod := &corev1.Pod{}
		pod.Namespace, pod.Name = web.Namespace, name
		patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"%d"}}}`, corev1.PodDeletionCost, p.DeletionCosts[name])
		err := r.Writer.Patch(ctx, pod, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(controllers.FieldManager))
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("stamp the deletion cost of pod %s: %w", name, err)
		}
	}
	return nil
}

func (r *Reconciler) applyDeployment(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, observed *plan.Observed, _ *outcome) error {
	if p.WaitsForImage || p.Placement.Contradiction != "" && p.Replicas > 0 {
		return nil
	}
	name := client.ObjectKeyFromObject(web)
	r.noteContest(ctx, name, observed.Deployment)
	configuration, err := resources.Deployment(web, p)
	if err != nil {
		return err
	}
	deployment, err := applyObject(ctx, r, web, apply.Intent{
		Kind: kindDeployment, Configuration: configuration, Into: &appsv1.Deployment{},
		Notes: map[string]string{plan.AnnotationRecord: p.Record.String()},
		// Without its record, neither an older spec nor a change of the image could be told.
		IsIncomplete: observed.Deployment != nil && plan.RecordOf(observed.Deployment) == nil,
	}, observed.Deployment)
	if err == nil {
		observed.Deployment = deployment
		r.memory.of(name).contest.wrote(p.Replicas)
	}
	return err
}

// noteContest counts changes of the replicas by others, and finds out whose they are before they are put
// right, since that takes the field away from them.
func (r *Reconciler) noteContest(ctx context.Context, name types.NamespacedName, deployment *appsv1.Deployment) {
	contest := &r.memory.of(name).contest
	if deployment == nil || deployment.Spec.Replicas == nil || !contest.found(*deployment.Spec.Replicas, r.Clock.Now()) {
		return
	}
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(kindDeployment))
	contest.who = "somebody" // who it is can wait for the next time.
	if r.Live.Get(ctx, name, live) == nil {
		contest.who = replicasManager(live.ManagedFields)
	}
}

// applyObject applies an intent and gives the object in its own type. cached is nil where there is none.
func applyObject[T any, P interface {
	*T
	client.Object
}](ctx context.Context, r *Reconciler, web *elasticwebv1.ElasticWeb, intent apply.Intent, cached P) (P, error) {
	intent.Namespace, intent.Name, intent.Owner = web.Namespace, web.Name, web.UID
	intent.Confirm = func(ctx context.Context) error { return r.confirm(ctx, web) }
	var known client.Object
	if cached != nil {
		known = cached
	}
	object, _, err := r.applier.Apply(ctx, intent, known)
	if _, isForeign := errors.AsType[*apply.NotOwnedError](err); isForeign {
		r.obstacles.follow(intent.Kind, client.ObjectKeyFromObject(web))
	}
	typed, _ := object.(P)
	return typed, err
}
