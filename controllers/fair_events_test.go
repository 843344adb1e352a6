// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// Whoever has failures begin and end without end must neither fill the memory with events nor take them from others.
func TestEventsOfANamespaceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := events.NewFakeRecorder(10 * mostEventsAtOnce)
		recorder := FairEvents(told)
		tell := func(namespace string, times int) (passed int) {
			t.Helper()
			for range times {
				web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "shop"}}
				recorder.Eventf(web, nil, corev1.EventTypeWarning, elasticwebv1.ReasonInvalidSpec, "Reconcile", "%s", "a")
			}
			for ; len(told.Events) > 0; passed++ {
				<-told.Events
			}
			return passed
		}
		if got := tell("hostile", 3*mostEventsAtOnce); got != mostEventsAtOnce {
			t.Errorf("%d events of a namespace at once, want %d", got, mostEventsAtOnce)
		}
		if got := tell("dev", 1); got != 1 {
			t.Error("another namespace has none")
		}
		time.Sleep(10 * time.Second)
		if got := tell("hostile", mostEventsAtOnce); got != 10*eventsPerSecond {
			t.Errorf("%d events of a namespace after 10 s, want %d", got, 10*eventsPerSecond)
		}
	})
}
