// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"testing"
	"time"

	operatorsv2 "github.com/operator-framework/api/pkg/operators/v2"
	"github.com/operator-framework/operator-lib/conditions"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// operatorCondition records what it is told, after it refused some times.
type operatorCondition struct {
	refusals   int
	conditions []metav1.Condition
	asked      operatorsv2.ConditionType
	missing    error
}

func (o *operatorCondition) NewCondition(asked operatorsv2.ConditionType) (conditions.Condition, error) {
	o.asked = asked
	return o, o.missing
}

func (o *operatorCondition) GetNamespacedName() (*types.NamespacedName, error) { return nil, o.missing }

func (o *operatorCondition) Get(context.Context) (*metav1.Condition, error) { return nil, o.missing }

func (o *operatorCondition) Set(_ context.Context, status metav1.ConditionStatus, options ...conditions.Option) error {
	if o.refusals > 0 {
		o.refusals--
		return errors.New("forbidden")
	}
	condition := metav1.Condition{Type: string(o.asked), Status: status}
	for _, option := range options {
		option(&condition)
	}
	o.conditions = append(o.conditions, condition)
	return nil
}

func TestUpgradeableIsSaidOnce(t *testing.T) {
	olm := &operatorCondition{refusals: 2}
	if err := (upgradeable{olm, time.Microsecond}).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(olm.conditions) != 1 || !meta.IsStatusConditionTrue(olm.conditions, operatorsv2.Upgradeable) {
		t.Fatalf("said %+v, want Upgradeable=True once", olm.conditions)
	}
	if said := olm.conditions[0]; said.Reason == "" || said.Message == "" {
		t.Errorf("said %+v: the API takes no condition without a reason", said)
	}
}

func TestUpgradeableEndsWithTheManager(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (upgradeable{&operatorCondition{refusals: 1}, time.Hour}).Start(ctx); err != nil {
		t.Errorf("a manager that ends gets %v", err)
	}
}

// Outside of a pod there is no namespace, and so no OperatorCondition: no reason to end the manager.
func TestUpgradeableOutsideOfAPod(t *testing.T) {
	if err := (upgradeable{&operatorCondition{missing: errors.New("no namespace")}, time.Hour}).Start(t.Context()); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestUpgradeableIsTheLeadersToSay(t *testing.T) {
	var runnable manager.LeaderElectionRunnable = upgradeable{}
	if !runnable.NeedLeaderElection() {
		t.Error("a manager that does not lead speaks to OLM")
	}
}

func TestNothingIsSaidWithoutOLM(t *testing.T) {
	t.Setenv(operatorConditionVariable, "")
	if err := addUpgradeable(nil); err != nil {
		t.Errorf("without %s: %v", operatorConditionVariable, err)
	}
}
