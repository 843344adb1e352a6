// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"

	"k8s.io/client-go/rest"
)

// Fault changes what becomes of requests. Wrap is called once for each proxy.
type Fault interface {
	Wrap(next http.RoundTripper) http.RoundTripper
}

// Proxy is an HTTPS server that passes requests on to an API server, with the credentials of the client.
type Proxy struct {
	server   *httptest.Server
	upstream *http.Transport
	requests Log
}

// Start begins to serve on loopback. The first of the faults is the nearest to the operator.
func Start(target *rest.Config, faults ...Fault) (*Proxy, error) {
	host, err := url.Parse(target.Host)
	if err != nil {
		return nil, fmt.Errorf("read the address of the API server: %w", err)
	}
	tls, err := rest.TLSConfigFor(rest.AnonymousClientConfig(target))
	if err != nil {
		return nil, fmt.Errorf("read the authority of the API server: %w", err)
	}
	p := &Proxy{upstream: &http.Transport{TLSClientConfig: tls, ForceAttemptHTTP2: true}}
	var transport http.RoundTripper = p.upstream
	for i := len(faults) - 1; i >= 0; i-- {
		transport = faults[i].Wrap(transport)
	}
	quiet := log.New(io.Discard, "", 0)
	p.server = httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(host) },
		Transport: p.requests.Wrap(transport),
		// The client must not get an answer that no API server gives: its connection ends.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     quiet,
	})
	p.server.Config.ErrorLog = quiet
	p.server.EnableHTTP2 = true
	p.server.StartTLS()
	return p, nil
}

// asJSON has lists and watches come in the format whose events a fault can read. It takes more time than the one that
// clients ask for.
func asJSON(request *http.Request) {
	if request.Method == http.MethodGet {
		accept := request.Header.Get("Accept")
		request.Header.Set("Accept", strings.ReplaceAll(accept, "application/vnd.kubernetes.protobuf", "application/json"))
		request.Header.Del("Accept-Encoding")
	}
}

// Config is how a client with the credentials of config reaches the API server through the proxy.
func (p *Proxy) Config(config *rest.Config) *rest.Config {
	result := rest.CopyConfig(config)
	result.Host = p.server.URL
	result.TLSClientConfig = rest.TLSClientConfig{
		CAData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw}),
	}
	return result
}

// Requests is the log of all requests.
func (p *Proxy) Requests() *Log { return &p.requests }

// Close ends all connections.
func (p *Proxy) Close() {
	p.server.CloseClientConnections()
	p.upstream.CloseIdleConnections()
	go p.server.Close() // waits for handlers, which may hang in a fault for as long as their client does.
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
