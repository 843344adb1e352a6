// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package quote

import (
	"regexp"
	"slices"
	"strings"
)

var (
	nodesAvailable = regexp.MustCompile(`^\d+/\d+ nodes are available: `)
	numberOfNodes  = regexp.MustCompile(`^\d+ `)
)

// Scheduler is what a scheduler says of a pod that no node takes: what it has against the nodes, without the numbers of these, which
// change with each node that comes, goes or fills up, and without what it says of preemption.
func Scheduler(message string) string { return Said(schedulingCauses(Bounded(message, longestLooked))) }

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
