// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

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

// settled is the number of pods once new ones are where the order of the architectures calls for: where they are decides how many it takes.
// It is not worked out where there are too many.
func settled(after *Side, restarts bool) (pods int32, isWorkedOut bool) {
	planned, observed := after.planned, after.Observed
	for range mostRounds {
		if planned.Replicas > mostSettled {
			return planned.Replicas, false
		}
		observed = imagined(observed, planned, restarts)
		restarts = false
		next := plan.Make(after.Web, observed)
		if next.Replicas == planned.Replicas {
			break
		}
		planned = next
	}
	return planned.Replicas, true
}

// imagined is the world once a plan is carried out, and every pod runs.
func imagined(observed plan.Observed, planned plan.Plan, restarts bool) plan.Observed {
	deployment := &appsv1.Deployment{}
	if observed.Deployment != nil {
		deployment = observed.Deployment.DeepCopy()
	}
	deployment.Spec.Replicas = ptr.To(planned.Replicas)
	if deployment.Annotations == nil {
		deployment.Annotations = map[string]string{}
	}
	if !observed.KeepsTemplate {
		deployment.Annotations[plan.AnnotationRecord] = planned.Record.String()
	}
	deployment.Status = appsv1.DeploymentStatus{ObservedGeneration: deployment.Generation, Replicas: planned.Replicas, UpdatedReplicas: planned.Replicas}
	if planned.Record.Joins {
		deployment.Spec.Template.Labels = map[string]string{elasticwebv1.LabelJoined: elasticwebv1.JoinedTrue}
		observed.Service = nil // it will select by that.
	}
	observed.Deployment = deployment
	observed.Pods = imaginedPods(observed, planned, restarts)
	return observed
}

func imaginedPods(observed plan.Observed, planned plan.Plan, restarts bool) (pods []plan.Pod) {
	for _, pod := range observed.Pods {
		if pod.Gone || restarts {
			continue
		}
		pod = planned.Stamps[pod.Name].On(pod)
		pod.TemplateHash, pod.Ready = "settled", pod.Unschedulable == ""
		pods = append(pods, pod)
	}
	slices.SortStableFunc(pods, func(a, b plan.Pod) int { return cmp.Compare(staysFor(b), staysFor(a)) })
	pods = pods[:min(len(pods), int(planned.Replicas))]
	architecture := filledFirst(observed, planned)
	for i := len(pods); i < int(planned.Replicas); i++ {
		pod := plan.Pod{Name: fmt.Sprintf("new-%d", i), Node: "new", Architecture: architecture, TemplateHash: "settled", Ready: true}
		if planned.Record.Joins {
			pod.JoinedLabel = elasticwebv1.JoinedTrue
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
