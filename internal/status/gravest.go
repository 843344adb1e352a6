// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// graded is what keeps a pod from serving, and how grave that is.
type graded struct {
	verdict
	gravity int
}

// gravest is what is told where several pods do not serve: the gravest, of what is equally grave that of the most pods, and then the
// first by its words. It does not depend on the order of the pods. nil where no pod is at fault.
func gravest(pods []plan.Pod, of func(*plan.Pod) *graded) *verdict {
	number := map[graded]int{}
	for i := range pods {
		if pod := &pods[i]; !pod.Gone && !pod.Ready {
			if found := of(pod); found != nil {
				number[*found]++
			}
		}
	}
	var first *graded
	for found := range number {
		if first == nil || compareGravity(found, *first, number) > 0 {
			first = &found
		}
	}
	if first == nil {
		return nil
	}
	return &first.verdict
}

func compareGravity(a, b graded, number map[graded]int) int {
	return cmp.Or(cmp.Compare(a.gravity, b.gravity), cmp.Compare(number[a], number[b]), cmp.Compare(b.message, a.message))
}
