// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// ProblemOf names an error with which the API server refused an object of the given kind.
func ProblemOf(kind, name string, err error) Problem {
	text := kind + " " + name + " was refused: " + err.Error()
	invalid := elasticwebv1.ReasonInvalidPod
	if kind == "Service" {
		invalid = elasticwebv1.ReasonInvalidService
	}
	switch {
	case strings.Contains(err.Error(), "field not declared in schema"):
		return Problem{invalid, text + ": this cluster's API server does not know the field: take it out of the spec, or upgrade the cluster"}
	case kind == "Service" && apierrors.IsInvalid(err) && isNodePort(err.Error()):
		return Problem{elasticwebv1.ReasonNodePortConflict, text + ": choose a free spec.port within the cluster's node port range, or another spec.service.type"}
	case kind == "Service" && apierrors.IsInvalid(err):
		return Problem{invalid, text + ": mend the field of the spec that it speaks of"}
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return Problem{elasticwebv1.ReasonInvalidPod, text + ": mend the field of the spec that it speaks of"}
	}
	reason, remedy := refusalReason(err.Error())
	return Problem{reason, text + ": " + remedy}
}

// isNodePort knows the API server's words for a node port that is taken, or outside the range.
func isNodePort(message string) bool {
	return strings.Contains(message, "nodePort") || strings.Contains(message, "provided port is already allocated") ||
		strings.Contains(message, "provided port is not in the valid range")
}

// refusalReason sorts what admission says of an object or a pod, and names the remedy.
func refusalReason(message string) (reason, remedy string) {
	switch {
	case strings.Contains(message, "failed calling webhook"):
		return elasticwebv1.ReasonWebhookFailed, "mend the webhook, or ask an administrator of the cluster to"
	case containsAny(message, "exceeded quota", "failed quota", "status unknown for quota", "insufficient quota"):
		return elasticwebv1.ReasonQuotaExceeded, "raise the ResourceQuota of the namespace, or ask for less"
	case strings.Contains(message, "violates PodSecurity"):
		return elasticwebv1.ReasonForbidden, "set spec.podSecurityContext and spec.securityContext as the namespace's pod security standard asks"
	case strings.Contains(message, "forbidden"):
		return elasticwebv1.ReasonForbidden, "ask an administrator of the cluster to allow it"
	default:
		return elasticwebv1.ReasonInvalidPod, "mend the field of the spec that it speaks of"
	}
}
