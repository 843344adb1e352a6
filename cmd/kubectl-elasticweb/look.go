// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// get reads an ElasticWeb of the namespace.
func (e *environment) get(ctx context.Context, c client.Reader, name string) (*elasticwebv1.ElasticWeb, error) {
	namespace, err := e.namespace()
	if err != nil {
		return nil, err
	}
	web := &elasticwebv1.ElasticWeb{}
	return web, c.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, web)
}

// look reads all that a screen about an ElasticWeb shows.
func (e *environment) look(ctx context.Context, c client.Reader, web *elasticwebv1.ElasticWeb) (screen.Web, error) {
	seen, err := elasticweb.Onlooker{Reader: c}.Look(ctx, web, e.now())
	if err != nil {
		return screen.Web{}, err
	}
	planned, _ := resources.PlanFor(seen.Web, &seen.Observed)
	shown := screen.Web{Web: seen.Web, Observed: seen.Observed, Plan: planned, Missing: texts(seen.Missing), Where: e.where(web.Namespace), Now: e.now()}
	shown.Events, err = readEvents(ctx, c, seen)
	if err != nil { // all else is shown.
		shown.Missing = append(shown.Missing, err.Error())
	}
	return shown, nil
}

func texts(errs []error) (all []string) {
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}

// Events are asked for by the name of what they are about: those of the ElasticWeb, which its Deployment, Service and budget share, and
// those of some pods that are not ready.
const (
	mostAskedPods     = 5
	eventsOfPage      = 500
	mostPagesOfEvents = 4
)

func readEvents(ctx context.Context, c client.Reader, seen elasticweb.Sight) (events []screen.Event, err error) {
	names, isOurs := []string{seen.Web.Name}, map[types.UID]bool{seen.Web.UID: true}
	if seen.Deployment != nil {
		isOurs[seen.Deployment.UID] = true
	}
	if seen.Service != nil {
		isOurs[seen.Service.UID] = true
	}
	if seen.Budget != nil {
		isOurs[seen.Budget.UID] = true
	}
	for i, pod := range seen.RunningPods {
		if isOurs[pod.UID] = true; !seen.Pods[i].Ready && len(names) <= mostAskedPods {
			names = append(names, pod.Name)
		}
	}
	for _, name := range names {
		err := eachEvent(ctx, c, seen.Web.Namespace, name, func(event *corev1.Event) {
			if isOurs[event.InvolvedObject.UID] {
				events = append(events, eventOf(event))
			}
		})
		if err != nil {
			return events, fmt.Errorf("list events: %w", err)
		}
	}
	return events, nil
}

// eachEvent reads the events about objects of a name. The API server gives them by their names, which tell their age: the last ones come last.
func eachEvent(ctx context.Context, c client.Reader, namespace, name string, take func(*corev1.Event)) error {
	list := &corev1.EventList{}
	for page := 0; page == 0 || list.Continue != "" && page < mostPagesOfEvents; page++ {
		err := c.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{"involvedObject.name": name}, client.Limit(eventsOfPage), client.Continue(list.Continue))
		if err != nil {
			return err
		}
		for i := range list.Items {
			take(&list.Items[i])
		}
	}
	return nil
}

// eventOf reads an event as it was recorded by either of the two libraries.
func eventOf(event *corev1.Event) screen.Event {
	result := screen.Event{
		Type: event.Type, Reason: event.Reason, Message: event.Message, Count: event.Count,
		Object: event.InvolvedObject.Kind + " " + event.InvolvedObject.Name,
	}
	times := []time.Time{event.LastTimestamp.Time, event.EventTime.Time, event.FirstTimestamp.Time}
	if series := event.Series; series != nil {
		result.Count = max(result.Count, series.Count)
		times = append(times, series.LastObservedTime.Time)
	}
	result.Last = slices.MaxFunc(times, time.Time.Compare)
	result.Count = cmp.Or(result.Count, 1)
	return result
}
