// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Complaints name the rights that no request used, and the requests that no right allows.
func Complaints(granted map[string][]Right, requests []Request) []string {
	var complaints []string
	unused := map[Right][]string{}
	for _, installation := range slices.Sorted(maps.Keys(granted)) {
		for _, right := range granted[installation] {
			if !right.isUsed(requests) {
				unused[right] = append(unused[right], installation)
			}
		}
	}
	for right, installations := range unused {
		complaints = append(complaints, fmt.Sprintf("no suite uses the right to %s, granted by %s", right, strings.Join(installations, "; ")))
	}
	all := slices.Concat(slices.Collect(maps.Values(granted))...)
	for _, request := range requests {
		isGranted := slices.ContainsFunc(all, func(right Right) bool { return right.allows(request) })
		if !isGranted && !isOLMs(request) {
			complaints = append(complaints, fmt.Sprintf("no right allows to %s %s of the group %q in %s, which was asked for",
				request.Verb, request.Resource, request.Group, request.Scope))
		}
	}
	slices.Sort(complaints)
	return slices.Compact(complaints)
}

func (r Right) isUsed(requests []Request) bool {
	if isShownElsewhere(r) {
		return true
	}
	watch := r
	watch.Verb = "watch"
	return slices.ContainsFunc(requests, func(request Request) bool {
		// What is watched is listed first where the API server is too old to send it with the watch.
		return request.IsAllowed && (r.allows(request) || r.Verb == "list" && watch.allows(request))
	})
}

// allows reports whether the right is what a request needs. One of the cluster holds in each namespace, and a namespace that the operator
// watches may be its own.
func (r Right) allows(request Request) bool {
	isThere := r.Scope == request.Scope || r.Scope == Cluster || r.Scope == Watched && request.Scope == Own
	return isThere && r.Verb == request.Verb && r.Group == request.Group && (r.Resource == request.Resource || r.Resource == "*")
}

// isShownElsewhere is for rights that no request shows: the admission plugin OwnerReferencesPermissionEnforcement asks whether the one who sets
// an owner may change its finalizers. The API server of cmd/manager's tests has it, so they fail without the right. And OpenShift's Thanos
// Querier asks whether who reads the metrics of a namespace may get its pods. Its API server asks whether who names the host of a Route may
// do so, which a CRD of Routes does not.
func isShownElsewhere(right Right) bool {
	return right.Resource == "routes/custom-host" || strings.HasSuffix(right.Resource, "/finalizers") || right.Verb == "get" && right.Resource == "pods"
}

// isOLMs is for requests whose right OLM grants by itself: to the operator's own OperatorCondition.
func isOLMs(request Request) bool { return request.Group == "operators.coreos.com" }
