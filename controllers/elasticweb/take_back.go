// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
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
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// missingChild is an object that the ElasticWeb has none of. object is to be read into, from cached.
type missingChild struct {
	kind, name string
	object     client.Object
	cached     client.Reader
}

// childKey tells the objects of an ElasticWeb apart, by the kind where there is one alone, which has its name.
func childKey(web *elasticwebv1.ElasticWeb, kind, name string) string {
	if name == web.Name {
		return kind
	}
	return kind + " " + name
}

// takeBack gives an ElasticWeb what one of its name left behind: its objects outlive an ElasticWeb that is deleted with
// --cascade=orphan, and come out of a backup with the UID of one that is no more, or none. It comes before the plan, which is made from
// the record on the Deployment: so nothing restarts. withheld is why objects could not be taken back, by childKey: the rest of the pass
// leaves them alone, and tells of it. retry is when to look again where something was taken back, or is not as it was looked at, else 0.
func (r *Reconciler) takeBack(
	ctx context.Context, web *elasticwebv1.ElasticWeb, seen *plan.Observed,
) (withheld map[string]error, retry time.Duration, err error) {
	withheld = map[string]error{}
	for _, child := range r.missingChildren(web, seen) {
		key, object := childKey(web, child.kind, child.name), child.object
		version := r.memory.of(web).unlabelled[key]
		err := child.cached.Get(ctx, client.ObjectKey{Namespace: web.Namespace, Name: child.name}, object)
		switch {
		case apierrors.IsNotFound(err) && version == "":
			continue
		case apierrors.IsNotFound(err):
			object.SetNamespace(web.Namespace)
			object.SetName(child.name)
			object.SetResourceVersion(version)
			object.SetAnnotations(map[string]string{apply.AnnotationIntent: ""})
		case err != nil:
			return nil, 0, fmt.Errorf("read %s: %w", key, err)
		}
		var taken bool
		taken, err = r.takeBackOne(ctx, web, child.kind, object)
		if changed, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged {
			retry = controllers.Soonest(retry, controllers.LookAgainAfter(changed))
		} else if err != nil {
			withheld[key] = err
		} else if taken {
			retry = controllers.StaleRetry
		}
	}
	return withheld, retry, nil
}

// missingChildren are those that may have been left behind, in an order that is always the same. Ways in are of the kinds that are watched.
func (r *Reconciler) missingChildren(web *elasticwebv1.ElasticWeb, seen *plan.Observed) (missing []missingChild) {
	add := func(isThere bool, kind, name string, object client.Object, cached client.Reader) {
		if !isThere && cached != nil {
			missing = append(missing, missingChild{kind: kind, name: name, object: object, cached: cached})
		}
	}
	add(seen.Deployment != nil, kindDeployment, web.Name, &appsv1.Deployment{}, r.Cached)
	add(seen.Budget != nil, kindBudget, web.Name, &policyv1.PodDisruptionBudget{}, r.Cached)
	add(seen.Service != nil, kindService, web.Name, &corev1.Service{}, r.Cached)
	made := waysInOf(seen)
	for _, kind := range slices.Sorted(maps.Keys(caches.WaysIn)) {
		if reader, _ := r.waysIn.readerOf(kind); reader != nil {
			add(made[kind] != nil, kind, web.Name, caches.WaysIn[kind].Object.DeepCopyObject().(client.Object), reader) //nolint:forcetypeassert // a copy is of the same type.
		}
	}
	if r.memory.of(web).hasNoTiers {
		return missing
	}
	for _, architecture := range elasticwebv1.Architectures {
		name := resources.TierServiceName(web.Name, string(architecture))
		add(seen.Tiers[string(architecture)] != nil, kindService, name, &corev1.Service{}, r.Cached)
	}
	return missing
}

// takeBackOne asks the API server about an object that looks like a leftover, once for each version of it.
func (r *Reconciler) takeBackOne(ctx context.Context, web *elasticwebv1.ElasticWeb, kind string, object client.Object) (taken bool, err error) {
	owner := *metav1.NewControllerRef(web, elasticwebv1.GroupVersion.WithKind(Kind))
	if !apply.IsLeftBehind(object, owner) {
		return false, nil
	}
	remembered := r.memory.of(web)
	key := childKey(web, kind, object.GetName())
	if remembered.strangers[key] == object.GetResourceVersion() {
		return false, nil
	}
	taken, err = r.applier.TakeBack(ctx, apply.Leftover{
		Kind: kind, Found: object, Owner: owner,
		Notes: func(live client.Object) map[string]string {
			deployment, _ := live.(*appsv1.Deployment)
			record := plan.RecordOf(deployment)
			if record == nil {
				return nil
			}
			record.Generation = web.Generation // they begin at 1 again.
			return map[string]string{plan.AnnotationRecord: record.String()}
		},
		// The UID decides whose it is: it must not be that of an ElasticWeb which was deleted since. Nor may the record go back to a
		// generation that another operator has gone beyond.
		Confirm: func(ctx context.Context) error { return r.confirmNow(ctx, web) },
	})
	if taken {
		delete(remembered.unlabelled, key)
	} else if err == nil {
		remembered.strangers = with(remembered.strangers, key, object.GetResourceVersion())
	}
	return taken, err
}

// lostItsLabel notes what is in the way and bears the mark of what the operator made: whether it was left behind the next pass finds
// out, once for each version of it. The caches do not show what has lost its label as well.
func (r *Reconciler) lostItsLabel(web *elasticwebv1.ElasticWeb, inTheWay []*apply.NotOwnedError) (isNew bool) {
	remembered := r.memory.of(web)
	for _, foreign := range inTheWay {
		key := childKey(web, foreign.Kind, foreign.Name)
		if foreign.Marked != "" && !foreign.Ending && foreign.Marked != remembered.unlabelled[key] {
			remembered.unlabelled, isNew = with(remembered.unlabelled, key, foreign.Marked), true
		}
	}
	return isNew
}

// with sets a key of a map that may be nil.
func with(known map[string]string, key, value string) map[string]string {
	if known == nil {
		known = map[string]string{}
	}
	known[key] = value
	return known
}
