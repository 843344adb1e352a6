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

// schedulingRemedies are what to do about each cause. Nodes that would do, and are full, come first and alone.
var schedulingRemedies = []struct {
	cause, remedy string
	isFull        bool
}{
	{"Insufficient ", "add nodes, or lower what the pods request in spec.resources", true},
	{"Too many pods", "add nodes", true},
	{"free ports", "add nodes, or leave hostNetwork and hostPort out of spec.podTemplate: a port of a node takes one pod", true},
	{"scheduling gates", "leave schedulingGates out of spec.podTemplate, or look who adds them to the pods and is to take them away", false},
	{"untolerated taint", "tolerate the taint in spec.tolerations", false},
	{"node affinity", "look at spec.nodeSelector, spec.affinity and spec.architectures", false},
	{"topology spread constraints", "look at spec.topologySpreadConstraints", false},
	{"pod affinity", "look at spec.affinity", false},
	{"anti-affinity", "look at spec.affinity", false},
	{"persistentvolumeclaim", "look at the claims that spec.volumes names", false},
	{"volume", "look at the claims that spec.volumes names", false},
	{"were unschedulable", "uncordon nodes", false},
}

func schedulingRemedy(causes string) string {
	var remedies []string
	for _, known := range schedulingRemedies {
		if !saysAny(causes, known.cause) || slices.Contains(remedies, known.remedy) {
			continue
		}
		remedies = append(remedies, known.remedy)
		if known.isFull {
			break
		}
	}
	if len(remedies) == 0 {
		return "add nodes, or look at the pods with kubectl describe"
	}
	return strings.Join(remedies, ", ")
}
