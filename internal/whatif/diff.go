// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"cmp"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// diff is what would change in the objects: the spec of the ElasticWeb, and what the operator sets in those that it makes.
func diff(before, after *Side) string {
	var all strings.Builder
	for _, kind := range []struct {
		name string
		of   func(*Side) any
	}{
		{"ElasticWeb", specOf}, {"Deployment", deploymentOf(after.Observed.KeepsTemplate)}, {"Service", serviceOf}, {"PodDisruptionBudget", budgetOf},
		{way.KindHTTPRoute, wayOf(way.KindHTTPRoute)}, {way.KindRoute, wayOf(way.KindRoute)}, {way.KindIngress, wayOf(way.KindIngress)},
	} {
		if kind.name == "Deployment" && after.hasNoDeployment() {
			continue
		}
		name := kind.name + "/" + after.Web.Name
		text, _ := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{ // fails where writing does, and this is memory.
			A: lines(kind.of(before)), B: lines(kind.of(after)), FromFile: name + " now", ToFile: name + " planned", Context: 3,
		})
		all.WriteString(text)
	}
	return all.String()
}

func lines(object any) []string {
	if object == nil {
		return nil
	}
	text, err := yaml.Marshal(object)
	if err != nil {
		return []string{err.Error() + "\n"}
	}
	return difflib.SplitLines(strings.TrimSuffix(string(text), "\n"))
}

func specOf(side *Side) any {
	if side.Web == nil {
		return nil
	}
	return fieldsOf(cmp.Or(side.Given, side.Web))
}

// makesNothing is true while nothing exists and there is no demand.
func (s *Side) makesNothing() bool { return s.Web == nil || !s.planned.Wanted }

// deploymentOf is what the operator sets in the Deployment, without what it keeps there for itself. The template that is kept is no part of it.
func deploymentOf(isKept bool) func(*Side) any {
	return func(side *Side) any {
		if side.makesNothing() || side.hasNoDeployment() {
			return nil
		}
		if isKept || side.Observed.KeepsTemplate {
			return resources.DeploymentAround(side.Web, &side.planned).Spec
		}
		deployment, err := resources.Deployment(side.Web, &side.planned)
		if err != nil {
			return nil
		}
		return deployment.Spec
	}
}

func serviceOf(side *Side) any {
	if side.makesNothing() {
		return nil
	}
	return resources.Service(side.Web, &side.planned, side.Observed.Service).Spec
}

// wayOf is the way in, where the spec asks for that kind.
func wayOf(kind string) func(*Side) any {
	return func(side *Side) any {
		if side.makesNothing() || way.KindOf(side.Web) != kind {
			return nil
		}
		switch made := wayIn(side, kind).(type) {
		case *way.HTTPRouteApplyConfiguration:
			return made.Spec
		case *way.RouteApplyConfiguration:
			return made.Spec
		case *networkingv1ac.IngressApplyConfiguration:
			return made.Spec
		}
		return nil
	}
}

func budgetOf(side *Side) any {
	if side.makesNothing() || side.planned.Replicas < 2 { // of a single pod it would keep the node from being drained.
		return nil
	}
	return resources.Budget(side.Web).Spec
}
