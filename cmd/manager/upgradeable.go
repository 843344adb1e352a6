// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	operatorsv2 "github.com/operator-framework/api/pkg/operators/v2"
	"github.com/operator-framework/operator-lib/conditions"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// operatorConditionVariable is set by the Operator Lifecycle Manager, and by nothing else.
const operatorConditionVariable = "OPERATOR_CONDITION_NAME"

// upgradeableRetry is how long to wait when the condition could not be set. OLM may be about to grant the right to.
const upgradeableRetry = 10 * time.Second

// addUpgradeable has the leader tell the Operator Lifecycle Manager, where there is one, that it may upgrade the operator.
func addUpgradeable(mgr ctrl.Manager) error {
	if os.Getenv(operatorConditionVariable) == "" {
		return nil
	}
	scheme := runtime.NewScheme()
	if err := operatorsv2.AddToScheme(scheme); err != nil {
		return fmt.Errorf("register the kind OperatorCondition: %w", err)
	}
	// Not the manager's client: its cache would list and watch, which OLM does not grant.
	live, err := client.New(mgr.GetConfig(), client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("make a client for the OperatorCondition: %w", err)
	}
	return mgr.Add(upgradeable{conditions.InClusterFactory{Client: live}, upgradeableRetry})
}

// upgradeable sets the condition Upgradeable to True, once. Nothing makes it False: pods and benchmarks outlive the
// operator and are not touched by a new version, which takes up what it finds, in whatever state.
type upgradeable struct {
	factory conditions.Factory
	retry   time.Duration
}

// NeedLeaderElection says that only the leader speaks for the operator.
func (u upgradeable) NeedLeaderElection() bool { return true }

// Start sets the condition. That it cannot is logged and tried again, since serving ElasticWebs comes first.
func (u upgradeable) Start(ctx context.Context) error {
	log := ctrl.Log.WithName("upgradeable")
	condition, err := u.factory.NewCondition(operatorsv2.ConditionType(operatorsv2.Upgradeable))
	if err != nil {
		log.Error(err, "OLM is not told that the operator may be upgraded")
		return nil
	}
	err = wait.PollUntilContextCancel(ctx, u.retry, true, func(ctx context.Context) (bool, error) {
		err := condition.Set(ctx, metav1.ConditionTrue, conditions.WithReason("NothingToWaitFor"),
			conditions.WithMessage("An upgrade of the operator restarts no pod and no benchmark"))
		if err != nil {
			log.Error(err, "The condition Upgradeable is not set yet")
		}
		return err == nil, nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}
