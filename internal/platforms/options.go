// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"k8s.io/utils/clock"
)

// Options set up a Resolver. The zero value of each field stands for the
// default that is named with it.
type Options struct {
	// PlainHTTPRegistries are the registries, host or host:port as written in
	// image references, that are asked over HTTP. All others are asked over
	// HTTPS, wherever they are. Default: none.
	PlainHTTPRegistries []string
	// AllowedRegistries are the only ones that are asked, written like
	// PlainHTTPRegistries. Their token services and redirects may lead
	// elsewhere. Default: all.
	AllowedRegistries []string
	// CABundle holds PEM certificates of authorities that are trusted beside
	// those of the system.
	CABundle []byte
	// Proxy chooses the proxy for a request. Default:
	// http.ProxyFromEnvironment, which reads HTTP_PROXY, HTTPS_PROXY, NO_PROXY.
	Proxy func(*http.Request) (*url.URL, error)
	// UserAgent is the header that registries see. Default: elasticweb-operator.
	UserAgent string

	// RequestTimeout bounds one request with its body. Default: 10 s.
	RequestTimeout time.Duration
	// LookupTimeout bounds all requests of one look-up, and separately the
	// reading of its pull secrets. Default: 30 s.
	LookupTimeout time.Duration
	// MaxManifestBytes bounds one index or manifest. Default: 4 MiB, what
	// registries accept.
	MaxManifestBytes int64
	// MaxConfigBytes bounds one image config. Default: 8 MiB.
	MaxConfigBytes int64
	// MaxManifests bounds the manifests that are read for one image. Default: 32.
	MaxManifests int

	// Workers is the number of look-ups that run at a time. A namespace begins
	// another one while it has fewer than could still begin, so that slow
	// registries cannot stop those of the others. Default: 16.
	Workers int
	// WorkersPerRegistry is the number of them that ask the same registry,
	// shared out in the same way. Default: 8.
	WorkersPerRegistry int
	// LookupsPerSecond bounds the look-ups that start for one registry, with
	// twice as many in a burst. Default: 50.
	LookupsPerSecond float64

	// MinBackoff and MaxBackoff bound the time after a failure before the same
	// look-up may be made again; it doubles from one to the other. Default: 10 s
	// and 5 min, the kubelet's for pulling images.
	MinBackoff, MaxBackoff time.Duration
	// MinTransientBackoff is the MinBackoff of failures that may be over in a
	// moment. Default: 1 s.
	MinTransientBackoff time.Duration

	// MaxImages is the number of images whose answers are kept. It should be
	// above the number in use. Default: 10,000, about 10 MB.
	MaxImages int
	// MaxPending is the number of waiters, shared out among the namespaces like
	// Workers. Default: 40,000.
	MaxPending int

	// Notify is called when answers have arrived for the waiters, in no
	// particular goroutine, several at a time. It should return when ctx, that
	// of Start, is done. Default: nobody is told.
	Notify func(ctx context.Context, waiters []Waiter)
	// Clock tells the time for ages and back-off. Default: the real one.
	Clock clock.Clock
}

func (o Options) withDefaults() Options {
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	if o.Notify == nil {
		o.Notify = func(context.Context, []Waiter) {}
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	o.UserAgent = cmp.Or(o.UserAgent, "elasticweb-operator")
	o.RequestTimeout = cmp.Or(o.RequestTimeout, 10*time.Second)
	o.LookupTimeout = cmp.Or(o.LookupTimeout, 30*time.Second)
	o.MaxManifestBytes = cmp.Or(o.MaxManifestBytes, 4<<20)
	o.MaxConfigBytes = cmp.Or(o.MaxConfigBytes, 8<<20)
	o.MaxManifests = cmp.Or(o.MaxManifests, 32)
	o.Workers = cmp.Or(o.Workers, 16)
	o.WorkersPerRegistry = cmp.Or(o.WorkersPerRegistry, 8)
	o.LookupsPerSecond = cmp.Or(o.LookupsPerSecond, 50)
	o.MinBackoff = cmp.Or(o.MinBackoff, 10*time.Second)
	o.MinTransientBackoff = cmp.Or(o.MinTransientBackoff, time.Second)
	o.MaxBackoff = cmp.Or(o.MaxBackoff, 5*time.Minute)
	o.MaxImages = cmp.Or(o.MaxImages, 10_000)
	o.MaxPending = cmp.Or(o.MaxPending, 40_000)
	return o
}

// refuse says why the registry of ref must not be asked; nil where it may.
func (o Options) refuse(ref reference) *Error {
	host := ref.registry()
	if len(o.AllowedRegistries) == 0 || slices.ContainsFunc(o.AllowedRegistries, func(allowed string) bool {
		return strings.EqualFold(allowed, host) || host == dockerHubAPI && allowed == dockerHubName
	}) {
		return nil
	}
	return &Error{
		Reason:  ReasonRegistryUnreachable,
		Message: fmt.Sprintf("the registry %s is none of those that the operator may ask: ask an administrator to add it to --allowed-registries", publicHost(host)),
	}
}
