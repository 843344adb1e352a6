// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
)

// What the API server answers is as good as it gets, also where it is not what the intent says: that version and a later one with the same
// fields are accepted, and one with others is not.
func TestAnswersAreSettled(t *testing.T) {
	intent, live := deploymentAtRest(t)
	wanted := preparedOf(t, intent)
	answer := live.DeepCopy()
	answer.Spec.Template.Spec.Containers[0].Image = "mirror/" + strings.Repeat("nginx", 10_000)
	clock := clocktesting.NewFakePassiveClock(metav1.Now().Time)
	writer := &answering{answer: answer}
	applier := New(writer, nil, "test", NewWritten(clock), clock)
	if _, err := applier.Apply(t.Context(), intent, nil); writer.writes != 1 || err != nil {
		t.Fatalf("%d writes, error %v", writer.writes, err)
	}
	if kept := len(applier.settled.answerTo(wanted.key())); kept == 0 || kept > 64 {
		t.Errorf("%d bytes are kept of an answer of 50,000", kept)
	}
	if _, err := applier.Apply(t.Context(), intent, answer.DeepCopy()); writer.writes != 1 || err != nil {
		t.Errorf("the answer itself: %d writes, error %v", writer.writes, err)
	}

	answer.ResourceVersion = "6"
	answer.Status.Replicas = 3
	if _, err := applier.Apply(t.Context(), intent, answer.DeepCopy()); writer.writes != 1 || err != nil {
		t.Errorf("a later version of the answer: %d writes, error %v", writer.writes, err)
	}
	answer.ResourceVersion = "7"
	answer.Spec.Replicas = ptr.To[int32](9)
	if _, err := applier.Apply(t.Context(), intent, answer.DeepCopy()); writer.writes != 2 || err != nil {
		t.Errorf("other fields: %d writes, error %v", writer.writes, err)
	}

	wanting := live.DeepCopy()
	wanting.ResourceVersion = "8"
	if _, err := applier.Apply(t.Context(), intent, wanting); writer.writes != 2 || err != nil {
		t.Errorf("as wanted: %d writes, error %v", writer.writes, err)
	}
	again := wanting.DeepCopy()
	again.ResourceVersion, again.Spec = "9", answer.Spec
	if _, err := applier.Apply(t.Context(), intent, again); writer.writes != 3 || err != nil {
		t.Errorf("an answer of before, since it was as wanted: %d writes, error %v", writer.writes, err)
	}
}
