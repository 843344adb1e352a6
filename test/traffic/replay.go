// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

const (
	// step is the time in which requests are counted, period that between two decisions, and rateOver what a sample is the rate of.
	step     = 5 * time.Second
	period   = 15 * time.Second
	rateOver = time.Minute
	day      = 24 * time.Hour
	// settling is left out of the figures: no one knows what was before.
	settling = 15 * time.Minute
)

// setting is what the pods are, and how requests are spread over them by who knows of architectures.
type setting struct {
	start  time.Duration
	mix    mix
	spread capacity.Spread
}

// scaler decides on the number of pods.
type scaler interface {
	// decide sees the rate of the last minute, and scales.
	decide(qps float64, c *cluster)
	// spreads says how requests are spread over the pods: by a Service, unless the scaler sees to more.
	spreads() capacity.Spread
}

// figures are of a day.
type figures struct {
	requests, unserved, podHours float64
	changes                      int
}

func (f figures) plus(g figures) figures {
	return figures{f.requests + g.requests, f.unserved + g.unserved, f.podHours + g.podHours, f.changes + g.changes}
}

// traffic is the requests of each step: a trace with the noise that such a rate has.
type traffic struct {
	trace
	requests []float64
}

func arrivals(t trace) traffic {
	random := rand.New(rand.NewPCG(1, uint64(len(t.rates))))
	made := traffic{trace: t}
	for since := time.Duration(0); since < t.length(); since += step {
		mean := t.at(since) * step.Seconds()
		made.requests = append(made.requests, max(0, math.Round(mean+random.NormFloat64()*math.Sqrt(mean))))
	}
	return made
}

// observed is the rate over the last minute.
func (t traffic) observed(steps int) float64 {
	from := max(0, steps-int(rateOver/step))
	sum := 0.0
	for _, requests := range t.requests[from:steps] {
		sum += requests
	}
	return sum / (time.Duration(steps-from) * step).Seconds()
}

// replay puts the traffic on pods that the scaler has the number of; seen gets each step.
func replay(t traffic, s setting, decides scaler, seen func(since time.Duration, requests float64, c *cluster)) []figures {
	days := make([]figures, int((t.length()+day-1)/day))
	c := &cluster{start: s.start, mix: s.mix, now: -s.start, spread: decides.spreads()}
	c.scale(int(math.Ceil(t.at(0) / podQPS / 0.7)))
	for i, requests := range t.requests {
		c.now = time.Duration(i) * step
		before := c.changes
		if i > 0 && c.now%period == 0 {
			decides.decide(t.observed(i), c)
		}
		if seen != nil {
			seen(c.now, requests, c)
		}
		if c.now < settling {
			continue
		}
		days[c.now/day] = days[c.now/day].plus(figures{
			requests: requests,
			unserved: max(0, requests-c.serves()*step.Seconds()),
			podHours: float64(len(c.pods)) * step.Hours(),
			changes:  c.changes - before,
		})
	}
	return days
}

func total(days []figures) (sum figures) {
	for _, f := range days {
		sum = sum.plus(f)
	}
	return sum
}
