// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"net/http"
	"strings"
)

// Nodes shows an operator only the nodes that a label selector fits, as if it had a cluster of its own. It is no fault: it keeps
// the nodes of many runs from being sent to the operators of all.
type Nodes struct{ Selector string }

// Wrap implements Fault.
func (n Nodes) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		if request.Method != http.MethodGet || !strings.HasSuffix(request.URL.Path, "/nodes") {
			return next.RoundTrip(request)
		}
		some := request.Clone(request.Context())
		query := some.URL.Query()
		query.Set("labelSelector", n.Selector)
		some.URL.RawQuery = query.Encode()
		return next.RoundTrip(some)
	})
}
