// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources_test

import (
	"testing"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// An application of which no pod is ready must not block the drain of a node.
func TestTheBudgetLetsPodsGoThatAreNotReady(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop"}}
	spec := resources.Budget(web).Spec
	if got := spec.UnhealthyPodEvictionPolicy; got == nil || *got != policyv1.AlwaysAllow {
		t.Errorf("unhealthyPodEvictionPolicy is %v", got)
	}
	if got := spec.MaxUnavailable; got == nil || got.IntValue() != 1 {
		t.Errorf("maxUnavailable is %v", got)
	}
}
