// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/api"
)

const (
	dialTimeout = 5 * time.Second
	idleTimeout = 90 * time.Second
	// pingAfter is when a connection without an answer is held for dead unless it answers within as long: one of HTTP/2 is used on after a
	// request that took too long, and only the kernel gives it up, after a quarter of an hour.
	pingAfter      = 5 * time.Second
	maxHeaderBytes = 64 << 10
	longestFile    = 1 << 20
)

// connection is how the server is reached. It is made anew when the file with the authorities changes.
type connection struct {
	server PrometheusServer

	mu     sync.Mutex
	caFile fs.FileInfo
	client api.Client
}

// forNamespace is a client whose requests are of the namespace.
func (c *connection) forNamespace(namespace string) (api.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refresh(); err != nil {
		return nil, err
	}
	return tenantClient{c.client, c.server.TenantParameter, namespace}, nil
}

func (c *connection) refresh() error {
	var info fs.FileInfo
	if c.server.CAFile != "" {
		var err error
		if info, err = os.Stat(c.server.CAFile); err != nil {
			return err
		}
	}
	if c.client != nil && (info == nil || isUnchanged(c.caFile, info)) {
		return nil
	}
	roots, err := c.roots()
	if err != nil {
		return err
	}
	client, err := api.NewClient(api.Config{Address: c.server.URL, RoundTripper: guard{bearer{c.server, newTransport(roots)}}})
	if err != nil {
		return err
	}
	if old, isOpen := c.client.(api.CloseIdler); isOpen {
		old.CloseIdleConnections()
	}
	c.client, c.caFile = client, info
	return nil
}

func isUnchanged(old, now fs.FileInfo) bool {
	return os.SameFile(old, now) && old.ModTime().Equal(now.ModTime()) && old.Size() == now.Size()
}

// roots are the authorities of the file; nil for those of the system.
func (c *connection) roots() (*x509.CertPool, error) {
	if c.server.CAFile == "" {
		return nil, nil
	}
	bundle, err := readFile(c.server.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("%s holds no PEM certificate", c.server.CAFile)
	}
	return pool, nil
}

func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    places,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
		// A few compressed bytes would otherwise become an answer of any size.
		DisableCompression: true,
	}
}

// bearer puts the token on each request.
type bearer struct {
	server PrometheusServer
	next   http.RoundTripper
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := b.server.token()
	if err != nil {
		return nil, &tokenError{err}
	}
	if token == "" {
		return b.next.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token)
	return b.next.RoundTrip(req)
}

// token is that of the file; "" where there is none.
func (s PrometheusServer) token() (string, error) {
	if s.TokenFile == "" {
		return "", nil
	}
	content, err := readFile(s.TokenFile)
	return strings.TrimSpace(string(content)), err
}

// tokenError is that the token cannot be read.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, longestFile+1))
	if err == nil && len(content) > longestFile {
		err = fmt.Errorf("%s is longer than %d bytes", name, longestFile)
	}
	return content, err
}

// tenantClient sends what would be the form of a POST as a GET, which needs no right but to read, and with the tenant.
type tenantClient struct {
	api.Client
	parameter, namespace string
}

// wholeAnswers has Thanos and VictoriaMetrics fail where they would answer without what is down; others do not know it.
var wholeAnswers = map[string]string{"partial_response": "false", "deny_partial_response": "1"}

// askingError is that there was no answer, or one that says no.
type askingError struct{ err error }

func (e *askingError) Error() string { return e.err.Error() }

// statusError is an answer that lets nobody in, or takes no GET.
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("%d %s", e.code, http.StatusText(e.code)) }

// Do asks.
func (t tenantClient) Do(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	form, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, nil, err
	}
	parameters, err := url.ParseQuery(string(form))
	if err != nil {
		return nil, nil, err
	}
	for name, value := range wholeAnswers {
		parameters.Set(name, value)
	}
	if t.parameter != "" {
		parameters.Set(t.parameter, t.namespace)
	}
	get := &http.Request{Method: http.MethodGet, URL: req.URL, Header: http.Header{}}
	get.URL.RawQuery = parameters.Encode()
	resp, body, err := t.Client.Do(ctx, get)
	if err == nil && isRefusal(resp.StatusCode) {
		err = &statusError{resp.StatusCode}
	}
	if err != nil {
		return nil, nil, &askingError{err}
	}
	return resp, body, nil
}

// isRefusal is true for what would have the caller ask a second time by a GET without a body, which this was already.
func isRefusal(code int) bool {
	switch code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}
