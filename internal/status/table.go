// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// stall says when a reason makes an ElasticWeb Stalled.
type stall int

const (
	never stall = iota
	// later: it may heal by itself, until its deadline.
	later
	// atOnce: nothing but a person can help.
	atOnce
)

// row is what a reason of Ready means.
type row struct {
	ready  metav1.ConditionStatus
	stalls stall
	// isBlind is true where the demand is not known: pods serve what was planned last, and that it is old is told.
	isBlind bool
}

var (
	done    = row{ready: metav1.ConditionTrue}
	unknown = row{ready: metav1.ConditionUnknown}
	working = row{ready: metav1.ConditionFalse}
	blind   = row{ready: metav1.ConditionFalse, isBlind: true}
	healing = row{ready: metav1.ConditionFalse, stalls: later}
	stuck   = row{ready: metav1.ConditionFalse, stalls: atOnce}
)

// rows is the table in the documentation of the reasons, see the package of the API.
var rows = map[string]row{
	elasticwebv1.ReasonAsPlanned:            done,
	elasticwebv1.ReasonNoDemand:             done,
	elasticwebv1.ReasonPaused:               unknown,
	elasticwebv1.ReasonRollingOut:           working,
	elasticwebv1.ReasonPodsNotReady:         working,
	elasticwebv1.ReasonResolvingImage:       working,
	elasticwebv1.ReasonBenchmarkRunning:     working,
	elasticwebv1.ReasonBenchmarkMissing:     healing,
	elasticwebv1.ReasonUnschedulable:        healing,
	elasticwebv1.ReasonNoCompatibleNodes:    healing,
	elasticwebv1.ReasonNodePortConflict:     healing,
	elasticwebv1.ReasonQuotaExceeded:        healing,
	elasticwebv1.ReasonForbidden:            healing,
	elasticwebv1.ReasonWebhookFailed:        healing,
	elasticwebv1.ReasonReferenceMissing:     healing,
	elasticwebv1.ReasonKindNotServed:        healing,
	elasticwebv1.ReasonImageNotFound:        healing,
	elasticwebv1.ReasonImageUntrusted:       healing,
	elasticwebv1.ReasonRegistryUnauthorized: healing,
	elasticwebv1.ReasonRegistryUnreachable:  healing,
	elasticwebv1.ReasonPlatformMissing:      healing,
	elasticwebv1.ReasonExecFormatError:      healing,
	elasticwebv1.ReasonContainerFailed:      healing,
	elasticwebv1.ReasonOutOfMemory:          healing,
	elasticwebv1.ReasonCrashLoop:            healing,
	elasticwebv1.ReasonMetricMissing:        blind,
	elasticwebv1.ReasonMetricInvalid:        blind,
	elasticwebv1.ReasonSourceUnreachable:    blind,
	elasticwebv1.ReasonSourceUnauthorized:   blind,
	elasticwebv1.ReasonSourceNotConfigured:  stuck,
	elasticwebv1.ReasonReplicaLimit:         healing,
	elasticwebv1.ReasonNameConflict:         stuck,
	elasticwebv1.ReasonInvalidSpec:          stuck,
	elasticwebv1.ReasonInvalidPod:           stuck,
	elasticwebv1.ReasonInvalidService:       stuck,
	elasticwebv1.ReasonInvalidExpose:        stuck,
	elasticwebv1.ReasonProgressDeadline:     stuck,
}

// IsFailure reports whether a reason of Ready tells of something that went wrong, rather than of work that
// is done or under way.
func IsFailure(reason string) bool { return rows[reason].stalls != never || rows[reason].isBlind }
