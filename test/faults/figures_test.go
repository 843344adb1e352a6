// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
)

// figure is what is counted of each scenario.
type figure int

const (
	runsMade figure = iota
	faultsInjected
	statesCompared
	differencesFound
	portsLost // by the API server: see hasLostPort.
	lastFigure
)

// tally counts, so that a harness that does nothing shows.
type tally struct {
	mu     sync.Mutex
	counts map[string]*[lastFigure]int64
}

var figures = &tally{counts: map[string]*[lastFigure]int64{}}

func (f *tally) add(scenario string, what figure, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counts[scenario] == nil {
		f.counts[scenario] = &[lastFigure]int64{}
	}
	f.counts[scenario][what] += n
}

func (f *tally) print(to io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	table := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "scenario\truns\tfaults injected\tstates compared\tdifferences\tnode ports lost")
	total := [lastFigure]int64{}
	for _, name := range slices.Sorted(maps.Keys(f.counts)) {
		counts := f.counts[name]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\n", name, counts[0], counts[1], counts[2], counts[3], counts[4])
		for i := range total {
			total[i] += counts[i]
		}
	}
	fmt.Fprintf(table, "all\t%d\t%d\t%d\t%d\t%d\n", total[0], total[1], total[2], total[3], total[4])
	_ = table.Flush()
}

// expectSomething fails where a scenario injected or compared nothing.
func (f *tally) expectSomething(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, counts := range f.counts {
		if counts[faultsInjected] == 0 || counts[statesCompared] == 0 {
			t.Errorf("%s injected %d faults and compared %d states", name, counts[faultsInjected], counts[statesCompared])
		}
	}
}
