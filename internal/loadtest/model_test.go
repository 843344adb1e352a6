// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// model is a server and the generator before it, in simulated time.
type model struct {
	random *rand.Rand
	// workers serve one request at a time, each for service() seconds, from one queue.
	workers int
	service func(m *model, now float64) float64
	// poisson makes requests arrive at random instead of at equal intervals.
	poisson bool
	// patience is the longest wait in seconds before a request is rejected at once; 0 stands for an endless queue.
	patience float64
	// failures is the share of requests that fail for no reason of load.
	failures float64
	// generator is the highest rate that is sent; 0 for any.
	generator float64
	// down serves nothing.
	down Reason

	now  float64
	free []float64
}

const modelTimeout = 5.0

func newModel(seed uint64, workers int, service func(*model, float64) float64) *model {
	return &model{random: rand.New(rand.NewPCG(seed, 1)), workers: workers, service: service, free: make([]float64, workers)}
}

// exponential service times with a mean in seconds.
func exponential(mean float64) func(*model, float64) float64 {
	return func(m *model, _ float64) float64 { return m.random.ExpFloat64() * mean }
}

func constant(mean float64) func(*model, float64) float64 {
	return func(*model, float64) float64 { return mean }
}

// warming slows a service down by factor at the start, less and less until it is warm after seconds.
func warming(service func(*model, float64) float64, factor, seconds float64) func(*model, float64) float64 {
	return func(m *model, now float64) float64 {
		return service(m, now) * (1 + (factor-1)*max(0, 1-now/seconds))
	}
}

// hiccups stop a worker for up to longest seconds in one of a thousand requests: garbage collection, a neighbour.
func hiccups(service func(*model, float64) float64, longest float64) func(*model, float64) float64 {
	return func(m *model, now float64) float64 {
		s := service(m, now)
		if m.random.Float64() < 0.001 {
			s += m.random.Float64() * longest
		}
		return s
	}
}

// request goes to the worker that is free first.
func (m *model) request(arrival float64) (end float64, served bool) {
	first := 0
	for i, at := range m.free {
		if at < m.free[first] {
			first = i
		}
	}
	start := max(arrival, m.free[first])
	if m.down != "" || m.patience > 0 && start-arrival > m.patience || m.random.Float64() < m.failures {
		return arrival, false
	}
	m.free[first] = start + m.service(m, start)
	return m.free[first], m.free[first]-arrival < modelTimeout
}

// measure carries a step out.
func (m *model) measure(step Step) Measurement {
	began := m.now
	m.settle(step.Settle.Seconds())
	var t tally
	end, due, sent := m.now+step.Duration.Seconds()-1e-9, m.now, m.now
	for {
		sent = max(sent, due)
		if m.generator > 0 {
			sent += 1 / m.generator
		}
		if t.due++; sent <= end {
			done, served := m.request(sent)
			t.add(due, sent, done, served)
		}
		if due += m.gap(step.Rate); due >= end {
			break
		}
	}
	m.now = max(end, min(t.last, end+modelTimeout))
	return t.measurement(step, m)(m.now - began)
}

func (m *model) gap(rate float64) float64 {
	if m.poisson {
		return m.random.ExpFloat64() / rate
	}
	return 1 / rate
}

func (m *model) settle(atMost float64) {
	m.now = max(m.now, min(m.now+atMost, slices.Max(m.free)))
}

type tally struct {
	due, requests, failed int
	response, service     []float64
	first, last           float64
}

func (t *tally) add(due, sent, done float64, served bool) {
	t.requests++
	if !served {
		t.failed++
		return
	}
	if t.first == 0 {
		t.first = done
	}
	t.first, t.last = min(t.first, done), max(t.last, done)
	t.response, t.service = append(t.response, done-due), append(t.service, done-sent)
}

func (t *tally) measurement(step Step, m *model) func(elapsed float64) Measurement {
	return func(elapsed float64) Measurement {
		out := Measurement{
			Sent:      step.Rate * float64(t.requests) / float64(max(t.due, 1)),
			ErrorRate: 1,
			Elapsed:   seconds(elapsed),
		}
		if t.requests > 0 {
			out.ErrorRate = float64(t.failed) / float64(t.requests)
		}
		if t.failed > 0 {
			out.Reason = ReasonServerErrors
			if m.down != "" {
				out.Reason = m.down
			}
		}
		if n := len(t.response); n > 1 {
			out.Served = float64(n-1) / (t.last - t.first)
		}
		if tenth := len(t.service) / 10; tenth > 0 {
			out.Growth = quantile(slices.Clone(t.service[len(t.service)-tenth:]), 0.5) - quantile(slices.Clone(t.service[:tenth]), 0.5)
		}
		out.P50, out.P99, out.ServiceP99 = quantile(t.response, 0.5), quantile(t.response, 0.99), quantile(t.service, 0.99)
		return out
	}
}

func quantile(values []float64, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return seconds(values[int(math.Ceil(q*float64(len(values))))-1])
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// saturation is the rate at which the 99th percentile of an M/M/c queue reaches target seconds, by Erlang's C formula.
func saturation(workers int, mean, target float64) float64 {
	low, high := 0.0, float64(workers)/mean
	for range 60 {
		if middle := (low + high) / 2; exceeds(workers, mean, middle, target) > 0.01 {
			high = middle
		} else {
			low = middle
		}
	}
	return low
}

// exceeds is the share of the requests to an M/M/c queue that take longer than t.
func exceeds(workers int, mean, rate, t float64) float64 {
	load := rate * mean
	blocked := 1.0 // Erlang's B.
	for k := 1; k <= workers; k++ {
		blocked = load * blocked / (float64(k) + load*blocked)
	}
	idle := float64(workers) - load
	waits := float64(workers) * blocked / (idle + load*blocked)
	mu, spare := 1/mean, idle-1
	if math.Abs(spare) < 1e-9 {
		return math.Exp(-mu*t) * (1 + waits*mu*t)
	}
	return math.Exp(-mu*t) * (1 + waits*(1-math.Exp(-mu*t*spare))/spare)
}
