// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"context"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

// unconfigured is a source that is not there; it says what helps.
type unconfigured string

func (u unconfigured) now(context.Context, question, time.Time) (demand.Sample, *trouble) {
	return demand.Sample{}, troubled(demand.SourceNotConfigured, "%s", string(u))
}

func (u unconfigured) between(context.Context, question, time.Time, time.Time, time.Duration) ([]demand.Sample, *trouble) {
	return nil, nil
}
