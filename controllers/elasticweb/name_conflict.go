// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"slices"
	"strings"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// addForeign names an object that is somebody else's along with those before it: whoever deletes one after the other would
// learn of the next each time.
func (o *outcome) addForeign(foreign *apply.NotOwnedError) {
	o.foreign, o.foreignKinds = append(o.foreign, foreign.Error()), append(o.foreignKinds, foreign.Kind)
	problem := nameConflict(o.foreign)
	at := slices.IndexFunc(o.problems, func(p status.Problem) bool { return p.Reason == problem.Reason })
	if at < 0 {
		o.problems = append(o.problems, problem)
		return
	}
	o.problems[at] = problem
}

func nameConflict(foreign []string) status.Problem {
	it, is := "it", "it is"
	if len(foreign) > 1 {
		it, is = "them", "they are"
	}
	return status.Problem{
		Reason:  elasticwebv1.ReasonNameConflict,
		Message: strings.Join(foreign, ", ") + ", so " + is + " left alone: delete " + it + ", or give the ElasticWeb another name",
	}
}
