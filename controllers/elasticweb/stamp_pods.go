// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"crypto/sha256"
	"encoding/json"
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
)

// mostFailedStamps is after how many failures the other pods are left for another time, among those that join and among the rest: a webhook
// that does not answer takes seconds for each, and the Deployment comes after them.
const mostFailedStamps = 3

// stampPods marks the pods that leave first, those that the Service sends requests to, and where each is. Each is a write of its own, and they
// wait together: their names come and go. seen has them as they are then.
func (r *Reconciler) stampPods(ctx context.Context, web *elasticwebv1.ElasticWeb, p *plan.Plan, seen *plan.Observed, confirm confirmation) error {
	if len(p.Stamps) == 0 {
		return nil
	}
	return r.applier.Try(writeOf(kindPod, web, digestOf(p.Stamps)), func() error {
		if err := confirm(ctx); err != nil {
			return err
		}
		remembered := r.memory.of(web)
		join, others := stampOrder(p.Stamps)
		failures := r.stampSome(ctx, web, join, seen, &remembered.nextJoin)
		if len(failures) > 0 { // the Service might be left without a pod.
			others = withoutLeaving(others)
		}
		return gravest(append(failures, r.stampSome(ctx, web, others, seen, &remembered.nextStamp)...))
	})
}

// stampOrder is the stamps by the names of the pods, those apart that are to join the Service.
func stampOrder(stamps map[string]plan.Stamp) (join, others map[string]plan.Stamp) {
	join, others = map[string]plan.Stamp{}, map[string]plan.Stamp{}
	for name, stamp := range stamps {
		if stamp.Joined == elasticwebv1.JoinedTrue {
			join[name] = stamp
		} else {
			others[name] = stamp
		}
	}
	return join, others
}

// withoutLeaving is the same stamps, but that no pod leaves the Service.
func withoutLeaving(stamps map[string]plan.Stamp) map[string]plan.Stamp {
	left := map[string]plan.Stamp{}
	for name, stamp := range stamps {
		if stamp.Joined = ""; stamp != (plan.Stamp{}) {
			left[name] = stamp
		}
	}
	return left
}

// digestOf is the same for the same stamps, and as short for those of thousands of pods.
func digestOf(stamps map[string]plan.Stamp) string {
	digest := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(stamps)) {
		_, _ = digest.Write(append([]byte(name), stampPatch(stamps[name])...)) // it never fails.
	}
	return string(digest.Sum(nil))
}

// stampSome begins with next, which it sets to the pod after the last that failed: those that come after it have their turn first next time.
func (r *Reconciler) stampSome(
	ctx context.Context, web *elasticwebv1.ElasticWeb, stamps map[string]plan.Stamp, seen *plan.Observed, next *string,
) (failures []error) {
	names := slices.Sorted(maps.Keys(stamps))
	begin, _ := slices.BinarySearch(names, *next)
	for i := 0; i < len(names) && len(failures) < mostFailedStamps; i++ {
		name := names[(begin+i)%len(names)]
		if err := r.stamp(ctx, web.Namespace, name, stamps[name], r.memory.of(web), seen); err != nil {
			failures = append(failures, err)
			*next = name + "\x00"
		}
	}
	return failures
}

// stamp puts all on a pod at once. Where labels are refused, by a policy that knows of the annotation alone, that is put there all the same.
func (r *Reconciler) stamp(ctx context.Context, namespace, name string, stamp plan.Stamp, remembered *remembered, seen *plan.Observed) error {
	err := r.patchPod(ctx, namespace, name, stamp, remembered, seen)
	switch cost := (plan.Stamp{Cost: stamp.Cost}); {
	case err == nil || apply.IsGone(err):
		return nil
	case apply.IsRefusal(err) && cost.Cost != nil && cost != stamp:
		_ = r.patchPod(ctx, namespace, name, cost, remembered, seen) // what is told is why the whole was refused.
	}
	return nameless{err, name}
}

func (r *Reconciler) patchPod(ctx context.Context, namespace, name string, stamp plan.Stamp, remembered *remembered, seen *plan.Observed) error {
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name = namespace, name
	err := r.Writer.Patch(ctx, pod, client.RawPatch(types.MergePatchType, stampPatch(stamp)), client.FieldOwner(controllers.FieldManager))
	if err != nil {
		return err //nolint:wrapcheck // the caller sorts it.
	}
	if at := slices.IndexFunc(seen.Pods, func(pod plan.Pod) bool { return pod.Name == name }); at >= 0 { // stamps are for these alone.
		remembered.stamps.Made(pod, stamp, &seen.Pods[at])
	}
	return nil
}

func stampPatch(stamp plan.Stamp) []byte {
	var metadata struct {
		Annotations map[string]string `json:"annotations,omitempty"`
		Labels      map[string]string `json:"labels,omitempty"`
	}
	if stamp.Cost != nil {
		metadata.Annotations = map[string]string{corev1.PodDeletionCost: strconv.Itoa(int(*stamp.Cost))}
	}
	metadata.Labels = plan.TierLabels(stamp.Tiers)
	if stamp.Architecture != "" {
		metadata.Labels[elasticwebv1.LabelArchitecture] = stamp.Architecture
	}
	if stamp.Joined != "" {
		metadata.Labels[elasticwebv1.LabelJoined] = stamp.Joined
	}
	text, _ := json.Marshal(map[string]any{"metadata": metadata}) // texts always marshal.
	return text
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
