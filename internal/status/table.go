// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// row is what a reason of Ready means for the conditions that tools read.
type row struct {
	ready                metav1.ConditionStatus
	reconciling, stalled bool
}

var (
	done    = row{ready: metav1.ConditionTrue}
	working = row{ready: metav1.ConditionFalse, reconciling: true}
	stuck   = row{ready: metav1.ConditionFalse, stalled: true}
	unknown = row{ready: metav1.ConditionUnknown}
)

// rows is the table in the documentation of the reasons, see the package of the API.
var rows = map[string]row{
	elasticwebv1.ReasonAsPlanned:            done,
	elasticwebv1.ReasonNoDemand:             done,
	elasticwebv1.ReasonPaused:               unknown,
	elasticwebv1.ReasonRollingOut:           working,
	elasticwebv1.ReasonPodsNotReady:         working,
	elasticwebv1.ReasonResolvingImage:       working,
	elasticwebv1.ReasonBenchmarkMissing:     working,
	elasticwebv1.ReasonReplicasContested:    working,
	elasticwebv1.ReasonUnschedulable:        working,
	elasticwebv1.ReasonReplicaLimit:         stuck,
	elasticwebv1.ReasonNoCompatibleNodes:    stuck,
	elasticwebv1.ReasonNodePortConflict:     stuck,
	elasticwebv1.ReasonNameConflict:         stuck,
	elasticwebv1.ReasonQuotaExceeded:        stuck,
	elasticwebv1.ReasonForbidden:            stuck,
	elasticwebv1.ReasonWebhookFailed:        stuck,
	elasticwebv1.ReasonInvalidSpec:          stuck,
	elasticwebv1.ReasonInvalidPod:           stuck,
	elasticwebv1.ReasonInvalidService:       stuck,
	elasticwebv1.ReasonImageNotFound:        stuck,
	elasticwebv1.ReasonRegistryUnauthorized: stuck,
	elasticwebv1.ReasonRegistryUnreachable:  stuck,
	elasticwebv1.ReasonExecFormatError:      stuck,
	elasticwebv1.ReasonPlatformMissing:      stuck,
	elasticwebv1.ReasonCrashLoop:            stuck,
	elasticwebv1.ReasonProgressDeadline:     stuck,
}

// IsFailure reports whether a reason of Ready tells of something that went wrong, rather than of work that
// is done or under way.
func IsFailure(reason string) bool {
	switch reason {
	case elasticwebv1.ReasonUnschedulable, elasticwebv1.ReasonReplicasContested, elasticwebv1.ReasonBenchmarkMissing:
		return true
	default:
		return rows[reason].stalled
	}
}
