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

// everything is the control plane of most runs; nil with -short.
var everything *world

// startMixed starts the control plane of the runs with several architectures, once and when it is first needed: their nodes come
// and go.
var startMixed func() (*world, error)

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	if err := flag.Set("test.parallel", fmt.Sprint(*workersFlag)); err != nil {
		panic(err)
	}
	code := 0
	if testing.Short() {
		code = m.Run()
	} else if err := onWorld(func() { code = m.Run() }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := os.RemoveAll(managerFolder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func onWorld(run func()) (err error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if everything, err = startWorld(ctx, io.Discard, cluster.NodePool{Arch: "amd64", Count: 3}); err != nil {
		return err
	}
	var mixed *world
	startMixed = sync.OnceValues(func() (_ *world, err error) {
		// No pod of a run lands on these: they see to it that the cluster has all architectures, whatever the runs do.
		mixed, err = startWorld(ctx, io.Discard, cluster.NodePool{Arch: "amd64", Count: 1}, cluster.NodePool{Arch: "arm64", Count: 1},
			cluster.NodePool{Arch: "s390x", Count: 1})
		if err == nil {
			mixed.images = startImages()
		}
		return mixed, err
	})
	defer func() {
		if mixed != nil {
			err = errors.Join(err, mixed.plane.Stop())
		}
		err = errors.Join(err, everything.plane.Stop())
	}()
	run()
	figures.print(os.Stderr)
	return nil
}

// scenario is one way to disturb the operator. It is run with many seeds.
type scenario struct {
	name string
	// runs in make test.
	runs int
	// alone is true where nothing else may run beside it.
	alone bool
	play  func(*run)
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
		{name: "spilled", runs: 1, play: playSpilled},
		{name: "mixed", runs: 2, play: playMixed},
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
			s.play(newRun(t, s.name, seed))
		})
	}
}
