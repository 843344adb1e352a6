// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// Weights that whoever serves a way in refuses are tried again after firstTryOfWeights, then after twice as long each time, up to
// lastTryOfWeights, and when spec.expose changes. Without weights it is admitted again, so that there would be no end of it, and each try is a gap.
const (
	firstTryOfWeights = time.Minute
	lastTryOfWeights  = 24 * time.Hour
)

// refusedWeights is what is remembered of the last refusal.
type refusedWeights struct {
	// expose is what they were refused for. Another number of pods, which an autoscaler writes again and again, makes nothing of it other.
	expose *elasticwebv1.ExposeSpec
	// until is when they are tried again, and wait how long that is from the refusal on.
	until time.Time
	wait  time.Duration
	said  string
}

// note takes note of what is said of a way in with weights.
func (w *refusedWeights) note(web *elasticwebv1.ElasticWeb, kind string, answer way.Answer, now time.Time) {
	if answer.Outcome != way.Refused && answer.Outcome != way.Unresolved || w.left(web, now) > 0 {
		return
	}
	wait := firstTryOfWeights
	if hasLasted := now.Sub(w.until) > w.wait; w.isOf(web) && !hasLasted {
		wait = min(2*w.wait, lastTryOfWeights)
	}
	*w = refusedWeights{expose: web.Spec.Expose.DeepCopy(), until: now.Add(wait), wait: wait, said: status.WeightsRefused(kind, answer)}
}

func (w *refusedWeights) isOf(web *elasticwebv1.ElasticWeb) bool {
	return equality.Semantic.DeepEqual(w.expose, web.Spec.Expose)
}

// left is for how long no weights are tried; 0 where they may be.
func (w *refusedWeights) left(web *elasticwebv1.ElasticWeb, now time.Time) time.Duration {
	if !w.isOf(web) {
		return 0
	}
	return max(w.until.Sub(now), 0)
}

// told is what is to be told of it meanwhile.
func (w *refusedWeights) told(web *elasticwebv1.ElasticWeb, now time.Time) string {
	if w.left(web, now) == 0 {
		return ""
	}
	return w.said
}

// answerToWeights is what is said of a way in that may have weights, of its version since or a later one, and whether it has some.
func answerToWeights(web *elasticwebv1.ElasticWeb, seen *plan.Observed, since int64) (answer way.Answer, isWeighted bool) {
	switch {
	case !plan.Weighs(&web.Spec):
	case web.Spec.Expose.HTTPRoute != nil && seen.HTTPRoute != nil:
		return seen.HTTPRoute.Of(way.ParentReferences(web), since), seen.HTTPRoute.IsWeighted()
	case web.Spec.Expose.Route != nil && seen.Route != nil:
		return seen.Route.Of(), seen.Route.IsWeighted()
	}
	return way.Answer{Outcome: way.Awaiting}, false
}
