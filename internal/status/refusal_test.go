// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// What cannot be written for some time is told, the same at each attempt, and is at the side where no pod is kept from running by it.
func TestLastingFailure(t *testing.T) {
	for _, tc := range []struct {
		kind, err string
		isAside   bool
		message   string
	}{
		{"Deployment", "etcdserver: request timed out", false, "Deployment shop cannot be written, and is tried again: etcdserver: request timed out"},
		{"Service", "dial tcp 10.0.0.1:443: i/o timeout", false, "Service shop cannot be written, and is tried again: dial tcp …: i/o timeout"},
		{"PodDisruptionBudget", "gone after 10s", true, "PodDisruptionBudget shop cannot be written, and is tried again: gone after …"},
		{"Pod", "no", true, "what the operator marks pods with cannot be written, and is tried again: no"},
	} {
		want := Problem{Reason: elasticwebv1.ReasonRollingOut, IsAside: tc.isAside, Message: tc.message}
		if got := LastingFailure(tc.kind, "shop", errors.New(tc.err)); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	long := LastingFailure("Deployment", "shop", errors.New(strings.Repeat("no ", 100_000)))
	if len(long.Message) > quote.LongestMessage {
		t.Errorf("%d bytes", len(long.Message))
	}
	in := planned()
	in.Problems = []Problem{long}
	if isStalled, again := look(&in, 0); isStalled || again != 0 || readyOf(in).Reason != elasticwebv1.ReasonRollingOut {
		t.Errorf("Stalled is %t, the next look is in %s: %+v", isStalled, again, readyOf(in))
	}
}

func TestEndingObjectHeals(t *testing.T) {
	in := planned()
	in.Problems = []Problem{EndingObject("Service", "shop")}
	ready := readyOf(in)
	if ready.Reason != elasticwebv1.ReasonRollingOut ||
		ready.Message != "Service shop of before is being deleted, and is made anew when it is gone: look at its finalizers, should it stay so" {
		t.Errorf("%s: %s", ready.Reason, ready.Message)
	}
	if meta.IsStatusConditionTrue(statusOf(in).Conditions, elasticwebv1.ConditionStalled) {
		t.Error("it is Stalled")
	}
}

// A policy may speak of quotas that are none of Kubernetes'.
func TestADenialIsThePolicys(t *testing.T) {
	got := admissionRefusal(`admission webhook "p.example.com" denied the request: the team exceeded quota of images`, podtemplate.Words{})
	if want := (Problem{Reason: elasticwebv1.ReasonForbidden, Message: policyRemedy}); got != want {
		t.Errorf("%+v", got)
	}
}
