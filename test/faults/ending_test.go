// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// unanswered leaves all watches without an answer; those of a cache begin with what there is.
type unanswered struct {
	once  sync.Once
	asked chan struct{}
}

func (u *unanswered) RoundTrip(next http.RoundTripper, request *http.Request) (*http.Response, error) {
	if !proxy.IsWatch(request) {
		return next.RoundTrip(request)
	}
	u.once.Do(func() { close(u.asked) })
	<-request.Context().Done()
	return nil, request.Context().Err()
}

// Wrap implements proxy.Fault.
func (u *unanswered) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) { return u.RoundTrip(next, request) })
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func TestEndsWhileItsCachesWait(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	p := newRun(t, startPlain, "ending", 1).newPlace()
	silent := &unanswered{asked: make(chan struct{})}
	o := p.startOperator(silent)
	<-silent.asked
	begin := time.Now()
	o.stop()
	t.Logf("it ended within %s", time.Since(begin))
}
