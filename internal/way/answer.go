// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"cmp"
	"encoding/json"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

// Outcome is what those who serve a way in make of it.
type Outcome int

// Outcomes, the gravest last.
const (
	// Admitted: it is served.
	Admitted Outcome = iota
	// Awaiting: nobody has said anything of it.
	Awaiting
	// Unresolved: it is taken, and what it leads to is not found.
	Unresolved
	// Refused: it is not served.
	Refused
)

// Answer is what is said of a way in.
type Answer struct {
	Outcome Outcome
	// Who says so, or has not said anything yet: a Gateway as namespace/name, the name of a router, an address. "" for nobody in particular.
	Who string
	// Reason and Said are in the words of others.
	Reason, Said string
	// Host is the name under which it is served, where that is said.
	Host string
}

// Of is what the Gateways say that are asked to serve the route: the gravest that one of them says. What they said of a generation before
// since does not count; of 0 everything does.
func (r *HTTPRoute) Of(asked []ParentReference, since int64) Answer {
	gravest := Answer{}
	for i, parent := range asked {
		answer := r.ofParent(parent, since)
		if i == 0 || answer.Outcome > gravest.Outcome {
			gravest = answer
		}
	}
	return gravest
}

// ofParent is what is said in the name of one Gateway. Where several controllers speak in it, as one that it was taken from may have left
// its words behind, the best of that counts.
func (r *HTTPRoute) ofParent(asked ParentReference, since int64) Answer {
	namespace := cmp.Or(asked.Namespace, r.Namespace)
	best := Answer{Outcome: Awaiting, Who: namespace + "/" + asked.Name}
	isFirst := true
	for _, said := range r.Status.Parents {
		if !said.ParentRef.isSame(asked, r.Namespace) {
			continue
		}
		answer := said.answer(since)
		answer.Who = best.Who
		if isFirst || answer.Outcome < best.Outcome {
			best, isFirst = answer, false
		}
	}
	return best
}

func (p ParentReference) isSame(other ParentReference, namespace string) bool {
	return cmp.Or(p.Group, HTTPRouteVersion.Group) == cmp.Or(other.Group, HTTPRouteVersion.Group) &&
		cmp.Or(p.Kind, "Gateway") == cmp.Or(other.Kind, "Gateway") && p.Name == other.Name &&
		cmp.Or(p.Namespace, namespace) == cmp.Or(other.Namespace, namespace) && p.SectionName == other.SectionName && p.Port == other.Port
}

func (p ParentStatus) answer(since int64) Answer {
	accepted := find(p.Conditions, "Accepted", since)
	resolved := find(p.Conditions, "ResolvedRefs", since)
	switch {
	case accepted.Status == "False":
		return Answer{Outcome: Refused, Reason: accepted.Reason, Said: accepted.Message}
	case accepted.Status != "True":
		return Answer{Outcome: Awaiting}
	case resolved.Status == "False":
		return Answer{Outcome: Unresolved, Reason: resolved.Reason, Said: resolved.Message}
	default:
		return Answer{Outcome: Admitted}
	}
}

// find is a condition, as long as it is not about a generation before since; the zero value for none.
func find(conditions []Condition, kind string, since int64) Condition {
	at := slices.IndexFunc(conditions, func(c Condition) bool {
		return c.Type == kind && (c.ObservedGeneration == 0 || c.ObservedGeneration >= since)
	})
	if at < 0 {
		return Condition{}
	}
	return conditions[at]
}

// Of is what the routers say: one that admits the Route is enough, since there may be others that are not for it. What they say of another
// host than the Route has now is old.
func (r *Route) Of() Answer {
	best, host := Answer{Outcome: Awaiting}, r.host()
	isFirst := true
	for _, router := range r.Status.Ingress {
		if host != "" && router.Host != host {
			continue
		}
		answer := Answer{Outcome: Awaiting, Who: router.RouterName, Host: router.Host}
		switch admitted := find(router.Conditions, "Admitted", 0); admitted.Status {
		case "True":
			answer.Outcome = Admitted
		case "False":
			answer.Outcome, answer.Reason, answer.Said = Refused, admitted.Reason, admitted.Message
		}
		if isFirst || answer.Outcome < best.Outcome {
			best, isFirst = answer, false
		}
	}
	return best
}

// host is that of the spec, be it the user's or one that OpenShift made up; "" where there is none.
func (r *Route) host() string {
	spec := struct {
		Host string `json:"host"`
	}{}
	if json.Unmarshal([]byte(r.Spec), &spec) != nil {
		return ""
	}
	return spec.Host
}

// OfIngress is what its controller says, which is no more than where it is served.
func OfIngress(ingress *networkingv1.Ingress) Answer {
	for _, address := range ingress.Status.LoadBalancer.Ingress {
		if at := cmp.Or(address.Hostname, address.IP); at != "" {
			return Answer{Outcome: Admitted, Who: at}
		}
	}
	return Answer{Outcome: Awaiting}
}
