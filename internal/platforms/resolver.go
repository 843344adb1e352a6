// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"
)

// Waiter is an object that waits for an answer. It waits for one image at a
// time.
type Waiter struct {
	// Kind keeps objects of different kinds apart.
	Kind string
	types.NamespacedName
}

// Credentials are the pull secrets for an image, which are read only when the
// registry is about to be asked. The zero value asks anonymously.
type Credentials struct {
	// Identity names the credentials, for example by namespace, service
	// account and secret names: requests of a namespace with the same image and
	// Identity share one answer, and nobody else gets it who does not have the
	// same passwords. It is empty exactly when Secrets is nil.
	Identity string
	// Secrets reads the pull secrets, those of the pod before those of its
	// service account, and has take look at one after the other: together they
	// may be too much to be held. Its error is not shown.
	Secrets func(ctx context.Context, take func(*corev1.Secret)) error
}

// Request asks for the facts of an image.
type Request struct {
	// Image is a reference as in a pod's image field.
	Image       string
	Credentials Credentials
	Waiter      Waiter
	// MaxAge is how long ago the registry may have been asked what a tag
	// stands for, at least 10 s. With 0 any answer will do, and the registry is
	// asked only if there is none. Digests do not age.
	MaxAge time.Duration
}

// Result is what is known at the moment.
type Result struct {
	// Facts are nil when none are known. They may be older than MaxAge while
	// Pending, or with an Err: they hold until there are better ones.
	Facts *Facts
	// Err is the *Error of the last look-up, nil if that went well or its
	// failure does not matter since the Facts are young enough.
	Err error
	// RetryAt is when Lookup should be called again: nobody is notified when
	// that time has come. It is zero where that is of no use.
	RetryAt time.Time
	// Pending says that a look-up is queued or under way, and that the Waiter
	// will be notified when it ends, unless so many wait that RetryAt is set.
	Pending bool
	// Asked is when the registry was asked in the look-up that is Pending. It is
	// zero while that waits for its turn.
	Asked time.Time
}

// Resolver looks images up beside its callers.
type Resolver struct {
	options Options
	client  *client
	// inspect and probe are the client's, but in tests of the Resolver alone.
	inspect func(context.Context, reference, []login) (Facts, *Error)
	probe   func(context.Context, reference) *Error
	salt    [32]byte
	wake    chan struct{}

	mu sync.Mutex
	// requested are the answers by the credentials' Identity, shared those by
	// their fingerprint.
	requested, shared    answers
	registries, breakers *lru.Cache
	flights              map[answerKey]*flight
	waiting              map[Waiter]*flight
	// waiters are the places of those that wait, places those of look-ups.
	waiters, places shares
	queue           fairQueue
	// running are the flights that have places.
	running    map[*flight]struct{}
	lookups    map[answerKey]*lookup
	remembered uint64
	outcomes   map[Count]uint64
	// counted are the registries that are counted by name.
	counted map[string]bool
}

// New returns a Resolver, whose Start has to be called. It fails when the CA
// bundle cannot be used.
func New(o Options) (*Resolver, error) {
	o = o.withDefaults()
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	r := &Resolver{
		options:    o,
		client:     c,
		inspect:    c.inspect,
		probe:      c.probe,
		wake:       make(chan struct{}, 1),
		requested:  newAnswers(o.MaxImages),
		shared:     newAnswers(o.MaxImages),
		registries: lru.New(maxRegistries),
		breakers:   lru.New(maxBreakers),
		flights:    map[answerKey]*flight{},
		waiting:    map[Waiter]*flight{},
		waiters:    newShares(),
		places:     newShares(),
		queue:      newFairQueue(),
		running:    map[*flight]struct{}{},
		lookups:    map[answerKey]*lookup{},
		outcomes:   map[Count]uint64{},
		counted:    map[string]bool{},
	}
	// It never fails, see its documentation.
	_, _ = rand.Read(r.salt[:])
	return r, nil
}

// Lookup returns what is known of an image, without ever blocking on a registry
// or on the API server. Where that is not enough it sees to it that a look-up
// is under way, unless one has just failed.
func (r *Resolver) Lookup(req Request) Result {
	ref, invalid := parseReference(req.Image)
	if invalid == nil {
		invalid = r.options.refuse(ref)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	if invalid != nil {
		r.leave(req.Waiter)
		return Result{Err: invalid}
	}
	k := keyOf(req.Waiter.Namespace, ref.String(), req.Credentials.Identity)
	if f := r.waiting[req.Waiter]; f != nil && f.key != k {
		r.leave(req.Waiter)
	}
	now := r.options.Clock.Now()
	maxAge := effectiveMaxAge(ref, req.MaxAge)
	known := r.requested.get(k)
	if known.satisfies(maxAge, now) {
		r.remembered++
		return known.satisfied()
	}
	f := r.flights[k]
	if f == nil && known.failing(now) {
		r.remembered++
		return known.result()
	}
	if r.waiting[req.Waiter] == nil && r.waiters.by[req.Waiter.Namespace] > 0 && !r.waiters.has(req.Waiter.Namespace, r.options.MaxPending) {
		return r.overloaded(known, now)
	}
	if f == nil {
		f = r.newFlight(k, ref, req)
		if a, done := r.depart(f, now); done {
			return a.result()
		}
	}
	return r.join(f, req.Waiter, maxAge, known)
}

func (r *Resolver) newFlight(k answerKey, ref reference, req Request) *flight {
	return &flight{
		key:         k,
		ref:         ref,
		credentials: req.Credentials,
		tenant:      req.Waiter.Namespace,
		limits:      r.limitsOf(ref.registry()),
		breaker:     r.breaker(req.Waiter.Namespace, ref.registry()),
		waiters:     map[Waiter]struct{}{},
	}
}

// effectiveMaxAge is 0 for what does not age.
func effectiveMaxAge(ref reference, maxAge time.Duration) time.Duration {
	if maxAge == 0 || ref.immutable() {
		return 0
	}
	return max(maxAge, minMaxAge)
}

func (r *Resolver) join(f *flight, w Waiter, maxAge time.Duration, known answer) Result {
	if maxAge != 0 && (f.maxAge == 0 || maxAge < f.maxAge) {
		f.maxAge = maxAge
	}
	f.waiters[w] = struct{}{}
	if r.waiting[w] == nil {
		r.waiters.take(w.Namespace)
	}
	r.waiting[w] = f
	return known.pending(f.asked())
}

func (r *Resolver) stopWaiting(w Waiter) {
	delete(r.waiting, w)
	r.waiters.giveBack(w.Namespace)
}

// overloaded has a waiter come back: there is no place for it yet.
func (r *Resolver) overloaded(known answer, now time.Time) Result {
	res := known.pending(time.Time{})
	res.RetryAt = now.Add(withJitter(r.options.MinBackoff))
	return res
}

// Forget drops a waiter, and with the last one a look-up that has not begun.
func (r *Resolver) Forget(w Waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave(w)
}

// Start makes the look-ups until ctx is done, and returns once the last one
// has stopped. It is called once.
func (r *Resolver) Start(ctx context.Context) error {
	var work sync.WaitGroup
	defer r.client.transport.CloseIdleConnections()
	defer work.Wait()
	for {
		var again <-chan time.Time
		if wait := r.dispatch(ctx, &work); wait > 0 {
			again = r.options.Clock.After(wait)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-again:
		}
	}
}

// dispatch starts all that may start now: more may when a look-up ends. again
// is when to make room; 0 where nobody needs it.
func (r *Resolver) dispatch(ctx context.Context, work *sync.WaitGroup) (again time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for f := r.queue.next(r.mayStart); f != nil; f = r.queue.next(r.mayStart) {
		itsOwn := r.occupy(ctx, f)
		work.Go(func() { r.run(ctx, itsOwn, f) })
	}
	return r.makeRoom()
}

func (r *Resolver) wakeUp() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Resolver) notify(ctx context.Context, waiters []Waiter) {
	if len(waiters) > 0 {
		r.options.Notify(ctx, waiters)
	}
}
