// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"encoding/json"
	"slices"
	"strings"
)

// Bounds of what others say in the status of a way in. A Gateway API says of up to 32 parents; who says more is not heard to the end.
const (
	longestStatus    = 512 << 10
	mostSpeakers     = 32
	mostConditions   = 16
	mostAddresses    = 16
	longestWord      = 1024
	longestStatement = 4096
)

// HTTPRouteStatus is what gateways say of an HTTPRoute.
type HTTPRouteStatus struct {
	Parents []ParentStatus
	// IsUnreadable is true where it is too long, or is no status of an HTTPRoute.
	IsUnreadable bool
}

// ParentStatus is what one controller says of one parent.
type ParentStatus struct {
	ParentRef      ParentReference `json:"parentRef"`
	ControllerName string          `json:"controllerName"`
	Conditions     []Condition     `json:"conditions"`
}

// RouteStatus is what routers say of a Route.
type RouteStatus struct {
	Ingress []RouterStatus
	// IsUnreadable is true where it is too long, or is no status of a Route.
	IsUnreadable bool
}

// RouterStatus is what one router says.
type RouterStatus struct {
	Host       string      `json:"host"`
	RouterName string      `json:"routerName"`
	Conditions []Condition `json:"conditions"`
}

// Condition is one of others. ObservedGeneration is 0 where it does not say which version it is about.
type Condition struct {
	Type               string `json:"type"`
	Status             string `json:"status"`
	Reason             string `json:"reason"`
	Message            string `json:"message"`
	ObservedGeneration int64  `json:"observedGeneration"`
}

// UnmarshalJSON reads what there is room for. It never fails.
func (s *HTTPRouteStatus) UnmarshalJSON(text []byte) error {
	read := struct {
		Parents []ParentStatus `json:"parents"`
	}{}
	if !readStatus(text, &read) {
		*s = HTTPRouteStatus{IsUnreadable: true}
		return nil
	}
	*s = HTTPRouteStatus{Parents: firstOf(read.Parents, mostSpeakers)}
	for i := range s.Parents {
		parent := &s.Parents[i]
		cut(longestWord, &parent.ParentRef.Group, &parent.ParentRef.Kind, &parent.ParentRef.Namespace, &parent.ParentRef.Name,
			&parent.ParentRef.SectionName, &parent.ControllerName)
		parent.Conditions = boundedConditions(parent.Conditions)
	}
	return nil
}

// UnmarshalJSON reads what there is room for. It never fails.
func (s *RouteStatus) UnmarshalJSON(text []byte) error {
	read := struct {
		Ingress []RouterStatus `json:"ingress"`
	}{}
	if !readStatus(text, &read) {
		*s = RouteStatus{IsUnreadable: true}
		return nil
	}
	*s = RouteStatus{Ingress: firstOf(read.Ingress, mostSpeakers)}
	for i := range s.Ingress {
		router := &s.Ingress[i]
		cut(longestWord, &router.Host, &router.RouterName)
		router.Conditions = boundedConditions(router.Conditions)
	}
	return nil
}

func readStatus(text []byte, into any) bool {
	return len(text) <= longestStatus && json.Unmarshal(text, into) == nil
}

func boundedConditions(all []Condition) []Condition {
	all = firstOf(all, mostConditions)
	for i := range all {
		cut(longestWord, &all[i].Type, &all[i].Status, &all[i].Reason)
		cut(longestStatement, &all[i].Message)
	}
	return all
}

func firstOf[T any](all []T, most int) []T { return slices.Clone(all[:min(len(all), most)]) }

func cut(longest int, texts ...*string) {
	for _, text := range texts {
		if len(*text) > longest {
			*text = strings.Clone((*text)[:longest]) // else the whole stays in memory.
		}
	}
}

func (s HTTPRouteStatus) deepCopy() HTTPRouteStatus {
	s.Parents = slices.Clone(s.Parents)
	for i := range s.Parents {
		s.Parents[i].Conditions = slices.Clone(s.Parents[i].Conditions)
	}
	return s
}

func (s RouteStatus) deepCopy() RouteStatus {
	s.Ingress = slices.Clone(s.Ingress)
	for i := range s.Ingress {
		s.Ingress[i].Conditions = slices.Clone(s.Ingress[i].Conditions)
	}
	return s
}
