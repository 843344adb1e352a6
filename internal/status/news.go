// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// Event is one to record.
type Event struct{ Type, Reason, Message string }

// News are the events of a failure that begins, changes or ends, of a fallback or a contest that begins, of a way in that others refuse, and of pods
// that are brought back. The rest is no news.
func News(before, now []metav1.Condition) (news []Event) {
	was, is := meta.FindStatusCondition(before, elasticwebv1.ConditionReady), meta.FindStatusCondition(now, elasticwebv1.ConditionReady)
	switch {
	case is == nil || was != nil && was.Reason == is.Reason:
	case IsFailure(is.Reason):
		news = append(news, Event{corev1.EventTypeWarning, is.Reason, is.Message})
	case was != nil && IsFailure(was.Reason) && is.Reason != elasticwebv1.ReasonPaused:
		news = append(news, Event{corev1.EventTypeNormal, is.Reason, was.Reason + " no longer: " + is.Message})
	}
	demand := meta.FindStatusCondition(now, elasticwebv1.ConditionDemandObserved)
	if isFallback(demand) && !isFallback(meta.FindStatusCondition(before, elasticwebv1.ConditionDemandObserved)) {
		news = append(news, Event{corev1.EventTypeWarning, demand.Reason, demand.Message})
	}
	contest := meta.FindStatusCondition(now, elasticwebv1.ConditionContested)
	if contest != nil && !meta.IsStatusConditionTrue(before, elasticwebv1.ConditionContested) {
		news = append(news, Event{corev1.EventTypeWarning, contest.Reason, contest.Message})
	}
	news = append(news, exposureNews(before, now)...)
	return append(news, rebalanceNews(before, now)...)
}

// rebalanceNews are that pods are brought back or restarted, that they are, and that they are refused. One try after the other is no news.
func rebalanceNews(before, now []metav1.Condition) []Event {
	was, is := meta.FindStatusCondition(before, elasticwebv1.ConditionRebalanced), meta.FindStatusCondition(now, elasticwebv1.ConditionRebalanced)
	if was == nil || is == nil || was.Reason == is.Reason {
		return nil
	}
	switch {
	case is.Reason == elasticwebv1.ReasonSurgeRefused, is.Reason == elasticwebv1.ReasonRestartRefused:
		return []Event{{corev1.EventTypeWarning, is.Reason, is.Message}}
	case is.Reason == elasticwebv1.ReasonRestarting, is.Reason == elasticwebv1.ReasonReturning && was.Reason == elasticwebv1.ReasonSpilled,
		is.Reason == elasticwebv1.ReasonAtHome && was.Reason != elasticwebv1.ReasonSpilled:
		return []Event{{corev1.EventTypeNormal, is.Reason, is.Message}}
	}
	return nil
}

func isFallback(condition *metav1.Condition) bool {
	return condition != nil && condition.Reason == elasticwebv1.ReasonFallback
}
