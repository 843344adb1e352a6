// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"math"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// Demand is what an ElasticWeb must serve: requests per second, headroom included, or a number of pods, or nothing.
type Demand struct{ QPS, Pods int64 }

// IsNone reports whether nothing is to be served.
func (d Demand) IsNone() bool { return d == Demand{} }

// demandOf reads the demand from the spec. Where the spec leaves the number of pods to an autoscaler and nothing set it yet, seed is
// the number to begin with: that of the pods there are, so that changing over from totalQPS passes through no other number.
func demandOf(spec *elasticwebv1.ElasticWebSpec, existing int32) (demand Demand, seed *int32) {
	switch {
	case spec.TotalQPS != nil:
		return Demand{QPS: capacity.WithHeadroom(*spec.TotalQPS, ptr.Deref(spec.HeadroomPercent, 0))}, nil
	case spec.Replicas != nil:
		return Demand{Pods: int64(max(*spec.Replicas, 0))}, nil
	case spec.MinReplicas != nil:
		first := clamp(spec, max(int64(existing), 1))
		return Demand{Pods: int64(first)}, &first
	}
	return Demand{}, nil
}

// clamp keeps a number of pods within minReplicas, maxReplicas and what a Deployment can hold. 0 stays 0: who asks for no pods gets
// none.
func clamp(spec *elasticwebv1.ElasticWebSpec, pods int64) int32 {
	if pods == 0 {
		return 0
	}
	pods = max(pods, int64(ptr.Deref(spec.MinReplicas, 0)))
	return int32(min(pods, int64(ptr.Deref(spec.MaxReplicas, math.MaxInt32)), math.MaxInt32)) //nolint:gosec // that bounds it.
}
