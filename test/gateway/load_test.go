// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/elasticweb/elasticweb-operator/test/arrivals"
)

const requestTimeout = 10 * time.Second

// load is requests at random moments, at a mean rate, to one host of the gateway.
type load struct {
	attacker  *vegeta.Attacker
	done      sync.WaitGroup
	begin     time.Time
	perSecond float64

	answers  []time.Duration // of requests that were answered, but for the first.
	sent     int
	failures map[string]int // how often, by what happened.
	// first and last are when the first and the last that failed were sent, since the beginning.
	first, last time.Duration
}

// settling is how long latencies do not count: pods have nothing to do when the load begins.
const settling = 5 * time.Second

// startLoad sends requests for a host to the gateway until stop, or for so long.
func startLoad(host string, perSecond float64, during time.Duration) *load {
	return startLoadAt(gatewayAddress, host, perSecond, during)
}

// startLoadAt is startLoad for another address.
func startLoadAt(address, host string, perSecond float64, during time.Duration) *load {
	l := &load{attacker: vegeta.NewAttacker(vegeta.Timeout(requestTimeout)), failures: map[string]int{}, begin: time.Now(), perSecond: perSecond}
	target := vegeta.Target{Method: http.MethodGet, URL: "http://" + address, Header: http.Header{"Host": {host}}}
	moments := &arrivals.Poisson{PerSecond: perSecond, Random: rand.New(rand.NewPCG(1, 2)), During: during} //nolint:gosec // no secret.
	results := l.attacker.Attack(vegeta.NewStaticTargeter(target), moments, 0, "")
	l.done.Go(func() {
		for result := range results {
			l.record(result)
		}
	})
	return l
}

func (l *load) record(result *vegeta.Result) {
	l.sent++
	since := result.Timestamp.Sub(l.begin)
	if result.Code == http.StatusOK && result.Error == "" {
		if since >= settling {
			l.answers = append(l.answers, result.Latency)
		}
		return
	}
	if len(l.failures) == 0 || since < l.first {
		l.first = since
	}
	l.last = max(l.last, since)
	l.failures[strings.TrimSpace(fmt.Sprintf("%d %s", result.Code, result.Error))]++
}

// stop waits for the last answers.
func (l *load) stop() *load {
	l.attacker.Stop()
	return l.wait()
}

func (l *load) wait() *load {
	l.done.Wait()
	slices.Sort(l.answers)
	return l
}

func (l *load) failed() (failed int) {
	for _, times := range l.failures {
		failed += times
	}
	return failed
}

func (l *load) quantile(q float64) time.Duration {
	if len(l.answers) == 0 {
		return 0
	}
	return l.answers[int(q*float64(len(l.answers)-1))]
}

// String lists what failed, and from when to when.
func (l *load) String() string {
	if len(l.failures) == 0 {
		return fmt.Sprintf("0 of %d failed", l.sent)
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(l.failures)) {
		kinds = append(kinds, fmt.Sprintf("%d × %s", l.failures[kind], kind))
	}
	return fmt.Sprintf("%d of %d failed within %s (%s)", l.failed(), l.sent, (l.last - l.first).Round(time.Millisecond), strings.Join(kinds, ", "))
}

// row is one of a table: what was asked, what failed, and how long it took.
func (l *load) row(what string) string {
	return fmt.Sprintf("| %s | %.0f, sent %.1f | %v | %s | %s |", what, l.perSecond, float64(l.sent)/period.Seconds(), l,
		l.quantile(0.5).Round(time.Millisecond), l.quantile(0.99).Round(time.Millisecond))
}
