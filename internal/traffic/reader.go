// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package traffic reads from a Prometheus server and from the metrics APIs what comes in for applications. It decides nothing: that is
// internal/demand's.
package traffic

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// Options of a Reader.
type Options struct {
	// Period is the time between two answers for a key.
	Period time.Duration
	// Prometheus is the server that is asked; nil is none.
	Prometheus *PrometheusServer
	// Config leads to the API server for the metrics APIs, and Mapper tells the resources of its kinds.
	Config *rest.Config
	Mapper meta.RESTMapper
	// Deliver gets an answer for each key once a period, in the order of time, one after the other for a key. It may neither block nor
	// call the Reader.
	Deliver func(key types.NamespacedName, answer Answer)
}

// PrometheusServer is what speaks Prometheus' HTTP API. All of it is the administrator's.
type PrometheusServer struct {
	URL string
	// CAFile and TokenFile are read again when they change; "" is the system's authorities, and no token.
	CAFile, TokenFile string
	// TenantParameter is a parameter of each request whose value is the namespace of the application; "" is none.
	TenantParameter string
}

// Answer is what a source said.
type Answer struct {
	// Samples in the order of time, the last one of now. The first answer that has a number has those of the window before, too, where
	// the source has a history, and so has one after a gap.
	Samples []demand.Sample
	// Message says what is wrong with the last sample and what helps; "" where it has a number. It is the same for as long as the
	// same is wrong.
	Message string
	// History is that of earlier days; nil where there is none (yet).
	History *History
}

// History is what was measured on earlier days around this time of the day. It never changes, and may be kept.
type History struct{}

// Days are what was measured in the window that ended at the same time of earlier days, and for as long as ahead from then on; without
// the days of which that is not known. A nil History has none.
func (h *History) Days(at time.Time, window, ahead time.Duration) []demand.Day {
	return nil
}

// Reader reads the traffic of many applications: each once a period.
type Reader struct {
	options Options
}

// New returns a Reader that asks nothing until it is started.
func New(options Options) (*Reader, error) {
	if options.Period <= 0 || options.Deliver == nil {
		return nil, errors.New("traffic: Period and Deliver are needed")
	}
	return &Reader{options: options}, nil
}

// Read has the query asked from now on, once a period, until Forget. Another query takes the place of the one before, and the same
// one changes nothing. The window is how far back the first answer reaches. It makes no request.
func (r *Reader) Read(key types.NamespacedName, query Query, window time.Duration) {}

// Forget ends it: once it has returned, nothing is delivered for the key.
func (r *Reader) Forget(key types.NamespacedName) {}

// Start asks until the context ends.
func (r *Reader) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// NeedLeaderElection is true: only who decides needs to know.
func (r *Reader) NeedLeaderElection() bool { return true }
