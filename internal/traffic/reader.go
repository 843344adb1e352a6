// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package traffic reads from a Prometheus server and from the metrics APIs what comes in for applications. It decides nothing: that is
// internal/demand's.
package traffic

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Reader reads the traffic of many applications, each once a period.
type Reader struct {
	options Options
	outlet  func(question) *outlet
	seed    maphash.Seed

	mu       sync.Mutex
	subjects map[types.NamespacedName]*subject
	feeds    map[question]*feed
	slots    map[time.Duration]*slot
	// running is the context of Start, nil before and after.
	running context.Context //nolint:containedctx // timers begin what ends with it.
	flights sync.WaitGroup
}

// outlet is a source with its places.
type outlet struct {
	source source
	turns  *turns
}

// New returns a Reader that asks nothing until it is started.
func New(options Options) (*Reader, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	metrics, err := newMetricsAPIs(options)
	if err != nil {
		return nil, err
	}
	ofPrometheus, ofMetrics := &outlet{newPrometheus(options), newTurns()}, &outlet{metrics, newTurns()}
	return newReader(options, func(q question) *outlet {
		if q.promQL != "" {
			return ofPrometheus
		}
		return ofMetrics
	}), nil
}

func newReader(options Options, outlet func(question) *outlet) *Reader {
	return &Reader{
		options: options, outlet: outlet, seed: maphash.MakeSeed(),
		subjects: map[types.NamespacedName]*subject{}, feeds: map[question]*feed{}, slots: map[time.Duration]*slot{},
	}
}

// Read has the query asked from now on, once a period, until Forget. Another query takes the place of the one before, and the same
// one changes nothing but the window, which is how far back the first answer reaches, and whether earlier days are read as well. It makes no
// request. Read and Forget of one key are not called at the same time.
func (r *Reader) Read(key types.NamespacedName, query Query, window time.Duration, earlierDays bool) {
	asked := query.question()
	r.mu.Lock()
	s := r.subjects[key]
	if s != nil && s.feed.question == asked {
		s.window, s.earlierDays = window, earlierDays
		r.mu.Unlock()
		return
	}
	r.mu.Unlock()
	r.Forget(key)

	r.mu.Lock()
	defer r.mu.Unlock()
	s = &subject{key: key, window: window, earlierDays: earlierDays, seen: -1, feed: r.feed(asked)}
	s.feed.readers = append(s.feed.readers, s)
	r.subjects[key] = s
}

// feed is that of a question; r.mu is held.
func (r *Reader) feed(asked question) *feed {
	if f := r.feeds[asked]; f != nil {
		return f
	}
	f := &feed{question: asked, outlet: r.outlet(asked)}
	f.tenant = f.outlet.turns.join(asked.namespace)
	f.hash = maphash.Comparable(r.seed, asked)
	r.feeds[asked] = f
	r.join(f)
	return f
}

// Forget ends it: once it has returned, nothing is delivered for the key.
func (r *Reader) Forget(key types.NamespacedName) {
	r.mu.Lock()
	s := r.subjects[key]
	r.mu.Unlock()
	if s == nil {
		return
	}
	s.delivery.Lock()
	defer s.delivery.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	f := s.feed
	s.feed = nil
	delete(r.subjects, key)
	if f.leave(s); len(f.readers) > 0 {
		return
	}
	delete(r.feeds, f.question)
	f.outlet.turns.leave(f)
	r.leave(f)
}

// NeedLeaderElection is true: only who decides needs to know.
func (r *Reader) NeedLeaderElection() bool { return true }

// Start asks until the context ends.
func (r *Reader) Start(ctx context.Context) error {
	r.mu.Lock()
	r.running = ctx
	for _, s := range r.slots {
		r.arm(s)
	}
	r.mu.Unlock()

	<-ctx.Done()
	r.mu.Lock()
	r.running = nil
	for _, s := range r.slots {
		s.timer.Stop()
	}
	r.mu.Unlock()
	r.flights.Wait()
	return nil
}

// turn is once a period: whatever happens, each reader has an answer in it.
func (r *Reader) turn(f *feed, now time.Time) {
	r.mu.Lock()
	if r.running == nil || len(f.readers) == 0 {
		r.mu.Unlock()
		return
	}
	readers, failed := slices.Clone(f.readers), f.failed
	switch {
	case f.isBusy:
		failed = overdue(r.options.Period)
	case f.skip > 0:
		f.skip--
	default:
		f.isBusy, failed = true, nil
		f.outlet.turns.add(f)
		r.begin(f.outlet)
	}
	r.mu.Unlock()
	if failed != nil {
		r.deliver(f, readers, failed.answer(now))
	}
}

// begin begins the flights that there are places for; r.mu is held.
func (r *Reader) begin(o *outlet) {
	for f := o.turns.next(); f != nil; f = o.turns.next() {
		ctx, flight := r.running, r.flight(f)
		r.flights.Go(func() { r.fly(ctx, flight) })
	}
}

func (r *Reader) flight(f *feed) *flight {
	window, isNew := f.window()
	return &flight{
		feed: f, readers: slices.Clone(f.readers), at: time.Now(), window: window, isNew: isNew, history: f.history,
		period: r.options.Period, timeout: r.options.timeout(),
	}
}

func (r *Reader) fly(ctx context.Context, f *flight) {
	answer, failed := f.number(ctx)
	if ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	f.feed.note(failed)
	for _, s := range f.readers {
		if failed == nil {
			s.seen = max(s.seen, f.window)
		}
	}
	r.mu.Unlock()
	r.deliver(f.feed, f.readers, answer)
	r.mu.Lock()
	defer r.mu.Unlock()
	f.feed.isBusy = false
	if failed == nil && f.feed.looksBack() {
		r.remember(ctx, f)
	}
	f.feed.outlet.turns.done(f.feed, time.Since(f.at))
	if r.running != nil {
		r.begin(f.feed.outlet)
	}
}

// remember has a flight that brought its number see to the earlier days. It keeps its place for as long, but the next number need not wait
// for it. r.mu is held, but for the time of the request.
func (r *Reader) remember(ctx context.Context, f *flight) {
	turns, known := f.feed.outlet.turns, f.feed.history
	if known.due(f.at) == 0 || !turns.remember(f.feed.tenant) {
		return
	}
	r.mu.Unlock()
	known = f.remember(ctx, known)
	r.mu.Lock()
	f.feed.history = known
	turns.remembered(f.feed.tenant)
}

// deliver gives an answer to those who still read the feed.
func (r *Reader) deliver(f *feed, readers []*subject, answer Answer) {
	for _, s := range readers {
		s.deliver(f, answer, r.options.Deliver)
	}
}

func (s *subject) deliver(f *feed, answer Answer, deliver func(types.NamespacedName, Answer)) {
	s.delivery.Lock()
	defer s.delivery.Unlock()
	if s.feed == f {
		deliver(s.key, answer)
	}
}
