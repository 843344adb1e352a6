// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// unlessUnfinished calls nothing done of which something is still to be written. What was done before stays done: a write that met
// another one is made again at once, and is no news.
func unlessUnfinished(in Input, v verdict) verdict {
	if !in.IsUnfinished || rows[v.reason].ready != metav1.ConditionTrue {
		return v
	}
	before := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionReady)
	if before != nil && before.Status == metav1.ConditionTrue && before.ObservedGeneration == in.Web.Generation {
		return v
	}
	return verdict{reason: elasticwebv1.ReasonRollingOut, message: "not everything is written yet that the spec asks for"}
}
