// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"slices"
	"time"
)

const (
	// places are how many requests a source gets at a time: fewer than the 20 queries that a Prometheus runs side by side.
	places = 16
	// ofOne are how many of them a namespace gets; it gets more while as many are left for others. ofSlow are for those together whose last
	// answer took longer than slowAfter, and ofSlowOne for one of these.
	ofOne     = 4
	ofSlow    = 4
	ofSlowOne = 2
	slowAfter = time.Second
)

// turns gives the places of a source to one namespace after the other. Those that are slow have a part of the places, so that they do
// not hold up the others.
type turns struct {
	byName map[string]*tenant
	// order are the tenants with someone who waits, the next one first.
	order       []*tenant
	taken, slow int
}

// tenant is a namespace, for as long as it has feeds.
type tenant struct {
	name    string
	feeds   int
	waiting []*feed
	taken   int
	isSlow  bool
}

func newTurns() *turns { return &turns{byName: map[string]*tenant{}} }

func (t *turns) join(name string) *tenant {
	who := t.byName[name]
	if who == nil {
		who = &tenant{name: name}
		t.byName[name] = who
	}
	who.feeds++
	return who
}

func (t *turns) leave(f *feed) {
	who := f.tenant
	who.waiting = slices.DeleteFunc(who.waiting, func(other *feed) bool { return other == f })
	if len(who.waiting) == 0 {
		t.order = slices.DeleteFunc(t.order, func(other *tenant) bool { return other == who })
	}
	if who.feeds--; who.feeds == 0 {
		delete(t.byName, who.name)
	}
}

func (t *turns) add(f *feed) {
	if len(f.tenant.waiting) == 0 {
		t.order = append(t.order, f.tenant)
	}
	f.tenant.waiting = append(f.tenant.waiting, f)
}

// next takes a place for the one whose turn it is; nil where nobody waits who may.
func (t *turns) next() *feed {
	i := slices.IndexFunc(t.order, t.may)
	if i < 0 {
		return nil
	}
	who := t.order[i]
	t.order = slices.Delete(t.order, i, i+1)
	f := who.waiting[0]
	if who.waiting = slices.Delete(who.waiting, 0, 1); len(who.waiting) > 0 {
		t.order = append(t.order, who)
	}
	who.taken++
	t.taken++
	if who.isSlow {
		t.slow++
	}
	return f
}

func (t *turns) may(who *tenant) bool {
	if who.isSlow {
		return t.taken < places && t.slow < ofSlow && who.taken < ofSlowOne
	}
	return t.taken < places-ofOne || t.taken < places && who.taken < ofOne
}

// done gives a place back, and takes note of how long the answer took.
func (t *turns) done(f *feed, took time.Duration) {
	who := f.tenant
	if who.isSlow {
		t.slow -= who.taken
	}
	who.taken--
	t.taken--
	if who.isSlow = took > slowAfter; who.isSlow {
		t.slow += who.taken
	}
}
