// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

const (
	burstPatch = `{"spec":{"totalQPS":null,"headroomPercent":20,"demand":{"prometheus":{"query":"` + trafficQuery + `"},"maxQPS":7000,` +
		`"behavior":{"scaleDown":{"stabilizationWindowSeconds":15}}}}}`
	lookEvery = 100 * time.Millisecond
	tellEvery = 2500 * time.Millisecond
)

// theBurst has the sample follow the traffic, through a burst.
func (s *stage) theBurst(ctx context.Context) error {
	s.out.heading("Demand from the traffic: a burst on the sample, threefold in 30 seconds")
	s.out.text("  The demo counts requests that nobody makes, and answers this one query as a")
	s.out.text("  Prometheus would. The operator asks every second, and decides as ever.")
	if err := s.run(ctx, "patch", "ew", sample, "-n", namespace, "--type=merge", "-p", burstPatch); err != nil {
		return err
	}
	if _, err := s.await(ctx, sample, "the traffic is read: 2000 requests per second", func(web *elasticwebv1.ElasticWeb) bool {
		return isReady(web) && observedQPS(web) == baseQPS
	}); err != nil {
		return err
	}
	served, err := s.watchBurst(ctx)
	if err != nil {
		return err
	}
	s.out.text("  Of %d requests, %d found no pod with room.", int(served.asked), int(served.unserved))
	_, err = s.await(ctx, sample, "nothing called for as many pods for 15 s: they go", func(web *elasticwebv1.ElasticWeb) bool {
		return web.Status.Replicas < served.mostPods
	})
	return err
}

func observedQPS(web *elasticwebv1.ElasticWeb) float64 {
	if web.Status.Demand == nil {
		return 0
	}
	return float64(ptr.Deref(web.Status.Demand.ObservedQPS, 0))
}

// served is what became of the requests of a burst.
type served struct {
	asked, unserved float64
	mostPods        int32
}

// watchBurst tells, from the beginning of the burst to its end, what comes in and what the ready pods serve.
func (s *stage) watchBurst(ctx context.Context) (total served, err error) {
	s.out.text("\n    time   requests/s   expected   pods, and what the ready ones serve")
	began := time.Now()
	s.traffic.beginBurst()
	for last, told := began, -tellEvery; ; {
		web := &elasticwebv1.ElasticWeb{}
		if err := s.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: sample}, web); err != nil {
			return total, err
		}
		now := time.Now()
		qps, capacity := s.traffic.qps(now), float64(ptr.Deref(web.Status.RealQPS, 0))
		took := now.Sub(last).Seconds()
		total.asked += qps * took
		total.unserved += max(0, qps-capacity) * took
		total.mostPods = max(total.mostPods, web.Status.Replicas)
		if since := now.Sub(began); since-told >= tellEvery {
			told += tellEvery
			s.out.text("%s", burstLine(since, qps, web))
		}
		if last = now; now.Sub(began) > rise+top {
			return total, nil
		}
		select {
		case <-ctx.Done():
			return total, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

func burstLine(since time.Duration, qps float64, web *elasticwebv1.ElasticWeb) string {
	expected := int32(0)
	if web.Status.Demand != nil {
		expected = ptr.Deref(web.Status.Demand.ExpectedQPS, 0)
	}
	return fmt.Sprintf("  %4.0f s   %10.0f   %8d   %4d, %d", since.Seconds(), qps, expected, web.Status.Replicas, ptr.Deref(web.Status.RealQPS, 0))
}
