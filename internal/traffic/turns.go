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
	// ofOne are how many of them a namespace gets; it gets more while as many are left for others. Those that have a query whose last answer
	// took longer than slowAfter leave ofOne to the others, even all together: where everything is slow, it is the source, and whoever waits
	// for it must not be slowed down by us, too. One of these gets ofSlowOne, and more while ofOne of ofSlow are left for others of them.
	ofOne     = 4
	ofSlow    = places - ofOne
	ofSlowOne = 2
	slowAfter = time.Second
	// ofDays are how many of the places may be with earlier days, one of a namespace at most: these are the greatest requests, and numbers of
	// now come first.
	ofDays = 4
)

// turns gives the places of a source to one namespace after the other. Those that are slow have a part of the places, so that they do
// not hold up the others.
type turns struct {
	byName map[string]*tenant
	// order are the tenants with someone who waits, the next one first.
	order       []*tenant
	taken, slow int
	// remembering are the places that are with earlier days.
	remembering int
}

// tenant is a namespace, for as long as it has feeds or places.
type tenant struct {
	name    string
	waiting []*feed
	taken   int
	// isRemembering says that one of its places is with an earlier day.
	isRemembering bool
	// feeds are how many it has, and slow those of them whose last answer took long: one that is quick does not make up for them.
	feeds, slow int
}

func (who *tenant) isSlow() bool { return who.slow > 0 }

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
	who.feeds--
	t.see(f, false)
	t.drop(who)
}

// drop forgets a tenant. One that still has places comes back to them, or it could have them once more.
func (t *turns) drop(who *tenant) {
	if who.feeds == 0 && who.taken == 0 {
		delete(t.byName, who.name)
	}
}

// see takes note of how slow a feed is, and counts the places of its tenant with those of the slow ones, or no more.
func (t *turns) see(f *feed, isSlow bool) {
	if f.isSlow == isSlow {
		return
	}
	who, wasSlow := f.tenant, f.tenant.isSlow()
	if f.isSlow = isSlow; isSlow {
		who.slow++
	} else {
		who.slow--
	}
	switch {
	case wasSlow && !who.isSlow():
		t.slow -= who.taken
	case !wasSlow && who.isSlow():
		t.slow += who.taken
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
	if who.isSlow() {
		t.slow++
	}
	return f
}

func (t *turns) may(who *tenant) bool {
	isRoomForSlow := t.slow < ofSlow-ofOne || t.slow < ofSlow && who.taken < ofSlowOne
	if who.isSlow() && !isRoomForSlow {
		return false
	}
	return t.taken < places-ofOne || t.taken < places && who.taken < ofOne
}

// remember has a place go to an earlier day, if it may, until remembered.
func (t *turns) remember(who *tenant) bool {
	if t.remembering == ofDays || who.isRemembering || len(who.waiting) > 0 {
		return false
	}
	t.remembering++
	who.isRemembering = true
	return true
}

func (t *turns) remembered(who *tenant) {
	t.remembering--
	who.isRemembering = false
}

// done gives a place back, and takes note of how long the answer took. One that nobody reads any more is not noted: nobody would ask it again.
func (t *turns) done(f *feed, took time.Duration) {
	who := f.tenant
	if who.taken--; who.isSlow() {
		t.slow--
	}
	t.taken--
	if len(f.readers) > 0 {
		t.see(f, took > slowAfter)
	}
	t.drop(who)
}
