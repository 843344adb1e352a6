// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// News is the event of a run that ended, or of what somebody has to mend; reason is "" where neither is new.
func News(before, now *v1alpha1.ElasticWebBenchmarkStatus) (kind, reason, message string) {
	was := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionComplete)
	is := meta.FindStatusCondition(now.Conditions, v1alpha1.ConditionComplete)
	switch {
	case is == nil || was != nil && was.Reason == is.Reason:
		return "", "", ""
	case is.Status == metav1.ConditionTrue:
		return corev1.EventTypeNormal, is.Reason, "measured " + now.QPSByArchitecture
	case meta.FindStatusCondition(now.Conditions, v1alpha1.ConditionStalled) != nil:
		return corev1.EventTypeWarning, is.Reason, is.Message
	}
	return "", "", ""
}
