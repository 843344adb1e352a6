// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
)

// What the API server answers is as good as it gets, also where it is not what the intent says: that version is not compared
// again, a later one with the same fields is accepted, and one with others is not.
func TestAnswersAreSettled(t *testing.T) {
	intent, live := deploymentAtRest(t)
	wanted := preparedOf(t, intent)
	answer := live.DeepCopy()
	answer.Spec.Template.Spec.Containers[0].Image = "mirror/nginx"
	clock := clocktesting.NewFakePassiveClock(metav1.Now().Time)
	applier := New(answering{answer: answer}, nil, "test", NewWritten(clock), clock)
	if _, wrote, err := applier.Apply(t.Context(), intent, nil); !wrote || err != nil {
		t.Fatalf("wrote %t, error %v", wrote, err)
	}
	if applier.settled.of(wanted.key()).version != answer.ResourceVersion {
		t.Error("the answer would be compared again")
	}

	answer.ResourceVersion = "6"
	answer.Status.Replicas = 3
	if _, wrote, err := applier.Apply(t.Context(), intent, answer.DeepCopy()); wrote || err != nil {
		t.Errorf("a later version of the answer: wrote %t, error %v", wrote, err)
	}
	answer.ResourceVersion = "7"
	answer.Spec.Replicas = ptr.To[int32](9)
	if _, wrote, err := applier.Apply(t.Context(), intent, answer.DeepCopy()); !wrote || err != nil {
		t.Errorf("other fields: wrote %t, error %v", wrote, err)
	}
}
