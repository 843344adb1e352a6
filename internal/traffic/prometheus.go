// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"strings"
	"time"

	prometheusv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// mostSeries is enough to tell one from several.
const mostSeries = 2

// prometheus is a server with Prometheus' HTTP API.
type prometheus struct {
	connection connection
	timeout    time.Duration
}

func newPrometheus(o Options) source {
	if o.Prometheus == nil {
		return unconfigured("the operator was given no Prometheus server to ask for spec.demand.prometheus: its administrator names one with " +
			"--prometheus-url")
	}
	return &prometheus{connection: connection{server: *o.Prometheus}, timeout: o.timeout()}
}

// now leaves the time to the server, whose clock is that of its samples.
func (p *prometheus) now(ctx context.Context, q question, at time.Time) (demand.Sample, *trouble) {
	api, failed := p.api(q.namespace)
	if failed != nil {
		return demand.Sample{}, failed
	}
	value, warnings, err := api.Query(ctx, q.promQL, time.Time{}, prometheusv1.WithTimeout(p.timeout), prometheusv1.WithLimit(mostSeries))
	if err != nil {
		return demand.Sample{}, p.failure(err)
	}
	qps, failed := number(value)
	if isPart, said := isOfAPart(warnings); isPart && (failed == nil || failed.reason == demand.MetricMissing) {
		failed = p.incomplete(said)
	}
	return demand.Sample{At: at, QPS: qps}, failed
}

func (p *prometheus) between(ctx context.Context, q question, from, to time.Time, step time.Duration) ([]demand.Sample, *trouble) {
	api, failed := p.api(q.namespace)
	if failed != nil {
		return nil, failed
	}
	asked := prometheusv1.Range{Start: from, End: to, Step: step}
	value, warnings, err := api.QueryRange(ctx, q.promQL, asked, prometheusv1.WithTimeout(p.timeout), prometheusv1.WithLimit(mostSeries))
	if err != nil {
		return nil, p.failure(err)
	}
	if isPart, said := isOfAPart(warnings); isPart {
		return nil, p.incomplete(said)
	}
	return numbers(value), nil
}

// isOfAPart says whether something is missing in an answer, such as a store of Thanos or what is read from afar: its sum is too low, and would
// take pods away. The warnings of the language itself are about the query, and the answer has all there is.
func isOfAPart(warnings prometheusv1.Warnings) (isPart bool, said string) {
	for _, warning := range warnings {
		if !strings.HasPrefix(warning, "PromQL ") {
			return true, warning
		}
	}
	return false, ""
}

func (p *prometheus) api(namespace string) (prometheusv1.API, *trouble) {
	client, err := p.connection.forNamespace(namespace)
	if err != nil {
		return nil, unreadableAuthorities(err)
	}
	return prometheusv1.NewAPI(client), nil
}

// number is the one that a query came to.
func number(value model.Value) (float64, *trouble) {
	switch v := value.(type) {
	case *model.Scalar:
		return checked(queryField, float64(v.Value))
	case model.Vector:
		switch {
		case len(v) == 0:
			return 0, noSeries()
		case len(v) > 1:
			return 0, severalSeries()
		case v[0].Histogram != nil:
			return 0, isHistogram()
		}
		return checked(queryField, float64(v[0].Value))
	}
	return 0, noNumber(value)
}

// numbers are those of a time; none where they are not of one series.
func numbers(value model.Value) []demand.Sample {
	series, isMatrix := value.(model.Matrix)
	if !isMatrix || len(series) != 1 {
		return nil
	}
	samples := make([]demand.Sample, 0, len(series[0].Values))
	for _, pair := range series[0].Values {
		qps, failed := checked(queryField, float64(pair.Value))
		sample := demand.Sample{At: pair.Timestamp.Time(), QPS: qps}
		if failed != nil {
			sample.Trouble = failed.reason
		}
		samples = append(samples, sample)
	}
	return samples
}
