// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Options of a Reader.
type Options struct {
	// Period is the time between two answers for a key.
	Period time.Duration
	// Prometheus is the server that is asked; nil is none.
	Prometheus *PrometheusServer
	// Config leads to the API server for the metrics APIs, and Mapper tells the resources of its kinds; nil is none.
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

// mostTime is how long a request may take, and no longer than a period.
const mostTime = 10 * time.Second

func (o Options) timeout() time.Duration { return min(mostTime, o.Period) }

func (o Options) check() error {
	if o.Period <= 0 || o.Deliver == nil {
		return errors.New("traffic: Period and Deliver are needed")
	}
	return nil
}
