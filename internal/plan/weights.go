// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// Way is the way in while it is one with weights.
type Way struct {
	// IsAdmitted is true while whoever serves it says so.
	IsAdmitted bool
	// IsInForce is true while it leads to several Services by weights, and whoever serves it knows.
	IsInForce bool
	// Services are those of architectures that there are: true for those that there are for long enough that gateways know their pods.
	Services map[string]bool
	// RefusesStamps is true while pods are not stamped since that is refused.
	RefusesStamps bool
}

// Weighs reports whether an ElasticWeb asks for a way in whose requests are spread by weights.
func Weighs(spec *elasticwebv1.ElasticWebSpec) bool {
	return spec.Expose != nil && (spec.Expose.HTTPRoute != nil || spec.Expose.Route != nil && !verifiesNames(spec.Expose.Route)) &&
		ptr.Deref(spec.Balancing, elasticwebv1.BalancingEven) != elasticwebv1.BalancingLeastRequest
}

// verifiesNames reports whether the router holds the certificates of pods against the name of the Service that it reaches them by: that is the
// plain Service's, which its certificate is for. By Services of other names it would reach none.
func verifiesNames(route *elasticwebv1.RouteSpec) bool {
	return route.TLS != nil && route.TLS.Termination == elasticwebv1.TLSTerminationReencrypt
}

// templateTiers are the architectures whose labels the pods of the template have, beside that of pods that joined; none where nothing asks for
// weights, or none of them is faster than another. Those of a live template that is kept stay as they are: they restart no pod.
func templateTiers(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment, levels placement.Levels, joins bool, isKept func() bool) (tiers []string) {
	isAsked := joins && Weighs(spec) && len(levels) > 1
	labels := map[string]string{}
	if deployment != nil {
		labels = deployment.Spec.Template.Labels
	}
	isTier := func(key string) bool { return strings.HasPrefix(key, elasticwebv1.LabelTierPrefix) }
	if !isAsked && !slices.ContainsFunc(slices.Collect(maps.Keys(labels)), isTier) {
		return nil // as with most: nothing needs to be compared.
	}
	keeps := deployment != nil && isKept()
	for _, architecture := range elasticwebv1.Architectures {
		name := string(architecture)
		isThere := isAsked && slices.Contains(levels.Flat(), name)
		if keeps {
			_, isThere = labels[elasticwebv1.LabelTierPrefix+name]
		}
		if isThere {
			tiers = append(tiers, name)
		}
	}
	return tiers
}

// isKept reports whether nothing changes the template: neither the user, nor the order of the architectures, but where that leaves it as it is.
func isKept(input placement.Input, live *Record, rolls bool) bool {
	was := input
	if was.Levels = live.Levels; was.Allowed != nil {
		was.Allowed = live.Levels.Flat()
	}
	before, now := placement.Place(was), placement.Place(input)
	return !rolls && live.Joins && (live.Levels == nil || reflect.DeepEqual(before.Affinity, now.Affinity) &&
		reflect.DeepEqual(before.Tolerations, now.Tolerations) && reflect.DeepEqual(before.Spread, now.Spread))
}

// weighedArchitectures are those that have a Service of their own: the ones that the live template has the labels of.
func weighedArchitectures(spec *elasticwebv1.ElasticWebSpec, tiers []string, deployment *appsv1.Deployment) []string {
	if !Weighs(spec) || deployment == nil {
		return nil
	}
	var found []string
	for _, name := range tiers {
		if deployment.Spec.Template.Labels[elasticwebv1.LabelTierPrefix+name] != "" {
			found = append(found, name)
		}
	}
	if len(found) < 2 {
		return nil
	}
	return found
}

// weighing is how far spreading the requests by weights is: over the pods on which architectures, whether it is possible, whether gateways know all
// backends, so that the way in leads there, and whether they go by the weights.
type weighing struct {
	on                             []string
	isPossible, isKnown, isInForce bool
}

func weighingOf(spec *elasticwebv1.ElasticWebSpec, tiers []string, rates []placement.Rate, observed Observed) weighing {
	w := weighing{on: weighedArchitectures(spec, tiers, observed.Deployment)}
	w.isPossible = canWeigh(w.on, rates, observed)
	w.isKnown = w.isPossible && observed.Way.areKnown(w.on)
	w.isInForce = w.isKnown && observed.Way.IsInForce && areStamped(w.on, rates, observed.Pods)
	return w
}

// spread is by weights, or as it is without.
func (w weighing) spread(without capacity.Spread) capacity.Spread {
	if w.isPossible {
		return capacity.Weighted
	}
	return without
}

func (w weighing) backends(rates []placement.Rate, pods []Pod, leave int) []capacity.Tier {
	if !w.isKnown {
		return nil
	}
	return weighed(w.on, rates, pods, leave)
}

// canWeigh reports whether requests can be spread by weights, or are about to be: whoever serves the way in says so, the Services are there, the pods
// differ by more than noise, none that is ready is in no backend, and none stays in the backend of faster ones since its labels cannot be set.
func canWeigh(architectures []string, rates []placement.Rate, observed Observed) bool {
	isMissing := func(name string) bool {
		_, isThere := observed.Way.Services[name]
		return !isThere
	}
	return len(architectures) > 1 && observed.Nodes != nil && observed.Way.IsAdmitted && placement.Differ(rates) &&
		!slices.ContainsFunc(architectures, isMissing) &&
		!slices.ContainsFunc(observed.Pods, func(pod Pod) bool {
			return lacksTier(architectures, pod) || (observed.Way.RefusesStamps || pod.LabelsAreOthers) && isMisplaced(architectures, rates, pod)
		})
}

// lacksTier reports whether a pod that is ready lacks the label of a backend, such as one of an older template: it would get nothing, and count.
func lacksTier(architectures []string, pod Pod) bool {
	has := TierLabels(pod.Tiers)
	return pod.Ready && !pod.Gone && slices.ContainsFunc(architectures, func(name string) bool { return has[elasticwebv1.LabelTierPrefix+name] == "" })
}

// areKnown reports whether gateways know all backends. Until then the way in leads to the plain Service.
func (w Way) areKnown(architectures []string) bool {
	return !slices.ContainsFunc(architectures, func(name string) bool { return !w.Services[name] })
}

// isMisplaced reports whether a pod is in the backend of faster ones: it would get more than it serves. The template puts each there, and
// the operator's stamp takes it out.
func isMisplaced(architectures []string, rates []placement.Rate, pod Pod) bool {
	has := TierLabels(pod.Tiers)
	for label, due := range TierLabels(tierLabels(architectures, rates, pod)) {
		if due == "false" && has[label] == "true" {
			return !pod.Gone
		}
	}
	return false
}

// areStamped reports whether no pod that is ready is in the backend of faster ones.
func areStamped(architectures []string, rates []placement.Rate, pods []Pod) bool {
	return !slices.ContainsFunc(pods, func(pod Pod) bool { return pod.Ready && isMisplaced(architectures, rates, pod) })
}

// tierLabels are those that a pod is to bear, see FormatTiers; "" where its architecture is not known, or nothing is weighed.
func tierLabels(architectures []string, rates []placement.Rate, pod Pod) string {
	own := slices.IndexFunc(rates, func(rate placement.Rate) bool { return rate.Architecture == pod.Architecture })
	if own < 0 || pod.Architecture == "" || len(architectures) == 0 {
		return ""
	}
	tiers := map[string]bool{}
	for _, name := range architectures {
		at := slices.IndexFunc(rates, func(rate placement.Rate) bool { return rate.Architecture == name })
		tiers[name] = name == pod.Architecture || at < 0 || rates[own].QPS >= rates[at].QPS
	}
	return FormatTiers(tiers)
}

// FormatTiers is the labels of a pod by architecture, as one text that is the same for the same ones.
func FormatTiers(tiers map[string]bool) string {
	var parts []string
	for name, isIn := range tiers {
		parts = append(parts, fmt.Sprintf("%s=%t", name, isIn))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// TierLabels are the labels that a text of FormatTiers is of, with their values.
func TierLabels(tiers string) map[string]string {
	labels := map[string]string{}
	for part := range strings.SplitSeq(tiers, ",") {
		if name, value, isOne := strings.Cut(part, "="); isOne {
			labels[elasticwebv1.LabelTierPrefix+name] = value
		}
	}
	return labels
}

// leaving is how many of the pods that are ready go with what the plan takes away, and of what it took away a moment ago: the Deployment has the
// number already, and the pods are still there. While a rollout replaces pods, some of both templates go, as they are ready.
func leaving(pods []Pod, existing, planned int32) int {
	ready, first := 0, -1
	for i := range pods {
		switch pod := &pods[i]; {
		case pod.Gone:
			continue
		case first < 0:
			first = i
		case pod.TemplateHash != pods[first].TemplateHash:
			return int(existing - planned)
		}
		if pods[i].Ready {
			ready++
		}
	}
	return ready - int(planned)
}

// weighed are the backends that requests are spread over, the fastest first; none where the plain Service serves as much. Pods count as far
// as their labels say, since by these they are endpoints. Those that leave with what the plan takes away count no more: weights go down before
// the last pods do.
func weighed(architectures []string, rates []placement.Rate, pods []Pod, leave int) []capacity.Tier {
	falling := byFallingQPS(architectures, rates)
	groups := make([]capacity.Group, len(falling))
	for i, rate := range falling {
		groups[i] = capacity.Group{Architecture: rate.Architecture, PodQPS: rate.QPS}
	}
	for _, pod := range staying(pods, leave) {
		if at := tierOf(pod, falling); at >= 0 {
			groups[at].Pods++
		}
	}
	return capacity.Tiers(groups)
}

// tierOf is which of the rates a pod counts for; -1 for none. That is the one of its own architecture, whose backend it never leaves: those of others
// it is in for as long as these serve no more, and one that nobody else is in would be empty as soon as they do.
func tierOf(pod Pod, falling []placement.Rate) (at int) {
	has := TierLabels(pod.Tiers)
	at = -1
	for i, rate := range falling {
		if has[elasticwebv1.LabelTierPrefix+rate.Architecture] != "true" {
			continue
		}
		if at = i; rate.Architecture == pod.Architecture {
			break
		}
	}
	return at
}

func byFallingQPS(architectures []string, rates []placement.Rate) []placement.Rate {
	found := slices.DeleteFunc(slices.Clone(rates), func(rate placement.Rate) bool { return !slices.Contains(architectures, rate.Architecture) })
	slices.SortStableFunc(found, func(a, b placement.Rate) int { return cmp.Compare(b.QPS, a.QPS) })
	return found
}
