// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

var (
	// targets of the HPA in percent of what a pod serves; 100 is KEDA's threshold.
	targets = []int64{70, 85, 100}
	// shown headrooms of the operator, in percent.
	shown      = []int32{0, 10, 20, 40}
	startTimes = []time.Duration{20 * time.Second, time.Minute, 3 * time.Minute}
	// sets of pods: the mixed one behind a Service, and behind a way in that knows weights.
	sets = []setting{{}, {mix: mixed, spread: capacity.Joined}, {mix: mixed, spread: capacity.Weighted}}
)

const greatestHeadroom, headroomStep = 60, 2

func (s setting) String() string {
	text := fmt.Sprintf("%.0f s", s.start.Seconds())
	if s.mix != (mix{}) {
		text += ", mixed"
	}
	if s.spread == capacity.Weighted {
		text += ", weights"
	}
	return text
}

// numbers replays what the HPA decided: that depends on the metric and on its own number alone, so that it holds in every setting.
type numbers struct{ decided []int }

func (n *numbers) decide(_ float64, c *cluster) {
	c.scale(n.decided[0])
	n.decided = n.decided[1:]
}

func (*numbers) spreads() capacity.Spread { return capacity.Even }

// recordHPA is the numbers that the HPA decides on.
func recordHPA(t *testing.T, on traffic, percent int64) (decided []int) {
	synctest.Test(t, func(*testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		h := newHPA(ctx, percent)
		replay(on, setting{start: time.Minute}, h, func(since time.Duration, _ float64, c *cluster) {
			if since > 0 && since%period == 0 {
				decided = append(decided, len(c.pods))
			}
		})
		cancel()
	})
	return decided
}

// inParallel runs work for each index, on every processor.
func inParallel(count int, work func(int)) {
	var running sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range count {
		slots <- struct{}{}
		running.Go(func() { work(i); <-slots })
	}
	running.Wait()
}

// byHeadroom replays the operator with each headroom, in steps from none.
func byHeadroom(on traffic, s setting, forecast demand.Forecast, headroomStep int) [][]figures {
	found := make([][]figures, greatestHeadroom/headroomStep+1)
	inParallel(len(found), func(i int) {
		found[i] = replay(on, s, newOperator(int32(i*headroomStep), forecast, s), nil)
	})
	return found
}

// compare prints the figures of everyone, and then those of the operator as parts of the HPA's at 70%.
func compare(t *testing.T, out io.Writer, traces []trace) {
	fmt.Fprintln(out, "| trace | pods | who | unserved, in a million | pod hours | of the clairvoyant's | changes |\n| --- | --- | --- | --- | --- | --- | --- |")
	var parts strings.Builder
	for _, recording := range traces {
		on := arrivals(recording)
		decided := make([][]int, len(targets))
		for i, percent := range targets {
			decided[i] = recordHPA(t, on, percent)
		}
		for _, s := range sets {
			for _, s.start = range startTimes {
				compareIn(out, &parts, on, s, decided)
			}
		}
	}
	fmt.Fprintln(out, "\n| trace | pods | with its pod hours: unserved | pod hours | changes | with its unserved: unserved | pod hours | changes |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
	fmt.Fprint(out, parts.String())
}

func compareIn(out, parts io.Writer, on traffic, s setting, decided [][]int) {
	best := total(newClairvoyant(on, s))
	row := func(who string, f figures) {
		fmt.Fprintf(out, "| %s | %v | %s | %.1f | %.0f | %.2f | %d |\n",
			on.name, s, who, f.unserved/f.requests*1e6, f.podHours, f.podHours/best.podHours, f.changes)
	}
	var hpa []figures
	for i, percent := range targets {
		days := replay(on, s, &numbers{decided[i]}, nil)
		if i == 0 {
			hpa = days
		}
		if s.spread != capacity.Weighted { // its pods are behind a Service all the same.
			row(fmt.Sprintf("HPA, %d%%", percent), total(days))
		}
	}
	found := byHeadroom(on, s, demand.Auto, headroomStep)
	for _, headroom := range shown {
		row(fmt.Sprintf("operator, headroom %d%%", headroom), total(found[headroom/headroomStep]))
	}
	row("clairvoyant", best)
	fmt.Fprintf(parts, "| %s | %v |", on.name, s)
	for _, choose := range []func([][]figures, []figures) int{mostHours, fewestUnserved} {
		got, other := acrossFolds(found, hpa, choose), total(hpa)
		fmt.Fprintf(parts, " %.2f | %.2f | %.2f |", got.unserved/other.unserved, got.podHours/other.podHours, float64(got.changes)/float64(other.changes))
	}
	fmt.Fprintln(parts)
}

// acrossFolds chooses a headroom on the even days and takes the figures of the odd ones, and the other way round.
func acrossFolds(found [][]figures, other []figures, choose func(found [][]figures, other []figures) int) (sum figures) {
	for fold := range 2 {
		var seen, unseen [][]figures
		for _, days := range found {
			seen, unseen = append(seen, half(days, fold)), append(unseen, half(days, 1-fold))
		}
		sum = sum.plus(total(unseen[choose(seen, half(other, fold))]))
	}
	return sum
}

func half(days []figures, fold int) (some []figures) {
	for i, f := range days {
		if i%2 == fold {
			some = append(some, f)
		}
	}
	return some
}

// mostHours is the greatest headroom with no more pod hours, or none.
func mostHours(found [][]figures, other []figures) (chosen int) {
	for i, days := range found {
		if total(days).podHours <= total(other).podHours {
			chosen = i
		}
	}
	return chosen
}

// fewestUnserved is the least headroom with no more unserved requests, or the greatest there is.
func fewestUnserved(found [][]figures, other []figures) int {
	for i, days := range found {
		if total(days).unserved <= total(other).unserved {
			return i
		}
	}
	return len(found) - 1
}
