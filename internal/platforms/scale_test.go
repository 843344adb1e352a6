// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	testingclock "k8s.io/utils/clock/testing"
)

// running starts a Resolver against a real registry. await returns when as many
// waiters have been notified; stop ends the Resolver.
func running(t testing.TB, o Options) (r *Resolver, await func(waiters int), stop func()) {
	t.Helper()
	notified := make(chan int)
	o.Notify = func(ctx context.Context, waiters []Waiter) {
		select {
		case notified <- len(waiters):
		case <-ctx.Done():
		}
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var started sync.WaitGroup
	started.Go(func() { _ = r.Start(ctx) })
	await = func(waiters int) {
		t.Helper()
		deadline := time.After(30 * time.Second)
		for waiters > 0 {
			select {
			case n := <-notified:
				waiters -= n
			case <-deadline:
				t.Fatalf("%d waiters were not notified", waiters)
			}
		}
	}
	stop = sync.OnceFunc(func() { cancel(); started.Wait() })
	t.Cleanup(stop)
	return r, await, stop
}

func byKind(requests []string) map[string]int {
	kinds := map[string]int{}
	for _, r := range requests {
		switch {
		case strings.Contains(r, "/manifests/"):
			kinds["manifest"]++
		case strings.Contains(r, "/blobs/"):
			kinds["config"]++
		case strings.Contains(r, "/token"):
			kinds["token"]++
		default:
			kinds["ping"]++
		}
	}
	return kinds
}

func TestRequestsForOneImage(t *testing.T) {
	const users = 1000
	tests := map[string]struct {
		image       func(host, digest string) string
		password    string
		credentials func(i int, host string) Credentials
		requests    int
	}{
		"public": {
			image:    func(host, _ string) string { return host + "/shop:1" },
			requests: 5,
		},
		"by digest": {
			image:    func(host, digest string) string { return host + "/shop@" + digest },
			requests: 5,
		},
		"the same pull secret in each namespace": {
			image:    func(host, _ string) string { return host + "/shop:1" },
			password: "s3cret",
			credentials: func(i int, host string) Credentials {
				return Credentials{Identity: fmt.Sprint(i), Secrets: func(_ context.Context, take func(*corev1.Secret)) error {
					logins := map[string]string{host: "user:s3cret"}
					secret := dockerConfigJSON("pull", logins)
					if i%2 == 0 {
						secret = dockercfg("pull", logins)
					}
					take(&secret)
					return nil
				}}
			},
			requests: 5,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			digest := reg.push(t, "shop:1", "linux/amd64", "linux/arm64", "linux/s390x", "linux/ppc64le")
			reg.behind(tokenAuth(reg.server.URL+"/token", "user", tc.password))
			r, await, _ := running(t, reg.options())
			lookup := func(i int) Result {
				req := request(tc.image(reg.host, digest), fmt.Sprintf("ns-%d", i), "shop")
				if tc.credentials != nil {
					req.Credentials = tc.credentials(i, reg.host)
				}
				return r.Lookup(req)
			}
			pending := 0
			for i := range users {
				if lookup(i).Pending {
					pending++
				}
			}
			await(pending)
			for i := range users {
				res := lookup(i)
				if res.Facts == nil || res.Facts.Digest != digest || len(res.Facts.Platforms) != 4 {
					t.Fatalf("result %+v", res)
				}
			}
			asked := reg.asked()
			t.Logf("%d users of one image: %d requests %v", users, len(asked), byKind(asked))
			if len(asked) != tc.requests {
				t.Errorf("%d requests, want %d:\n%s", len(asked), tc.requests, strings.Join(asked, "\n"))
			}
			if s := r.Stats(); s.Requests != uint64(tc.requests) || lookups(s, Resolved) != 1 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// manyShops are the repositories that all hold what one of them holds.
var manyShops = regexp.MustCompile("/shop-[0-9]+/")

func TestRequestsForManyImages(t *testing.T) {
	const images = 1000
	reg := newRegistry(t)
	reg.push(t, "shop:1", "linux/amd64", "linux/arm64")
	reg.behind(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			req.URL.Path = manyShops.ReplaceAllString(req.URL.Path, "/shop/")
			next.ServeHTTP(w, req)
		})
	})
	o := reg.options()
	o.LookupsPerSecond = 1000
	r, await, _ := running(t, o)
	lookup := func(i int) Result {
		return r.Lookup(request(fmt.Sprintf("%s/shop-%d:1", reg.host, i), "dev", fmt.Sprint(i)))
	}
	began := time.Now()
	pending := 0
	for i := range images {
		if lookup(i).Pending {
			pending++
		}
	}
	asked := time.Since(began)
	await(pending)
	requests := reg.asked()
	t.Logf("%d images: asked in %v, known after %v, %d requests %v", images, asked, time.Since(began), len(requests), byKind(requests))
	// One index, one manifest, one config each; the first few look-ups at a
	// time find out how to authenticate.
	if n := len(requests); n < 3*images || n > 3*images+o.withDefaults().WorkersPerRegistry {
		t.Errorf("%d requests", n)
	}
	for i := range images {
		if res := lookup(i); res.Facts == nil {
			t.Fatalf("result %+v", res)
		}
	}
	if n := len(reg.asked()); n > 0 {
		t.Errorf("%d requests at rest", n)
	}
}

func TestTagMoves(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Now())
	reg := newRegistry(t)
	before := reg.push(t, "shop:1", "linux/amd64")
	o := reg.options()
	o.Clock = clock
	r, await, _ := running(t, o)
	req := request(reg.host+"/shop:1", "dev", "shop")
	r.Lookup(req)
	await(1)
	after := reg.push(t, "shop:1", "linux/amd64", "linux/arm64")
	clock.Step(time.Hour)
	if got := r.Lookup(req).Facts.Digest; got != before {
		t.Errorf("at rest the tag was asked again: %s", got)
	}
	req.MaxAge = time.Minute
	if got := r.Lookup(req).Facts.Digest; got != before {
		t.Errorf("facts were given up: %s", got)
	}
	await(1)
	res := r.Lookup(req)
	if res.Facts.Digest != after || len(res.Facts.Platforms) != 2 {
		t.Errorf("facts %+v", res.Facts)
	}
}

func TestStopLeavesNothingBehind(t *testing.T) {
	reg := newTLSRegistry(t)
	reg.push(t, "shop:1", "linux/amd64")
	reg.behind(answering("/hang/", hang))
	reg.server.Client().CloseIdleConnections()
	before := runtime.NumGoroutine()
	r, await, stop := running(t, Options{CABundle: reg.caBundle()})
	r.Lookup(request(reg.host+"/shop:1", "dev", "shop"))
	await(1)
	for i := range 100 {
		r.Lookup(request(fmt.Sprintf("%s/hang/shop-%d:1", reg.host, i), "dev", fmt.Sprint(i)))
	}
	stop()
	http.DefaultClient.CloseIdleConnections()
	// Connections take a moment to notice that they were closed.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// TestGiganticAnswersCostNoMemory has every worker fed with answers that never
// end.
func TestGiganticAnswersCostNoMemory(t *testing.T) {
	reg := newRegistry(t)
	reg.behind(answering("/", gigantic(1<<40, false)))
	r, await, _ := running(t, reg.options())
	const images = 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range images {
		r.Lookup(request(fmt.Sprintf("%s/shop-%d:1", reg.host, i), fmt.Sprintf("ns-%d", i), "shop"))
	}
	await(images)
	runtime.ReadMemStats(&after)
	grown := int64(after.HeapSys) - int64(before.HeapSys)
	t.Logf("%d gigantic answers: heap grew by %d MiB", images, grown>>20)
	if grown > 256<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	for i := range images {
		if res := r.Lookup(request(fmt.Sprintf("%s/shop-%d:1", reg.host, i), fmt.Sprintf("ns-%d", i), "shop")); res.Err == nil {
			t.Errorf("result %+v", res)
		}
	}
}

func BenchmarkLookupRemembered(b *testing.B) {
	reg := newRegistry(b)
	reg.push(b, "shop:1", "linux/amd64")
	r, await, _ := running(b, reg.options())
	req := request(reg.host+"/shop:1", "dev", "shop")
	r.Lookup(req)
	await(1)
	b.ReportAllocs()
	for b.Loop() {
		if r.Lookup(req).Facts == nil {
			b.Fatal("forgotten")
		}
	}
}

func BenchmarkLookupLoopback(b *testing.B) {
	reg := newRegistry(b)
	reg.push(b, "shop:1", "linux/amd64", "linux/arm64")
	o := reg.options().withDefaults()
	c, err := newClient(o)
	if err != nil {
		b.Fatal(err)
	}
	ref, _ := parseReference(reg.host + "/shop:1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.inspect(b.Context(), ref, nil); err != nil {
			b.Fatal(err)
		}
	}
}
