// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// Unreadable is the status of an ElasticWeb whose spec could not be decoded. Its numbers stay those of the last one that could.
func Unreadable(web *elasticwebv1.ElasticWeb, now metav1.Time) elasticwebv1.ElasticWebStatus {
	result := *web.Status.DeepCopy()
	result.ObservedGeneration = web.Generation
	// What is there only while it is True: nothing would take it away while nothing is carried out.
	meta.RemoveStatusCondition(&result.Conditions, elasticwebv1.ConditionReconciling)
	meta.RemoveStatusCondition(&result.Conditions, elasticwebv1.ConditionContested)
	meaning := rows[elasticwebv1.ReasonInvalidSpec]
	conditions := map[string]metav1.ConditionStatus{
		elasticwebv1.ConditionReady:             meaning.ready,
		elasticwebv1.ConditionStalled:           metav1.ConditionTrue,
		elasticwebv1.ConditionCapacityMet:       metav1.ConditionUnknown,
		elasticwebv1.ConditionPlatformsResolved: metav1.ConditionUnknown,
	}
	for _, kind := range []string{elasticwebv1.ConditionDemandObserved, elasticwebv1.ConditionExposed} {
		if meta.FindStatusCondition(result.Conditions, kind) != nil {
			conditions[kind] = metav1.ConditionUnknown
		}
	}
	for kind, status := range conditions {
		meta.SetStatusCondition(&result.Conditions, metav1.Condition{
			Type: kind, Status: status, Reason: elasticwebv1.ReasonInvalidSpec, ObservedGeneration: web.Generation, LastTransitionTime: now,
			Message: quote.Said(web.UnreadableSpec) + ": correct it, for instance with kubectl edit; what runs stays as it is until then",
		})
	}
	slices.SortFunc(result.Conditions, func(a, b metav1.Condition) int { return order(a.Type) - order(b.Type) })
	return result
}
