// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// Mode says what the number of pods is worked out from.
type Mode int

const (
	// ModeNone: there is no demand.
	ModeNone Mode = iota
	// ModeQPS: from totalQPS.
	ModeQPS
	// ModeReplicas: from replicas.
	ModeReplicas
)

// Demand is what an ElasticWeb must serve.
type Demand struct {
	Mode Mode
	// QPS in requests per second, headroom included; in ModeQPS only.
	QPS int64
	// Pods in ModeReplicas only.
	Pods int64
}

// Limit says which bound changed a number of pods.
type Limit int

const (
	// LimitNone: neither.
	LimitNone Limit = iota
	// LimitMin: minReplicas raised it.
	LimitMin
	// LimitMax: maxReplicas lowered it.
	LimitMax
)

// demandOf reads the demand from the spec. Where the spec leaves the number of pods to an autoscaler and
// nothing set it yet, seed is the number to begin with: that of the pods there are, so that changing over
// from totalQPS passes through no other number.
func demandOf(spec *elasticwebv1.ElasticWebSpec, existing int32) (demand Demand, seed *int32) {
	switch {
	case spec.TotalQPS != nil:
		if *spec.TotalQPS < 1 {
			return Demand{}, nil
		}
		return Demand{Mode: ModeQPS, QPS: capacity.WithHeadroom(*spec.TotalQPS, orZero(spec.HeadroomPercent))}, nil
	case spec.Replicas != nil:
		return replicasDemand(*spec.Replicas), nil
	case spec.MinReplicas != nil:
		first, _ := clamp(spec, max(int64(existing), 1))
		return replicasDemand(first), &first
	default:
		return Demand{}, nil
	}
}

func replicasDemand(pods int32) Demand {
	if pods < 1 {
		return Demand{}
	}
	return Demand{Mode: ModeReplicas, Pods: int64(pods)}
}

// clamp keeps a number of pods within minReplicas, maxReplicas and what a Deployment can hold. 0 stays 0:
// who asks for no pods gets none.
func clamp(spec *elasticwebv1.ElasticWebSpec, pods int64) (int32, Limit) {
	const most = 1<<31 - 1
	if pods <= 0 {
		return 0, LimitNone
	}
	limit := LimitNone
	if spec.MinReplicas != nil && pods < int64(*spec.MinReplicas) {
		pods, limit = int64(*spec.MinReplicas), LimitMin
	}
	if spec.MaxReplicas != nil && pods > int64(*spec.MaxReplicas) {
		pods, limit = int64(*spec.MaxReplicas), LimitMax
	}
	if pods > most {
		pods, limit = most, LimitMax
	}
	return int32(pods), limit
}

func orZero(value *int32) int32 {
	if value == nil {
		return 0
	}
	return *value
}
