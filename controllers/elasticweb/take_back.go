// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// takeBack gives an ElasticWeb what one of its name left behind: its objects outlive an ElasticWeb that is deleted with
// --cascade=orphan, and come out of a backup with the UID of one that is no more, or none. It comes before the plan, which is made from
// the record on the Deployment: so nothing restarts. withheld is why objects could not be taken back, by kind: the rest of the pass
// leaves them alone, and tells of it. lookAgain is true where something was taken back, or is not as it was looked at.
func (r *Reconciler) takeBack(
	ctx context.Context, web *elasticwebv1.ElasticWeb, seen *plan.Observed,
) (withheld map[string]error, lookAgain bool, err error) {
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
	for _, kind := range slices.Sorted(maps.Keys(missing)) {
		object := missing[kind]
		if err := r.Cached.Get(ctx, client.ObjectKeyFromObject(web), object); apierrors.IsNotFound(err) {
			continue
		} else if err != nil {
			return nil, false, fmt.Errorf("read %s: %w", kind, err)
		}
		taken, err := r.takeBackOne(ctx, web, kind, object)
		if _, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged || taken {
			lookAgain = true
		} else if err != nil {
			withheld[kind] = err
		}
	}
	return withheld, lookAgain, nil
}

// takeBackOne asks the API server about an object that looks like a leftover, once for each version of it.
func (r *Reconciler) takeBackOne(ctx context.Context, web *elasticwebv1.ElasticWeb, kind string, object client.Object) (taken bool, err error) {
	owner := *metav1.NewControllerRef(web, elasticwebv1.GroupVersion.WithKind(Kind))
	if !apply.IsLeftBehind(object, owner) {
		return false, nil
	}
	strangers := r.memory.of(web).strangers
	if strangers[kind] == object.GetResourceVersion() {
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
	if err == nil && !taken {
		strangers[kind] = object.GetResourceVersion()
	}
	return taken, err
}
