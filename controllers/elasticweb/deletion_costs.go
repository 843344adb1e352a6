// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/rivals"
)

// mostFailedStamps is after how many failures the other pods are left for another time: a webhook that does not answer takes
// seconds for each, and the Deployment comes after them.
const mostFailedStamps = 3

// stampDeletionCosts marks the pods that leave first. Each is a write of its own, and they wait together: their names come and go.
func (r *Reconciler) stampDeletionCosts(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, confirm confirmation) error {
	remembered, names := r.memory.of(web), slices.Sorted(maps.Keys(p.DeletionCosts))
	if len(names) == 0 {
		return nil
	}
	return r.applier.Try(writeOf(kindPod, web, fmt.Sprint(p.DeletionCosts)), func() error {
		if err := confirm(ctx); err != nil {
			return err
		}
		var failures []error
		begin, _ := slices.BinarySearch(names, remembered.nextStamp)
		for i := 0; i < len(names) && len(failures) < mostFailedStamps; i++ {
			name := names[(begin+i)%len(names)]
			if err := r.stamp(ctx, web.Namespace, name, p.DeletionCosts[name], &remembered.stamps); err != nil {
				failures = append(failures, err)
				// Those that come after it have their turn first next time.
				remembered.nextStamp = name + "\x00"
			}
		}
		return gravest(failures)
	})
}

func (r *Reconciler) stamp(ctx context.Context, namespace, name string, cost int32, stamps *rivals.Stamps) error {
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name = namespace, name
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"%d"}}}`, corev1.PodDeletionCost, cost)
	err := r.Writer.Patch(ctx, pod, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(controllers.FieldManager))
	if err == nil {
		stamps.Made(pod, cost)
		return nil
	}
	if apply.IsGone(err) {
		return nil
	}
	return nameless{err, name}
}

// nameless is an error without the name of the pod: what is told must not change from try to try.
type nameless struct {
	error
	name string
}

// Error implements error.
func (n nameless) Error() string {
	return strings.ReplaceAll(n.error.Error(), " "+strconv.Quote(n.name), "")
}

// Unwrap gives the API server's error.
func (n nameless) Unwrap() error { return n.error }

// gravest is the failure to name: one that stays before one that may pass.
func gravest(failures []error) error {
	if i := slices.IndexFunc(failures, apply.IsRefusal); i >= 0 {
		return failures[i]
	}
	if len(failures) == 0 {
		return nil
	}
	return failures[0]
}
