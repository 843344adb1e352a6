// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"math"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// Demand is what an ElasticWeb must serve: requests per second, headroom included, a number of pods, or both, or nothing.
type Demand struct{ QPS, Pods int64 }

// IsNone reports whether nothing is to be served.
func (d Demand) IsNone() bool { return d == Demand{} }

// Traffic is what was decided from the traffic of an ElasticWeb whose spec has it read.
type Traffic struct {
	// PlannedQPS has to be served, in requests per second, headroom included.
	PlannedQPS int64
	// Holds is true until it is known that fewer pods do than there were when it began: no number that they were made of is known.
	Holds bool
}

// ResumedTraffic is what was planned when the Deployment was last written, and where its Record or itself is lost, what the status says of it. Where
// the Record has no number, the pods that there are stay: what the status says may be less than they were held for.
func ResumedTraffic(web *elasticwebv1.ElasticWeb, deployment *appsv1.Deployment) Traffic {
	if record := RecordOf(deployment); record != nil {
		return Traffic{PlannedQPS: record.PlannedQPS, Holds: record.PlannedQPS == 0} // within its bounds, or it were none.
	}
	planned := int64(0)
	if status := web.Status.Demand; status != nil {
		planned = ptr.Deref(status.PlannedQPS, 0)
	}
	return Traffic{PlannedQPS: min(max(planned, 0), maxPlannedQPS), Holds: true}
}

// maxPlannedQPS is the greatest demand with the greatest headroom.
const maxPlannedQPS = math.MaxInt32 * 11

// demandOf reads the demand from the spec. Where the spec leaves the number of pods to an autoscaler and nothing set it yet, seed is
// the number to begin with: that of the pods there are, so that changing over from totalQPS passes through no other number.
func demandOf(spec *elasticwebv1.ElasticWebSpec, existing int32, live *Record, traffic *Traffic) (demand Demand, seed *int32) {
	switch {
	case spec.TotalQPS != nil:
		return Demand{QPS: capacity.WithHeadroom(*spec.TotalQPS, ptr.Deref(spec.HeadroomPercent, 0))}, nil
	case spec.Demand != nil:
		return trafficDemand(spec, cmp.Or(live.Replicas, existing), ptr.Deref(traffic, Traffic{Holds: true})), nil
	case spec.Replicas != nil:
		return Demand{Pods: int64(max(*spec.Replicas, 0))}, nil
	case spec.MinReplicas != nil:
		first := clamp(spec, max(int64(existing), 1))
		return Demand{Pods: int64(first)}, &first
	}
	return Demand{}, nil
}

// trafficDemand is what was decided, for one pod at least: what counts the requests may count none where there is none, and would never
// call for one. While it holds, the pods that there were are a part of it.
func trafficDemand(spec *elasticwebv1.ElasticWebSpec, last int32, traffic Traffic) Demand {
	demand := Demand{QPS: max(traffic.PlannedQPS, 1)}
	if traffic.Holds {
		demand.Pods = int64(clamp(spec, max(int64(last), 1)))
	}
	return demand
}

// recordedQPS is what a restarted operator resumes with; 0 where the pods that there are say more.
func recordedQPS(spec *elasticwebv1.ElasticWebSpec, demand Demand) int64 {
	if spec.Demand == nil || demand.Pods > 0 {
		return 0
	}
	return demand.QPS
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
