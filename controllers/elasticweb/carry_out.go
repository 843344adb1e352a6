// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
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

// lastingTries is how often a write must have failed for it to be named, where that may pass: some seconds.
const lastingTries = 7

// outcome is what came of carrying out a plan.
type outcome struct {
	// problems that are to be told, the gravest first.
	problems []status.Problem
	// retry is when to try again what failed, or to look again at what had changed; 0 for never.
	retry time.Duration
	// isUnfinished is true where something was not written that may be at the next try.
	isUnfinished bool
	// hasChanged is true where something was not as it had been looked at: somebody else may be at work.
	hasChanged bool
	// isStale is true where the spec is not the newest: what comes of it is not to be told.
	isStale bool
	// isEnding is true where the namespace is being deleted: nothing can be made in it any more.
	isEnding   bool
	contestant string
	// foreign names what is somebody else's, and foreignKinds what kinds that is of.
	foreign, foreignKinds []string
	// err is what is wrong with the operator itself.
	err error
}

// add sorts an error of one of the writes. None of them keeps the others from being made.
func (o *outcome) add(err error) {
	refused, isRefused := errors.AsType[*apply.RefusedError](err)
	changed, hasChanged := errors.AsType[*apply.ChangedError](err)
	switch {
	case err == nil:
	case isRefused:
		o.addRefused(refused)
	case hasChanged:
		o.isStale = o.isStale || changed.Kind == Kind
		o.hasChanged, o.isUnfinished = true, true
		o.retry = soonest(o.retry, controllers.StaleRetry)
	default:
		o.err = errors.Join(o.err, err)
	}
}

func (o *outcome) addRefused(refused *apply.RefusedError) {
	o.isEnding = o.isEnding || apierrors.HasStatusCause(refused.Err, corev1.NamespaceTerminatingCause)
	o.retry = soonest(o.retry, refused.RetryAfter)
	o.isUnfinished = o.isUnfinished || refused.Passing
	foreign, isForeign := errors.AsType[*apply.NotOwnedError](refused.Err)
	switch {
	case isForeign && foreign.Ending:
		o.foreignKinds = append(o.foreignKinds, foreign.Kind)
		o.problems = append(o.problems, status.EndingObject(foreign.Kind, foreign.Name))
	case isForeign:
		o.addForeign(foreign)
	case !refused.Passing || refused.Tries >= lastingTries:
		o.problems = append(o.problems, problemOf(refused))
	}
}

func problemOf(refused *apply.RefusedError) status.Problem {
	if taken, isTaken := errors.AsType[*nodePortTakenError](refused.Err); isTaken {
		return status.NodePortTaken(taken.port, taken.holder)
	}
	if refused.Passing {
		return status.LastingFailure(refused.Kind, refused.Name, refused.Err)
	}
	problem := status.ProblemOf(refused.Kind, refused.Name, refused.Err)
	if _, isForeign := errors.AsType[*apply.ForeignFieldsError](refused.Err); isForeign {
		problem.Message += ", or take out of the " + refused.Kind + " what others set in it"
	}
	return problem
}

// carryOut makes what the plan says, and leaves the objects as they are then in observed. Each write is made whatever became of the
// others, and is harmless without them, be it by a crash or by a refusal.
func (r *Reconciler) carryOut(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, observed *plan.Observed) (result outcome) {
	defer func() { r.obstacles.keep(client.ObjectKeyFromObject(web), result.foreignKinds) }()
	if isPaused(web) {
		return result
	}
	withheld := r.memory.of(client.ObjectKeyFromObject(web)).withheld
	for _, kind := range []string{kindService, kindDeployment, kindBudget} {
		result.add(withheld[kind])
	}
	if !p.Wanted {
		return result
	}
	r.trustFirst(web, observed)
	if withheld[kindDeployment] == nil { // else it knows how many pods there are.
		result.add(r.seedReplicas(ctx, web, p))
	}
	confirm := r.confirmation(web, p)
	result.add(r.applyService(ctx, web, observed, confirm))
	result.add(r.applyBudget(ctx, web, p, observed, confirm))
	result.add(r.stampDeletionCosts(ctx, web, p, confirm))
	result.add(r.applyDeployment(ctx, web, p, observed, confirm))
	if result.hasChanged {
		r.memory.doubt(client.ObjectKeyFromObject(web)) // what was known may be old.
	}
	var until time.Duration
	result.contestant, until = r.memory.of(client.ObjectKeyFromObject(web)).contest.contestant(r.Clock.Now())
	result.retry = soonest(result.retry, until)
	return result
}

func (r *Reconciler) applyService(ctx context.Context, web *elasticwebv1.ElasticWeb, observed *plan.Observed, confirm confirmation) error {
	service, err := applyObject(ctx, r, web, confirm, apply.Intent{
		Kind: kindService, Configuration: resources.Service(web), Into: &corev1.Service{},
	}, observed.Service)
	if service != nil {
		observed.Service = service
	}
	return r.awaitNodePort(web, err)
}

// applyBudget keeps the budget only where it is of use: with a single pod it would block every drain.
func (r *Reconciler) applyBudget(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, observed *plan.Observed, confirm confirmation) error {
	if p.Replicas < 2 { // then a budget is of no use.
		if observed.Budget == nil {
			return nil
		}
		return r.applier.Delete(ctx, kindBudget, web.UID, observed.Budget, confirm)
	}
	budget, err := applyObject(ctx, r, web, confirm, apply.Intent{
		Kind: kindBudget, Configuration: resources.Budget(web), Into: &policyv1.PodDisruptionBudget{},
	}, observed.Budget)
	if budget != nil {
		observed.Budget = budget
	}
	return err
}

func (r *Reconciler) applyDeployment(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, observed *plan.Observed, confirm confirmation) error {
	if p.WaitsForImage || p.Placement.Contradiction != "" && p.Replicas > 0 {
		return nil
	}
	name := client.ObjectKeyFromObject(web)
	r.noteContest(ctx, name, observed.Deployment)
	configuration, err := resources.Deployment(web, p)
	if err != nil {
		return err
	}
	deployment, err := applyObject(ctx, r, web, confirm, apply.Intent{
		Kind: kindDeployment, Configuration: configuration, Into: &appsv1.Deployment{},
		Notes:        map[string]string{plan.AnnotationRecord: p.Record.String()},
		IsIncomplete: observed.Deployment != nil && p.Record.IsDue(observed.Deployment),
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
}](ctx context.Context, r *Reconciler, web *elasticwebv1.ElasticWeb, confirm confirmation, intent apply.Intent, cached P) (P, error) {
	intent.Namespace, intent.Name, intent.Owner = web.Namespace, web.Name, web.UID
	intent.Confirm = confirm
	if r.memory.of(client.ObjectKeyFromObject(web)).withheld[intent.Kind] != nil {
		return cached, nil // it is told of already, and is not somebody else's.
	}
	var known client.Object
	if cached != nil {
		known = cached
	}
	object, err := r.applier.Apply(ctx, intent, known)
	typed, _ := object.(P)
	return typed, err
}
