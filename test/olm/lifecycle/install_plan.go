// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"fmt"
	"slices"

	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// InstallPlanOf is the plan by which OLM installs a CSV in a namespace. It is an error if there is none yet.
func InstallPlanOf(ctx context.Context, reader client.Reader, namespace, csv string) (*operatorsv1alpha1.InstallPlan, error) {
	plans := &operatorsv1alpha1.InstallPlanList{}
	if err := reader.List(ctx, plans, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list install plans: %w", err)
	}
	at := slices.IndexFunc(plans.Items, func(plan operatorsv1alpha1.InstallPlan) bool {
		return slices.Contains(plan.Spec.ClusterServiceVersionNames, csv)
	})
	if at < 0 {
		return nil, fmt.Errorf("no install plan for %s", csv)
	}
	return &plans.Items[at], nil
}
