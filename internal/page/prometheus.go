// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
)

// Prometheus is a Past that a Prometheus has which scrapes the operator.
type Prometheus struct{ Archive *traffic.Archive }

// pastStep is the time between two samples of the past.
const pastStep = 15 * time.Second

// pastLabel has the name of the metric: a function would drop the one that Prometheus gives.
const pastLabel = "metric"

// pastQuery gives the operator's metrics of an ElasticWeb. Some servers have given the label namespace of the target precedence.
const pastQuery = `label_replace(max by (__name__) (%[1]s, namespace="%[2]s"} or %[1]s, exported_namespace="%[2]s"}), "` + pastLabel + `", "$1", "__name__", "(.*)")`

const pastMetrics = `{__name__=~"elasticweb_(real_qps|total_qps|demand_observed_qps|demand_expected_qps|demand_planned_qps)", name="%s"`

// Samples implements Past.
func (p Prometheus) Samples(ctx context.Context, key types.NamespacedName, from, to time.Time) ([]Sample, error) {
	query := fmt.Sprintf(pastQuery, fmt.Sprintf(pastMetrics, key.Name), key.Namespace) // names of Kubernetes have nothing to quote.
	series, err := p.Archive.Series(ctx, key.Namespace, query, pastLabel, from, to, pastStep)
	if err != nil {
		return nil, err
	}
	return samplesOf(series), nil
}

// samplesOf puts series together by their times.
func samplesOf(series map[string][]demand.Sample) []Sample {
	byTime := map[int64]*Sample{}
	each := func(metric string, take func(*Sample, *int64)) {
		for _, read := range series[metric] {
			if math.IsNaN(read.QPS) || math.Abs(read.QPS) > math.MaxInt32 {
				continue
			}
			at, value := read.At.Unix(), int64(math.Round(read.QPS))
			if byTime[at] == nil {
				byTime[at] = &Sample{At: at}
			}
			take(byTime[at], &value)
		}
	}
	each("elasticweb_total_qps", func(s *Sample, value *int64) { s.Demand = value })
	each("elasticweb_demand_observed_qps", func(s *Sample, value *int64) { s.Demand = value })
	each("elasticweb_demand_expected_qps", func(s *Sample, value *int64) { s.Expected = value })
	each("elasticweb_demand_planned_qps", func(s *Sample, value *int64) { s.Planned = value })
	each("elasticweb_real_qps", func(s *Sample, value *int64) { s.Serving = value })
	samples := []Sample{}
	for _, at := range slices.Sorted(maps.Keys(byTime)) {
		samples = append(samples, *byTime[at])
	}
	return samples
}
