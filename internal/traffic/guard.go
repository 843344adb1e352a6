// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"net/http"
	"net/url"
)

// longestAnswer bounds an answer in bytes: an hour of numbers, 5 seconds apart, takes a tenth of it.
const longestAnswer = 256 << 10

// guard bounds what comes back, and follows no redirect: it would take the token along.
type guard struct {
	next http.RoundTripper
}

// redirectError is an answer that leads elsewhere.
type redirectError struct{ host string }

func (e *redirectError) Error() string { return "redirects to " + e.host }

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 3 {
		resp.Body.Close()
		return nil, &redirectError{host(resp.Header.Get("Location"))}
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, longestAnswer)
	return resp, nil
}

// WrappedRoundTripper lets client-go find the one that can cancel.
func (g guard) WrappedRoundTripper() http.RoundTripper { return g.next }

// host is what of an address may be shown: the rest of one that leads to a login tells who came from where.
func host(location string) string {
	to, err := url.Parse(location)
	if err != nil || to.Host == "" {
		return "another address"
	}
	return to.Scheme + "://" + to.Host
}
