// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const lookEvery = time.Second

// side is one of the two, and what came of it.
type side struct {
	who, name string

	asked, unserved, podMinutes float64
	changes                     int
	// wanted is the number of pods that its Deployment asks for.
	wanted int32
	// pods that there are, and ready those of them that are.
	pods, ready int
}

// watch waits until both are ready for what comes in, and sees them through the burst.
func (s *stage) watch(ctx context.Context) ([]*side, error) {
	sides := []*side{
		{who: "ElasticWeb, `demand`, headroom 20%", name: "shop"},
		{who: fmt.Sprintf("HPA of kube-controller-manager, target %d%%", target), name: "beside"},
	}
	if err := s.settle(ctx, sides); err != nil {
		return nil, err
	}
	s.traffic.beginBurst()
	last, told := time.Now(), time.Time{}
	for _, side := range sides {
		side.changes = 0
	}
	for s.traffic.progress(last) < 1 {
		if err := sleep(ctx); err != nil {
			return nil, err
		}
		if err := s.look(ctx, sides); err != nil {
			return nil, err
		}
		now := time.Now()
		for _, side := range sides {
			side.account(s.traffic.qps(now), now.Sub(last))
		}
		if last = now; now.Sub(told) >= scrapeInterval {
			told = now
			fmt.Printf("%5.2f of the burst: %6.0f requests per second; pods ready of all: %s %d/%d, %s %d/%d\n", s.traffic.progress(now), s.traffic.qps(now),
				sides[0].name, sides[0].ready, sides[0].pods, sides[1].name, sides[1].ready, sides[1].pods)
		}
	}
	return sides, nil
}

// settle waits until both have the pods that the traffic before the burst takes.
func (s *stage) settle(ctx context.Context, sides []*side) error {
	const patience, steady = 10 * time.Minute, 30 * time.Second
	since := time.Now()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err := s.look(ctx, sides); err != nil {
			return err
		}
		isServed := func(side *side) bool { return side.ready == side.pods && float64(side.ready*podQPS) >= s.base }
		if !isServed(sides[0]) || !isServed(sides[1]) {
			since = time.Now()
		}
		if time.Since(since) >= steady {
			return nil
		}
		if err := sleep(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("the pods do not come: %+v %+v", *sides[0], *sides[1])
}

func sleep(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(lookEvery):
		return nil
	}
}

// look counts the pods of both.
func (s *stage) look(ctx context.Context, sides []*side) error {
	pods, deployments := &corev1.PodList{}, &appsv1.DeploymentList{}
	if err := s.client.List(ctx, pods, client.InNamespace("dev")); err != nil {
		return err
	}
	if err := s.client.List(ctx, deployments, client.InNamespace("dev")); err != nil {
		return err
	}
	for _, side := range sides {
		side.pods, side.ready = 0, 0
		for i := range deployments.Items {
			if d := &deployments.Items[i]; d.Name == side.name {
				side.count(d, pods.Items)
			}
		}
	}
	return nil
}

func (s *side) count(d *appsv1.Deployment, pods []corev1.Pod) {
	if *d.Spec.Replicas != s.wanted {
		s.wanted = *d.Spec.Replicas
		s.changes++
	}
	for i := range pods {
		if !isOf(d, &pods[i]) || pods[i].DeletionTimestamp != nil {
			continue
		}
		s.pods++
		if slices.ContainsFunc(pods[i].Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue }) {
			s.ready++
		}
	}
}

func isOf(d *appsv1.Deployment, pod *corev1.Pod) bool {
	for name, value := range d.Spec.Selector.MatchLabels {
		if pod.Labels[name] != value {
			return false
		}
	}
	return true
}

func (s *side) account(qps float64, took time.Duration) {
	s.asked += qps * took.Seconds()
	s.unserved += max(0, qps-float64(s.ready*podQPS)) * took.Seconds()
	s.podMinutes += float64(s.pods) * took.Minutes()
}

func (s *side) row() string {
	return fmt.Sprintf("| %s | %.0f | %.0f | %.1f | %d |", s.who, s.unserved, s.unserved/s.asked*1e6, s.podMinutes, s.changes)
}
