// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
)

// Bounds of --demand-period: more often than once a second is not scraped, and the decisions want to see what changes within minutes.
const leastDemandPeriod, greatestDemandPeriod = time.Second, 5 * time.Minute

// addTraffic adds what reads the traffic and gives it to deliver.
func addTraffic(mgr ctrl.Manager, o options, deliver func(types.NamespacedName, traffic.Answer)) (*traffic.Reader, error) {
	options := traffic.Options{Period: o.demandPeriod, Config: rest.CopyConfig(mgr.GetConfig()), Deliver: deliver}
	options.Config.UserAgent = controllers.FieldManager
	if o.prometheus.URL != "" {
		options.Prometheus = &o.prometheus
	}
	reader, err := traffic.New(options)
	if err != nil {
		return nil, fmt.Errorf("set up the reading of the traffic: %w", err)
	}
	if err := mgr.Add(reader); err != nil {
		return nil, fmt.Errorf("add the reading of the traffic: %w", err)
	}
	return reader, nil
}

// checkTraffic finds the mistakes in the flags of the traffic.
func (o *options) checkTraffic() error {
	if o.demandPeriod < leastDemandPeriod || o.demandPeriod > greatestDemandPeriod {
		return fmt.Errorf("--demand-period=%s: it takes %s to %s", o.demandPeriod, leastDemandPeriod, greatestDemandPeriod)
	}
	if o.prometheus.URL == "" {
		if cmp.Or(o.prometheus.CAFile, o.prometheus.TokenFile, o.prometheus.TenantParameter) != "" {
			return errors.New("--prometheus-url is needed for the other flags of Prometheus: it names the server")
		}
		return nil
	}
	if err := o.prometheus.Check(); err != nil {
		return err
	}
	for flag, name := range map[string]string{"--prometheus-ca-file": o.prometheus.CAFile, "--prometheus-token-file": o.prometheus.TokenFile} {
		if _, err := os.Stat(name); name != "" && err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}
	return nil
}
