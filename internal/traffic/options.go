// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Options of a Reader.
type Options struct {
	// Period is the time between two answers for a key.
	Period time.Duration
	// Prometheus is the server that is asked; nil is none.
	Prometheus *PrometheusServer
	// Config leads to the API server for the metrics APIs; nil is none.
	Config *rest.Config
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

// parameters are those of Prometheus' own API, which can name no tenant.
var parameters = []string{"query", "time", "timeout", "start", "end", "step", "limit", "lookback_delta", "stats", "dedup", "partial_response", "deny_partial_response"}

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`)

// Check finds mistakes in what flags say.
func (s PrometheusServer) Check() error {
	to, err := url.Parse(s.URL)
	mistake := ""
	switch {
	case err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Hostname() == "":
		mistake = "it takes an address such as https://prometheus.monitoring.svc:9090"
	case to.User != nil:
		// It is not shown, since it may hold a password.
		return errors.New("--prometheus-url: it takes no user and no password; a token comes from --prometheus-token-file")
	case to.RawQuery != "" || to.Fragment != "":
		mistake = "it takes no parameters; that of the tenant comes from --prometheus-tenant-parameter"
	}
	if mistake != "" {
		return fmt.Errorf("--prometheus-url=%s: %s", s.URL, mistake)
	}
	if name := s.TenantParameter; name != "" && (!parameterName.MatchString(name) || slices.Contains(parameters, name)) {
		return fmt.Errorf("--prometheus-tenant-parameter=%s: it takes the name of a parameter that is none of Prometheus' own, such as namespace", name)
	}
	return nil
}

// mostTime is how long a request may take, and no longer than a period.
const mostTime = 10 * time.Second

func (o Options) timeout() time.Duration { return min(mostTime, o.Period) }

func (o Options) check() error {
	if o.Period <= 0 || o.Deliver == nil {
		return errors.New("traffic: Period and Deliver are needed")
	}
	return nil
}
