// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"fmt"
	"time"

	prometheusv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// Archive tells what a Prometheus has of the past, to people: nothing is decided by it.
type Archive struct{ connection connection }

// NewArchive is one of a server, which is asked when somebody wants to know.
func NewArchive(server PrometheusServer) (*Archive, error) {
	if err := server.Check(); err != nil {
		return nil, err
	}
	return &Archive{connection{server: server}}, nil
}

// mostArchived series are asked for at a time.
const mostArchived = 16

// Series are those that a query gives, by the value of a label.
func (a *Archive) Series(ctx context.Context, namespace, promQL, label string, from, to time.Time, step time.Duration) (map[string][]demand.Sample, error) {
	client, err := a.connection.forNamespace(namespace)
	if err != nil {
		return nil, fmt.Errorf("reach Prometheus: %w", err)
	}
	value, _, err := prometheusv1.NewAPI(client).QueryRange(ctx, promQL, prometheusv1.Range{Start: from, End: to, Step: step}, prometheusv1.WithLimit(mostArchived))
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus: %w", err)
	}
	matrix, isMatrix := value.(model.Matrix)
	if !isMatrix {
		return nil, fmt.Errorf("ask Prometheus: it answers with a %s, and not with series", value.Type())
	}
	series := map[string][]demand.Sample{}
	for _, stream := range matrix[:min(len(matrix), mostArchived)] {
		name := string(stream.Metric[model.LabelName(label)])
		for _, pair := range stream.Values {
			series[name] = append(series[name], demand.Sample{At: pair.Timestamp.Time(), QPS: float64(pair.Value)})
		}
	}
	return series, nil
}
