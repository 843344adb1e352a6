// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"slices"
	"strings"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

func unschedulable(in Input, f facts) *verdict {
	if f.isServed {
		return nil
	}
	return gravest(in, func(pod *plan.Pod) *cause {
		if pod.Unschedulable == "" {
			return nil
		}
		return &cause{reason: elasticwebv1.ReasonUnschedulable, said: pod.Unschedulable}
	}, func(found cause) string {
		causes := quote.Scheduler(found.said)
		return "pods wait for a node that takes them: " + schedulingRemedy(causes) + "; the scheduler says: " + causes
	})
}

// isFull is how many of the schedulingRemedies are about nodes that would do, if they had room.
const isFull = 3

// schedulingRemedies are what to do about each cause. What is full comes first, and alone.
var schedulingRemedies = []struct{ cause, remedy string }{
	{"Insufficient ", "add nodes, or lower what the pods request in spec.resources"},
	{"Too many pods", "add nodes"},
	{"free ports", "add nodes, or leave hostNetwork and hostPort out of spec.podTemplate: a port of a node takes one pod"},
	{"scheduling gates", "leave schedulingGates out of spec.podTemplate, or look who adds them to the pods and is to take them away"},
	{"untolerated taint", "tolerate the taint in spec.tolerations"},
	{"node affinity", "look at spec.nodeSelector, spec.affinity and spec.architectures"},
	{"topology spread constraints", "look at spec.topologySpreadConstraints"},
	{"pod affinity", "look at spec.affinity"},
	{"anti-affinity", "look at spec.affinity"},
	{"persistentvolumeclaim", "look at the claims that spec.volumes names"},
	{"volume", "look at the claims that spec.volumes names"},
	{"were unschedulable", "uncordon nodes"},
}

func schedulingRemedy(causes string) string {
	var remedies []string
	for i, known := range schedulingRemedies {
		if !saysAny(causes, known.cause) || slices.Contains(remedies, known.remedy) {
			continue
		}
		remedies = append(remedies, known.remedy)
		if i < isFull {
			break
		}
	}
	if len(remedies) == 0 {
		return "add nodes, or look at the pods with kubectl describe"
	}
	return strings.Join(remedies, ", ")
}
