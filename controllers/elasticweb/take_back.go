// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// strangerFor is how long an object that was found to be no leftover is not looked at again, unless it changes.
const strangerFor = 2 * time.Minute

// stranger is an object that looked like a leftover, and was none.
type stranger struct {
	version string
	until   time.Time
}

// takeBack gives an ElasticWeb what one of its name left behind: its objects outlive an ElasticWeb that is deleted with
// --cascade=orphan, and come out of a backup with the UID of one that is no more, or none. It comes before the plan, which is made from
// the record on the Deployment: so nothing restarts. What could not be taken back is remembered for the rest of the pass, which leaves it
// alone, and tells of it. lookAgain is true where something was taken back, or is not as it was looked at.
func (r *Reconciler) takeBack(ctx context.Context, web *elasticwebv1.ElasticWeb, observed *plan.Observed) (lookAgain bool, err error) {
	withheld := &r.memory.of(client.ObjectKeyFromObject(web)).withheld
	*withheld = nil
	var missing []client.Object
	if observed.Service == nil {
		missing = append(missing, &corev1.Service{})
	}
	if observed.Budget == nil {
		missing = append(missing, &policyv1.PodDisruptionBudget{})
	}
	if observed.Deployment == nil {
		missing = append(missing, &appsv1.Deployment{})
	}
	for _, object := range missing {
		err := r.Cached.Get(ctx, client.ObjectKeyFromObject(web), object)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return lookAgain, fmt.Errorf("read %s: %w", kindOf(object), err)
		}
		taken, err := r.takeBackOne(ctx, web, object)
		if _, hasChanged := errors.AsType[*apply.ChangedError](err); hasChanged {
			return true, nil
		}
		if err != nil {
			if *withheld == nil {
				*withheld = map[string]error{}
			}
			(*withheld)[kindOf(object)] = err
		}
		lookAgain = lookAgain || taken
	}
	return lookAgain, nil
}

// takeBackOne asks the API server about an object that looks like a leftover, once for each version of it.
func (r *Reconciler) takeBackOne(ctx context.Context, web *elasticwebv1.ElasticWeb, object client.Object) (taken bool, err error) {
	owner := metav1.OwnerReference{
		APIVersion: elasticwebv1.GroupVersion.String(), Kind: Kind, Name: web.Name, UID: web.UID,
		Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
	}
	if !apply.IsLeftBehind(object, owner) {
		return false, nil
	}
	kind, now := kindOf(object), r.Clock.Now()
	strangers := &r.memory.of(client.ObjectKeyFromObject(web)).strangers
	if known := (*strangers)[kind]; known.version == object.GetResourceVersion() && now.Before(known.until) {
		return false, nil
	}
	taken, err = r.applier.TakeBack(ctx, apply.Leftover{
		Kind: kind, Found: object, Owner: owner,
		Notes: func(live client.Object) map[string]string {
			record := plan.RecordOf(asDeployment(live))
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
		if *strangers == nil {
			*strangers = map[string]stranger{}
		}
		(*strangers)[kind] = stranger{object.GetResourceVersion(), now.Add(strangerFor)}
	}
	return taken, err
}

func asDeployment(object client.Object) *appsv1.Deployment {
	deployment, _ := object.(*appsv1.Deployment)
	return deployment
}

func kindOf(object client.Object) string {
	switch object.(type) {
	case *appsv1.Deployment:
		return kindDeployment
	case *corev1.Service:
		return kindService
	default:
		return kindBudget
	}
}
