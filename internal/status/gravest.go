// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// cause is what keeps a pod from serving, how grave that is, and what its message is made of. Causes that are equal have the same
// message.
type cause struct {
	gravity int
	reason  string
	// before and after stand around what others said. That is quoted where it may be told, and not for each pod: it is costly.
	before, said, after string
}

// mostQuoted is how many texts of others a pass quotes at most: whoever makes the pods may have each of them say something else.
const mostQuoted = 4

// gravest is what is told where several pods do not serve: the gravest, of what is equally grave what was told before, else that of
// the most pods, and then the first by its words. It does not depend on the order of the pods. nil where no pod is at fault.
func gravest(in Input, of func(*plan.Pod) *cause, word func(cause) string) *verdict {
	numberOf, quoted := map[verdict]int{}, 0
	for _, found := range gravestCauses(in.Observed.Pods, of) {
		if found.said != "" {
			if quoted++; quoted > mostQuoted {
				continue
			}
		}
		v := verdict{reason: found.reason, message: word(found.cause)}
		if wasTold(in, v.message) {
			return &v
		}
		numberOf[v] += found.pods
	}
	if len(numberOf) == 0 {
		return nil
	}
	first := slices.MinFunc(slices.Collect(maps.Keys(numberOf)), func(a, b verdict) int {
		return cmp.Or(cmp.Compare(numberOf[b], numberOf[a]), cmp.Compare(a.message, b.message))
	})
	return &first
}

// counted is a cause, and how many pods it keeps from serving.
type counted struct {
	cause
	pods int
}

// gravestCauses are the gravest of the causes, those of the most pods first.
func gravestCauses(pods []plan.Pod, of func(*plan.Pod) *cause) []counted {
	number, gravity := map[cause]int{}, 0
	for i := range pods {
		if pods[i].Gone || pods[i].Ready {
			continue
		}
		found := of(&pods[i])
		if found == nil || found.gravity < gravity {
			continue
		}
		if found.gravity > gravity {
			clear(number)
			gravity = found.gravity
		}
		number[*found]++
	}
	result := make([]counted, 0, len(number))
	for found, pods := range number {
		result = append(result, counted{found, pods})
	}
	slices.SortFunc(result, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.pods, a.pods), cmp.Compare(a.before, b.before), cmp.Compare(a.said, b.said), cmp.Compare(a.after, b.after))
	})
	return result
}

// wasTold reports whether Ready speaks of this already, as its reason or, behind what it says of those that serve, at the side:
// where the pods fail in several ways each restart would be another message, that is a write of the status.
func wasTold(in Input, message string) bool {
	before := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionReady)
	return before != nil && before.ObservedGeneration == in.Web.Generation &&
		strings.HasSuffix(before.Message, quote.Bounded(in.Words.Say(message), quote.LongestMessage))
}
