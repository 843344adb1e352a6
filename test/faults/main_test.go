// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

var (
	scenarioFlag = flag.String("scenario", "", "scenarios to run, comma-separated; all by default")
	seedFlag     = flag.Uint64("seed", 0, "first seed; with one and no -runs, only that is run")
	runsFlag     = flag.Int("runs", 0, "seeds of each scenario; a few by default, as many as make test has time for")
	workersFlag  = flag.Int("workers", 8, "runs side by side: they mostly wait")
)

// startPlain and startMixed start a control plane, once and when it is first needed: that of most runs, and that of the runs with
// several architectures, whose nodes come and go.
var startPlain, startMixed func() (*world, error)

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	if err := flag.Set("test.parallel", fmt.Sprint(*workersFlag)); err != nil {
		panic(err)
	}
	code := 0
	collectLess()
	if testing.Short() {
		code = m.Run()
	} else if err := onWorlds(func() { code = m.Run() }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := os.RemoveAll(managerFolder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// collectLess has this process and the control planes collect garbage more rarely: memory is cheaper than the processor here.
func collectLess() {
	const percent = 400
	debug.SetGCPercent(percent)
	if err := os.Setenv("GOGC", fmt.Sprint(percent)); err != nil {
		panic(err)
	}
}

// onWorlds runs tests, and stops the control planes that they needed.
func onWorlds(run func()) (err error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var started []*world
	var mu sync.Mutex
	once := func(nodes ...cluster.NodePool) func() (*world, error) {
		return sync.OnceValues(func() (*world, error) {
			w, err := startWorld(ctx, io.Discard, nodes...)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				started = append(started, w)
			}
			return w, err
		})
	}
	startPlain = once(cluster.NodePool{Arch: "amd64", Count: 3, CPU: "64", Memory: "256Gi"}) // for the pods of all runs side by side.
	every := map[string]string{labelPlace: everyPlace}
	startMixed = once(cluster.NodePool{Arch: "amd64", Count: 1, Labels: every}, cluster.NodePool{Arch: "arm64", Count: 1, Labels: every},
		cluster.NodePool{Arch: "s390x", Count: 1, Labels: every})
	run()
	for _, w := range started {
		err = errors.Join(err, w.plane.Stop())
	}
	figures.print(os.Stderr)
	return err
}

// scenario is one way to disturb the operator. It is run with many seeds.
type scenario struct {
	name string
	// runs in make test.
	runs int
	// alone is true where nothing else may run beside it.
	alone bool
	// isMixed is true where there are several architectures.
	isMixed bool
	play    func(*run)
}

func scenarios() []scenario {
	return []scenario{
		{name: "crash", runs: 1, play: playCrash},
		{name: "unobserved", runs: 1, play: playUnobserved},
		{name: "errors", runs: 1, play: playErrors},
		{name: "storm", runs: 2, play: playStorm},
		{name: "stale", runs: 3, play: playStale},
		{name: "leader", runs: 1, play: playLeader},
		{name: "process", runs: 1, play: playProcess},
		{name: "others", runs: 3, play: playOthers},
		{name: "campaign", runs: 3, play: playCampaign},
		{name: "denials", runs: 1, play: playDenials},
		{name: "demand", runs: 1, play: playDemand},
		{name: "spilled", runs: 1, isMixed: true, play: playSpilled},
		{name: "mixed", runs: 2, isMixed: true, play: playMixed},
		{name: "tenant", runs: 1, alone: true, play: playTenant},
		{name: "plane", runs: 1, alone: true, play: playPlane},
	}
}

func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	isChosen := func(s scenario) bool {
		return *scenarioFlag == "" || slices.Contains(strings.Split(*scenarioFlag, ","), s.name)
	}
	for _, alone := range []bool{false, true} {
		t.Run(map[bool]string{false: "together", true: "alone"}[alone], func(t *testing.T) {
			for _, s := range scenarios() {
				if isChosen(s) && s.alone == alone {
					playSeeds(t, s)
				}
			}
		})
	}
	if !t.Failed() && *scenarioFlag == "" {
		figures.expectSomething(t)
	}
}

func playSeeds(t *testing.T, s scenario) {
	runs := s.runs
	switch {
	case *runsFlag > 0:
		runs = *runsFlag
	case *seedFlag > 0:
		runs = 1
	}
	for i := range runs {
		seed := max(*seedFlag, 1) + uint64(i) //nolint:gosec // not negative.
		t.Run(fmt.Sprintf("%s-%d", s.name, seed), func(t *testing.T) {
			if !s.alone {
				t.Parallel()
			}
			begin := time.Now()
			t.Cleanup(func() {
				if testing.Verbose() { // go test tells of subtests when all are over.
					fmt.Fprintf(os.Stderr, "%s-%d: failed=%t after %s\n", s.name, seed, t.Failed(), time.Since(begin).Round(time.Second))
				}
				if t.Failed() {
					t.Logf("again: make faults FAULTS_ARGS='-scenario=%s -seed=%d'", s.name, seed)
				}
			})
			figures.add(s.name, runsMade, 1)
			start := startPlain
			if s.isMixed {
				start = startMixed
			}
			s.play(newRun(t, start, s.name, seed))
		})
	}
}
