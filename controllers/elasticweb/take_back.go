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
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// takeBack gives an ElasticWeb what one of its name left behind: its objects outlive an ElasticWeb that is deleted with
// --cascade=orphan, and come out of a backup with the UID of one that is no more, or none. It comes before the plan, which is made from
// the record on the Deployment: so nothing restarts. withheld is why objects could not be taken back, by kind: the rest of the pass
// leaves them alone, and tells of it. retry is when to look again where something was taken back, or is not as it was looked at, else 0.
func (r *Reconciler) takeBack(
	ctx context.Context, web *elasticwebv1.ElasticWeb, seen *plan.Observed,
) (withheld map[string]error, retry time.Duration, err error) {
	withheld = map[string]error{}
	missing := map[string]client.Object{}
	if seen.Service == nil {
		missing[kindService] = &corev1.Service{}
	}
	if seen.Budget == nil {
		missing[kindBudget] = &policyv1.PodDisruptionBudget{}
	}
	if seen.Deployment == nil {
		missing[kindDeployment] = &appsv1.Deployment{}
	}
	readers := r.missingWaysIn(seen, missing)
	for _, kind := range slices.Sorted(maps.Keys(missing)) {
		object, version := missing[kind], r.memory.of(web).unlabelled[kind]
		cached := readers[kind]
		if cached == nil {
			cached = r.Cached
		}
		err := cached.Get(ctx, client.ObjectKeyFromObject(web), object)
		switch {
		case apierrors.IsNotFound(err) && version == "":
			continue
		case apierrors.IsNotFound(err):
			object.SetNamespace(web.Namespace)
			object.SetName(web.Name)
			object.SetResourceVersion(version)
			object.SetAnnotations(map[string]string{apply.AnnotationIntent: ""})
		case err != nil:
			return nil, 0, fmt.Errorf("read %s: %w", kind, err)
		}
		var taken bool
		taken, err = r.takeBackOne(ctx, web, kind, object)
		if changed, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged {
			retry = controllers.Soonest(retry, controllers.LookAgainAfter(changed))
		} else if err != nil {
			withheld[kind] = err
		} else if taken {
			retry = controllers.StaleRetry
		}
	}
	return withheld, retry, nil
}

// missingWaysIn adds those that are missing of the kinds that are watched, and gives the caches to read these from.
func (r *Reconciler) missingWaysIn(seen *plan.Observed, missing map[string]client.Object) map[string]client.Reader {
	readers := map[string]client.Reader{}
	for kind, isThere := range map[string]bool{
		way.KindHTTPRoute: seen.HTTPRoute != nil, way.KindRoute: seen.Route != nil, way.KindIngress: seen.Ingress != nil,
	} {
		if reader, _ := r.waysIn.readerOf(kind); reader != nil && !isThere {
			readers[kind] = reader
			missing[kind] = caches.WaysIn[kind].Object.DeepCopyObject().(client.Object) //nolint:forcetypeassert // a copy is of the same type.
		}
	}
	return readers
}

// takeBackOne asks the API server about an object that looks like a leftover, once for each version of it.
func (r *Reconciler) takeBackOne(ctx context.Context, web *elasticwebv1.ElasticWeb, kind string, object client.Object) (taken bool, err error) {
	owner := *metav1.NewControllerRef(web, elasticwebv1.GroupVersion.WithKind(Kind))
	if !apply.IsLeftBehind(object, owner) {
		return false, nil
	}
	remembered := r.memory.of(web)
	if remembered.strangers[kind] == object.GetResourceVersion() {
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
		delete(remembered.unlabelled, kind)
	} else if err == nil {
		remembered.strangers[kind] = object.GetResourceVersion()
	}
	return taken, err
}

// lostItsLabel notes what is in the way and bears the mark of what the operator made: whether it was left behind the next pass finds
// out, once for each version of it. The caches do not show what has lost its label as well.
func (r *Reconciler) lostItsLabel(web *elasticwebv1.ElasticWeb, inTheWay []*apply.NotOwnedError) (isNew bool) {
	remembered := r.memory.of(web)
	for _, foreign := range inTheWay {
		if foreign.Marked != "" && !foreign.Ending && foreign.Marked != remembered.unlabelled[foreign.Kind] {
			remembered.unlabelled[foreign.Kind], isNew = foreign.Marked, true
		}
	}
	return isNew
}
