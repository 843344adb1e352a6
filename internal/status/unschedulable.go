// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"regexp"
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
		causes := quote.Said(schedulingCauses(quote.Bounded(found.said, longestScheduling)))
		return "pods wait for a node that takes them: " + schedulingRemedy(causes) + "; the scheduler says: " + causes
	})
}

// longestScheduling is how much of what a scheduler says is looked at.
const longestScheduling = 4096

var (
	nodesAvailable = regexp.MustCompile(`^\d+/\d+ nodes are available: `)
	numberOfNodes  = regexp.MustCompile(`^\d+ `)
)

// schedulingCauses is what the scheduler has against the nodes, without the numbers of these, which change with each node that comes,
// goes or fills up, and without what it says of preemption.
func schedulingCauses(message string) string {
	begin := nodesAvailable.FindString(message)
	if begin == "" {
		return message
	}
	list, _, _ := strings.Cut(message[len(begin):], ". ")
	var causes []string
	for part := range strings.SplitSeq(strings.TrimSuffix(list, "."), ", ") {
		if numbered := numberOfNodes.FindString(part); numbered != "" || len(causes) == 0 {
			causes = append(causes, part[len(numbered):])
		} else {
			causes[len(causes)-1] += ", " + part
		}
	}
	slices.Sort(causes)
	return strings.Join(slices.Compact(causes), ", ")
}

// schedulingRemedies are what to do about each cause. What is full comes first, and alone: those nodes would do.
var schedulingRemedies = []struct{ cause, remedy string }{
	{"Insufficient ", "add nodes, or lower what the pods request in spec.resources"},
	{"Too many pods", "add nodes"},
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
		if i < 2 {
			break
		}
	}
	if len(remedies) == 0 {
		return "add nodes, or look at the pods with kubectl describe"
	}
	return strings.Join(remedies, ", ")
}
