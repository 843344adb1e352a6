// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// load is a constant rate of requests, one half over connections that stay, the other over new ones.
type load struct {
	attackers []*vegeta.Attacker
	done      sync.WaitGroup

	mu       sync.Mutex
	answered uint64
	failures map[string]int // how often, by what happened
}

const (
	requestsPerSecond = 50 // of each half
	requestTimeout    = 10 * time.Second
)

// startLoad sends requests to the URLs by turns until stop.
func startLoad(urls ...string) *load { return startLoadOf(requestsPerSecond, urls...) }

// startLoadOf does so at a rate of each half.
func startLoadOf(perSecond int, urls ...string) *load {
	l := &load{failures: map[string]int{}}
	var targets []vegeta.Target
	for _, url := range urls {
		targets = append(targets, vegeta.Target{Method: "GET", URL: url})
	}
	for _, keepAlive := range []bool{true, false} {
		attacker := vegeta.NewAttacker(vegeta.KeepAlive(keepAlive), vegeta.Timeout(requestTimeout))
		l.attackers = append(l.attackers, attacker)
		results := attacker.Attack(vegeta.NewStaticTargeter(targets...), vegeta.ConstantPacer{Freq: perSecond, Per: time.Second}, 0, "")
		l.done.Go(func() {
			for result := range results {
				l.record(result)
			}
		})
	}
	return l
}

func (l *load) record(result *vegeta.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if result.Code == 200 && result.Error == "" {
		l.answered++
		return
	}
	l.failures[fmt.Sprintf("%d %s", result.Code, result.Error)]++
}

// count tells how many requests were answered so far.
func (l *load) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered
}

// stop waits for the last answers, and lists what failed.
func (l *load) stop() []string {
	for _, attacker := range l.attackers {
		attacker.Stop()
	}
	l.done.Wait()
	var failures []string
	for _, failure := range slices.Sorted(maps.Keys(l.failures)) {
		failures = append(failures, fmt.Sprintf("%d x %s", l.failures[failure], failure))
	}
	return failures
}
