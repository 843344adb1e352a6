// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	idleTimeout = 30 * time.Second
	// pingAfter is when a connection without an answer is held for dead unless it answers within as long: one of HTTP/2 to a node that is no
	// more is used on for a quarter of an hour else.
	pingAfter          = 5 * time.Second
	maxIdleConnections = 32
	maxHeaderBytes     = 64 << 10
	maxRetryAfter      = time.Hour
)

// newTransport returns the transport that all requests end in. It keeps idle
// connections for a short time only: at rest there are none.
func newTransport(o Options) (*http.Transport, error) {
	roots, err := rootCAs(o.CABundle)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                  o.Proxy,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, Control: refuseForbidden}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  o.RequestTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           maxIdleConnections,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
		// A few compressed bytes would otherwise become a body of any size.
		DisableCompression: true,
	}, nil
}

func rootCAs(bundle []byte) (*x509.CertPool, error) {
	if len(bundle) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's certificate authorities: %w", err)
	}
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, errors.New("the CA bundle holds no PEM certificate")
	}
	return pool, nil
}

var (
	errPlainHTTP      = errors.New("plain HTTP is used only with the registries that are listed for it")
	errPlainHTTPFirst = errors.New("this registry is listed for plain HTTP")
)

// guard is the http.RoundTripper of one look-up. Whatever is asked in the
// course of it passes here: the registry, its token service, the redirects of
// both.
type guard struct {
	next      http.RoundTripper
	requests  *atomic.Uint64
	userAgent string
	maxBody   int64
	// plainHTTP is the host that may be asked, and is only asked, without TLS.
	// With it, the token service and redirects may be without TLS too.
	plainHTTP string
}

// RoundTrip refuses forbidden addresses, and turns the answers that concern
// the whole registry into a statusError.
func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.admit(req); err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", g.userAgent)
	g.requests.Add(1)
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError {
		resp.Body.Close()
		return nil, &statusError{code: resp.StatusCode, retryAfter: retryAfter(resp)}
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, g.maxBody)
	return resp, nil
}

func (g guard) admit(req *http.Request) error {
	switch {
	case forbiddenHost(req.URL.Hostname()):
		return errForbiddenAddress
	case req.URL.Scheme == "http" && g.plainHTTP == "":
		return errPlainHTTP
	case req.URL.Scheme == "https" && req.URL.Host == g.plainHTTP:
		return errPlainHTTPFirst
	}
	return nil
}

// statusError is an answer with an HTTP status other than the expected one.
type statusError struct {
	code       int
	retryAfter time.Duration
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the registry answers %d %s", e.code, http.StatusText(e.code))
}

// retryAfter reads the header Retry-After, in seconds or as a date.
func retryAfter(resp *http.Response) time.Duration {
	value := resp.Header.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	sent, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(sent), maxRetryAfter))
}
