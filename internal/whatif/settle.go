// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

const (
	// mostRounds is beyond what a number of pods takes to settle.
	mostRounds = 20
	// mostSettled bounds the memory: each pod is imagined.
	mostSettled = 10_000
)

// settled is the plan once new pods are where the order of the architectures calls for, and the world that it is of: where they are decides
// how many it takes, and who gets the requests. It is not worked out where there are too many.
func settled(after *Side, restarts bool) (planned plan.Plan, observed plan.Observed, isWorkedOut bool) {
	planned, observed = after.planned, after.Observed
	for range mostRounds {
		if planned.Replicas > mostSettled {
			return planned, observed, false
		}
		observed = imagined(after.Web, observed, planned, restarts)
		restarts = false
		next := plan.Make(after.Web, observed)
		isAtRest := next.Replicas == planned.Replicas && len(next.Stamps) == 0 && next.WeightsInForce == planned.WeightsInForce
		if planned = next; isAtRest {
			break
		}
	}
	return planned, observed, true
}

// imagined is the world once a plan is carried out, every pod runs, and none is asked for beside those that the demand calls for.
func imagined(web *elasticwebv1.ElasticWeb, observed plan.Observed, planned plan.Plan, restarts bool) plan.Observed {
	deployment := &appsv1.Deployment{}
	if observed.Deployment != nil {
		deployment = observed.Deployment.DeepCopy()
	}
	deployment.Spec.Replicas = ptr.To(planned.Replicas)
	if deployment.Annotations == nil {
		deployment.Annotations = map[string]string{}
	}
	if !observed.KeepsTemplate {
		record := planned.Record
		record.Surge = 0
		deployment.Annotations[plan.AnnotationRecord] = record.String()
		deployment.Spec.Template.Labels = stampedLabels(planned)
	}
	deployment.Status = appsv1.DeploymentStatus{ObservedGeneration: deployment.Generation, Replicas: planned.Replicas, UpdatedReplicas: planned.Replicas}
	if planned.Record.Joins {
		observed.Service = nil // it will select by that.
	}
	observed.Deployment, observed.Surge = deployment, 0
	observed.Pods = imaginedPods(observed, planned, restarts)
	observed.Way = imaginedWay(web, observed, planned)
	return observed
}

// stampedLabels are those of the template that the operator changes on pods.
func stampedLabels(planned plan.Plan) map[string]string {
	labels := map[string]string{}
	if planned.Record.Joins {
		labels[elasticwebv1.LabelJoined] = elasticwebv1.JoinedTrue
	}
	for _, architecture := range planned.TemplateTiers {
		labels[elasticwebv1.LabelTierPrefix+architecture] = "true"
	}
	return labels
}

// imaginedWay is the way in once whoever serves it has taken it up: one that is new is served, one that is there as it is told now.
func imaginedWay(web *elasticwebv1.ElasticWeb, observed plan.Observed, planned plan.Plan) plan.Way {
	if !plan.Weighs(&web.Spec) {
		return plan.Way{}
	}
	isAdmitted := observed.Way.IsAdmitted || observed.HTTPRoute == nil && observed.Route == nil
	imagined := plan.Way{IsAdmitted: isAdmitted, IsInForce: isAdmitted, RefusesStamps: observed.Way.RefusesStamps, Services: map[string]bool{}}
	for _, architecture := range planned.TemplateTiers {
		imagined.Services[architecture] = true
	}
	return imagined
}

func imaginedPods(observed plan.Observed, planned plan.Plan, restarts bool) (pods []plan.Pod) {
	for _, pod := range observed.Pods {
		if pod.Gone || restarts {
			continue
		}
		pod = planned.Stamps[pod.Name].On(pod)
		pod.TemplateHash, pod.Ready = "settled", pod.Unschedulable == ""
		pod.WarmUntil, pod.WaversUntil = time.Time{}, time.Time{}
		pods = append(pods, pod)
	}
	slices.SortStableFunc(pods, func(a, b plan.Pod) int { return cmp.Compare(staysFor(b), staysFor(a)) })
	pods = pods[:min(len(pods), int(planned.Replicas))]
	architecture, tiers := filledFirst(observed, planned), map[string]bool{}
	for _, name := range planned.TemplateTiers {
		tiers[name] = true
	}
	for i := len(pods); i < int(planned.Replicas); i++ {
		pod := plan.Pod{Name: fmt.Sprintf("new-%d", i), Node: "new", Architecture: architecture, TemplateHash: "settled", Ready: true}
		if planned.Record.Joins {
			pod.JoinedLabel, pod.Tiers = elasticwebv1.JoinedTrue, plan.FormatTiers(tiers)
		}
		if architecture == "" && observed.Nodes != nil {
			pod.Node, pod.Unschedulable, pod.Ready = "", "no node", false
		}
		pods = append(pods, pod)
	}
	return pods
}

// staysFor orders pods as the ReplicaSet controller does when it takes some away: those that are not ready first, then by their cost.
func staysFor(pod plan.Pod) int64 {
	cost, _ := strconv.ParseInt(pod.DeletionCost, 10, 32)
	if !pod.Ready {
		cost -= 1 << 40
	}
	return cost
}

// filledFirst is the architecture that new pods prefer, of those that have nodes; "" where none has.
func filledFirst(observed plan.Observed, planned plan.Plan) string {
	if observed.Nodes == nil {
		return ""
	}
	var candidates []string
	for _, rate := range planned.Rates {
		isPossible := planned.Placement.Possible == nil || slices.Contains(planned.Placement.Possible, rate.Architecture)
		if isPossible && observed.Nodes.Schedulable[rate.Architecture] > 0 {
			candidates = append(candidates, rate.Architecture)
		}
	}
	if planned.Placement.Possible == nil {
		for name := range observed.Nodes.Schedulable {
			candidates = append(candidates, name)
		}
		slices.Sort(candidates)
	}
	if len(candidates) == 0 {
		return ""
	}
	return slices.MaxFunc(candidates, func(a, b string) int {
		return cmp.Compare(planned.Placement.Weights[a], planned.Placement.Weights[b])
	})
}
