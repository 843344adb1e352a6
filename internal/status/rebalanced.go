// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// Rebalance is how far bringing pods back is, and what is known of them.
type Rebalance struct {
	State   plan.Rebalance
	Scene   plan.RebalanceScene
	Restart plan.Restart
}

// rebalancing are the reasons of Rebalanced by what became of the last try, and what each says.
var rebalancing = map[plan.RebalanceFailure]struct{ reason, says string }{
	plan.RebalanceNoRoom: {elasticwebv1.ReasonNoRoom,
		"the pods that were asked for found no room there: it is tried again after twice as long each time, an hour at most, and when nodes come"},
	plan.RebalanceNotReady: {elasticwebv1.ReasonSurgeNotReady,
		"the pods that were asked for did not become ready in time: look at why with kubectl describe; it is tried again after twice as long each time, an hour at most"},
	plan.RebalanceLimited: {elasticwebv1.ReasonSurgeLimited,
		"spec.maxReplicas leaves no room for one more pod: raise it, or run kubectl rollout restart"},
	plan.RebalanceInterrupted: {elasticwebv1.ReasonSpilled, "it is tried when what changes the pods has ended"},
}

// rebalanced says the same from one try to the next: only what is new is a write.
func rebalanced(in Input) (metav1.ConditionStatus, verdict) {
	state, scene := in.Rebalance.State, in.Rebalance.Scene
	if state.Phase <= plan.RebalanceHome || scene.Away == 0 {
		if !in.Rebalance.Restart.Since.IsZero() {
			return metav1.ConditionFalse, restarting(in.Rebalance.Restart)
		}
		return metav1.ConditionTrue, verdict{reason: elasticwebv1.ReasonAtHome, message: "no pod is on an architecture that is preferred less than another one that the cluster has nodes of"}
	}
	where := fmt.Sprintf("pods are on %s though %s is preferred: ", strings.Join(scene.AwayOn, ", "), strings.Join(scene.HomeOn, ", "))
	if scene.CostsAreOthers {
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonSpilled, message: where + "somebody else keeps changing the deletion costs of pods, " +
			"by which the others would go: have that leave the annotation controller.kubernetes.io/pod-deletion-cost alone"}
	}
	if known, hasFailed := rebalancing[state.Failure]; hasFailed {
		return metav1.ConditionFalse, verdict{reason: known.reason, message: where + known.says}
	}
	switch {
	case state.Failure == plan.RebalanceRefused:
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonSurgeRefused, message: where +
			"the pods that were asked for were refused: raise the quota, or lower spec.rebalance.maxSurge; it is tried again after twice as long each time, an hour at most: " + quote.Said(state.Said)}
	case scene.Nodes == 0:
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonSpilled, message: where + "none of its nodes takes pods now"}
	case state.Tries == 0:
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonSpilled, message: where + "they are about to be brought back"}
	default:
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonReturning, message: where + "a few more are asked for at a time, and as many of the others go once these are ready"}
	}
}

// restarting says the same from when something is found to wait for a rollout until that has ended.
func restarting(restart plan.Restart) verdict {
	what := "what waited for a rollout is taken up by one, as soon as nothing else changes the pods and long enough after the last time: " + strings.Join(restart.What, ", ")
	if restart.Said != "" {
		return verdict{reason: elasticwebv1.ReasonRestartRefused, message: what +
			": the new pod template was refused: look at what says so, or set spec.rebalance.restartForTemplate to false; it is tried again after twice as long each time, an hour at most: " + quote.Said(restart.Said)}
	}
	return verdict{reason: elasticwebv1.ReasonRestarting, message: what}
}
