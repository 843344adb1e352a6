// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/rivals"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// lastingTries is how often a write must have failed for it to be named, where that may pass: some seconds.
const lastingTries = 7

// outcome is what came of carrying out a plan.
type outcome struct {
	// problems that are to be told, but for what is somebody else's.
	problems []status.Problem
	// retry is when to try again what failed, or to look again at what had changed; 0 for never.
	retry time.Duration
	// isUnfinished is true where something was not written that may be at the next try.
	isUnfinished bool
	// hasChanged is true where something was not as it had been looked at: somebody else may be at work.
	hasChanged bool
	// isStale is true where the spec is not the newest, or what is in the way may be its own: what comes of it is not to be told.
	isStale bool
	// isEnding is true where the namespace is being deleted: nothing can be made in it any more.
	isEnding   bool
	contestant string
	// wayIn is which of the problems keeps the way in from being made; nil for none.
	wayIn *status.Problem
	// unweighed is what keeps a Service by architecture from being made or put right; "" for nothing. It is no problem: the way in leads to the
	// plain Service meanwhile.
	unweighed string
	// foreignTiers are of their names, and somebody else's.
	foreignTiers []*apply.NotOwnedError
	// foreign is what is somebody else's.
	foreign []*apply.NotOwnedError
	// err is what is wrong with the operator itself.
	err error
}

// isComplete reports whether everything is written.
func (o *outcome) isComplete() bool {
	return !o.isUnfinished && o.err == nil && len(o.problems)+len(o.foreign) == 0 && o.unweighed == ""
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
		o.retry = controllers.Soonest(o.retry, controllers.LookAgainAfter(changed))
	default:
		o.err = errors.Join(o.err, err)
	}
}

func (o *outcome) addRefused(refused *apply.RefusedError) {
	o.isEnding = o.isEnding || apierrors.HasStatusCause(refused.Err, corev1.NamespaceTerminatingCause)
	o.retry = controllers.Soonest(o.retry, refused.RetryAfter)
	o.isUnfinished = o.isUnfinished || refused.Passing
	if foreign, isForeign := errors.AsType[*apply.NotOwnedError](refused.Err); isForeign {
		o.foreign = append(o.foreign, foreign)
	} else if !refused.Passing || refused.Tries >= lastingTries {
		o.problems = append(o.problems, problemOf(refused))
	}
}

// addTier sorts an error of a Service by architecture. What of several is told does not depend on their order.
func (o *outcome) addTier(err error) {
	refused, isRefused := errors.AsType[*apply.RefusedError](err)
	if !isRefused {
		o.add(err)
		return
	}
	o.isEnding = o.isEnding || apierrors.HasStatusCause(refused.Err, corev1.NamespaceTerminatingCause)
	o.retry = controllers.Soonest(o.retry, refused.RetryAfter)
	if foreign, isForeign := errors.AsType[*apply.NotOwnedError](refused.Err); isForeign {
		o.foreignTiers = append(o.foreignTiers, foreign)
	}
	if told := toldOf(refused); told != nil && (o.unweighed == "" || told.Message < o.unweighed) {
		o.unweighed = told.Message
	}
}

// noteStamps notes what became of stamping pods. Weights are worked out anew where that is refused now: they count on it.
func (o *outcome) noteStamps(remembered *remembered, err error) {
	o.add(err)
	refused, isRefused := errors.AsType[*apply.RefusedError](err)
	before := remembered.refusesStamps
	remembered.refusesStamps = isRefused && (!refused.Passing || refused.Tries >= lastingTries)
	if remembered.refusesStamps && !before {
		o.retry = controllers.Soonest(o.retry, atOnce)
	}
}

// tellWayIn notes why the way in cannot be made, where that is what an error says.
func (o *outcome) tellWayIn(err error) {
	if refused, isRefused := errors.AsType[*apply.RefusedError](err); isRefused {
		o.wayIn = toldOf(refused)
	}
}

// toldOf is what is told of a single object that is refused or somebody else's; nil while that may pass.
func toldOf(refused *apply.RefusedError) *status.Problem {
	if refused.Passing && refused.Tries < lastingTries {
		return nil
	}
	told := problemOf(refused)
	if foreign, isForeign := errors.AsType[*apply.NotOwnedError](refused.Err); isForeign && foreign.Ending {
		told = status.EndingObject(foreign.Kind, foreign.Name)
	} else if isForeign {
		told = status.NameConflict([]string{foreign.Error()})
	}
	return &told
}

func problemOf(refused *apply.RefusedError) status.Problem {
	if refused.Passing {
		return status.LastingFailure(refused.Kind, refused.Name, refused.Err)
	}
	problem := status.ProblemOf(refused.Kind, refused.Name, refused.Err)
	if _, isForeign := errors.AsType[*apply.ForeignFieldsError](refused.Err); isForeign {
		problem.Message += ", or take out of the " + refused.Kind + " what others set in it"
	}
	return problem
}

// told is all problems. What is somebody else's is named together: whoever deletes one after the other would learn of the next each time.
func (o *outcome) told() []status.Problem {
	problems, names := o.problems, []string{}
	for _, foreign := range o.foreign {
		if foreign.Ending {
			problems = append(problems, status.EndingObject(foreign.Kind, foreign.Name))
		} else {
			names = append(names, foreign.Error())
		}
	}
	if len(names) > 0 {
		problems = append(problems, status.NameConflict(names))
	}
	return problems
}

// carryOut makes what the plan says, and leaves the objects as they are then in seen. Each write is made whatever became of the
// others, and is harmless without them, be it by a crash or by a refusal. What is withheld, by childKey, is told of and left alone.
func (r *Reconciler) carryOut(
	ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, withheld map[string]error,
) (result outcome) {
	defer func() { r.obstacles.keep(client.ObjectKeyFromObject(web), result.foreign) }()
	if plan.IsPaused(web) {
		return result
	}
	for key, err := range withheld {
		if strings.HasPrefix(key, kindService+" ") {
			result.addTier(err)
		} else {
			result.add(err)
		}
	}
	if p.Wanted && withheld[kindDeployment] == nil { // a Deployment that was left behind knows how many pods there are.
		result.add(r.seedReplicas(ctx, web, p))
	}
	confirm := r.confirmation(ctx, web, p, seen)
	if p.Wanted {
		r.makeAll(ctx, web, p, seen, withheld, confirm, &result)
	}
	for _, err := range slices.Concat(r.removeWaysIn(ctx, web, seen, confirm), r.removeTierServices(ctx, web, p, seen, confirm)) {
		result.add(err)
	}
	if result.hasChanged {
		r.memory.doubt(web) // what was known may be old.
	}
	if r.lostItsLabel(web, slices.Concat(result.foreign, result.foreignTiers)) {
		result.isStale, result.retry = true, atOnce
	}
	var until time.Duration
	result.contestant, until = r.memory.of(web).contest.Contestant(r.Clock.Now())
	result.retry = controllers.Soonest(result.retry, until)
	return result
}

// makeAll makes everything that is wanted.
func (r *Reconciler) makeAll(
	ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, withheld map[string]error, confirm confirmation, result *outcome,
) {
	unlessWithheld := func(kind string, write func() error) {
		if withheld[kind] == nil {
			result.add(write())
		}
	}
	unlessWithheld(kindService, func() error { return r.applyService(ctx, web, p, seen, confirm) })
	unlessWithheld(kindBudget, func() error { return r.applyBudget(ctx, web, p, seen, confirm) })
	result.noteStamps(r.memory.of(web), r.stampPods(ctx, web, p, seen, confirm))
	r.makeTierServices(ctx, web, p, seen, withheld, confirm, result)
	r.makeWayIn(ctx, web, p, seen, withheld, confirm, result) // weights go down before pods do.
	unlessWithheld(kindDeployment, func() error {
		err := r.applyDeployment(ctx, web, p, seen, confirm)
		result.add(r.keepUp(ctx, web, seen, err))
		if seen.TakesUp != nil {
			err = r.noteRestart(r.memory.of(web), result, err)
		}
		return err
	})
}

func (r *Reconciler) applyService(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, confirm confirmation) error {
	err := applyObject(ctx, r, web, apply.Intent{Kind: kindService, Configuration: resources.Service(web, p, seen.Service), Confirm: confirm}, &seen.Service)
	return r.awaitNodePort(web, err)
}

// applyBudget keeps the budget only where it is of use: with a single pod it would block every drain.
func (r *Reconciler) applyBudget(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, confirm confirmation) error {
	if p.Replicas > 1 {
		return applyObject(ctx, r, web, apply.Intent{Kind: kindBudget, Configuration: resources.Budget(web), Confirm: confirm}, &seen.Budget)
	}
	if seen.Budget == nil {
		return nil
	}
	return r.applier.Delete(ctx, kindBudget, web.UID, seen.Budget, confirm)
}

func (r *Reconciler) applyDeployment(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, confirm confirmation) error {
	if p.WaitsForImage || p.LacksTemplate(seen) {
		return nil
	}
	r.noteContest(ctx, web, seen.Deployment)
	return r.writeDeployment(ctx, web, p, seen, confirm)
}

func (r *Reconciler) writeDeployment(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, confirm confirmation) error {
	configuration, manager, err := deploymentOf(web, p, seen.KeepsTemplate)
	if err != nil {
		return err
	}
	err = applyObject(ctx, r, web, apply.Intent{
		Kind: kindDeployment, Configuration: configuration, Manager: manager, Confirm: confirm,
		Notes:        map[string]string{plan.AnnotationRecord: p.Record.String()},
		IsIncomplete: seen.Deployment != nil && p.Record.IsDue(seen.Deployment),
	}, &seen.Deployment)
	if err == nil {
		r.memory.of(web).contest.Wrote(p.Replicas + p.Surge)
	}
	return err
}

// keepUp has the number of pods follow the spec where the Deployment is refused with its new template: a mistake in that must not cost
// capacity.
func (r *Reconciler) keepUp(ctx context.Context, web *elasticwebv1.ElasticWeb, seen *plan.Observed, refusal error) error {
	refused, isRefused := errors.AsType[*apply.RefusedError](refusal)
	_, isForeign := errors.AsType[*apply.NotOwnedError](refusal)
	if !isRefused || refused.Passing || isForeign || seen.Deployment == nil || seen.KeepsTemplate {
		return nil
	}
	kept := *seen
	kept.KeepsTemplate, kept.TakesUp = true, nil
	p := plan.Make(web, kept)
	if p.Replicas+p.Surge == ptr.Deref(seen.Deployment.Spec.Replicas, 1) {
		return nil
	}
	err := r.writeDeployment(ctx, web, &p, &kept, r.confirmation(ctx, web, &p, &kept))
	seen.Deployment = kept.Deployment
	return err
}

// keepingManager writes a Deployment whose template is kept. The fields of the template stay those of the usual manager: one that leaves
// out what it owns takes it away.
const keepingManager = controllers.FieldManager + "-keeps-template"

func deploymentOf(web *elasticwebv1.ElasticWeb, p *plan.Plan, keepsTemplate bool) (
	configuration *appsv1ac.DeploymentApplyConfiguration, manager string, err error,
) {
	if keepsTemplate {
		return resources.DeploymentAround(web, p), keepingManager, nil
	}
	configuration, err = resources.Deployment(web, p)
	return configuration, "", err
}

// noteContest counts changes of the replicas by others, and finds out whose they are before they are put
// right, since that takes the field away from them.
func (r *Reconciler) noteContest(ctx context.Context, web *elasticwebv1.ElasticWeb, deployment *appsv1.Deployment) {
	contest := &r.memory.of(web).contest
	if deployment == nil || deployment.Spec.Replicas == nil || !contest.Found(*deployment.Spec.Replicas, r.Clock.Now()) {
		return
	}
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(kindDeployment))
	contest.Who = "somebody" // who it is can wait for the next time.
	if r.Live.Get(ctx, client.ObjectKeyFromObject(web), live) == nil {
		contest.Who = rivals.ReplicasManager(live.ManagedFields, controllers.FieldManager)
	}
}

// applyObject applies an intent, and leaves the object as it is then in object, which is nil where there is none.
func applyObject[T children, P childOf[T]](ctx context.Context, r *Reconciler, web *elasticwebv1.ElasticWeb, intent apply.Intent, object *P) error {
	intent.Namespace, intent.Name, intent.Owner, intent.Into = web.Namespace, web.Name, web.UID, P(new(T))
	var known client.Object
	if *object != nil {
		known = *object
	}
	applied, err := r.applier.Apply(ctx, intent, known)
	if typed, isTyped := applied.(P); isTyped && err == nil {
		*object = typed
	}
	return err
}
