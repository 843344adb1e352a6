// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// Sample is what was asked for and served at a time; null is what is not known.
type Sample struct {
	At       int64  `json:"at"` // in seconds since 1970.
	Demand   *int64 `json:"demand"`
	Expected *int64 `json:"expected"`
	Planned  *int64 `json:"planned"`
	Serving  *int64 `json:"serving"`
}

// Change is one that was seen while the page is served.
type Change struct {
	At   int64  `json:"at"`
	Text string `json:"text"`
}

// What is kept of each ElasticWeb.
const (
	mostSamples = 400
	mostChanges = 40
)

// sampleOf is what an ElasticWeb says of itself. Its demand is what the traffic is, else what the spec asks for.
func sampleOf(web *elasticwebv1.ElasticWeb, at time.Time) Sample {
	sample := Sample{At: at.Unix(), Serving: wide(web.Status.RealQPS), Demand: wide(web.Spec.TotalQPS)}
	if said := web.Status.Demand; web.Spec.Demand != nil && said != nil {
		sample.Demand, sample.Expected, sample.Planned = wide(said.ObservedQPS), wide(said.ExpectedQPS), said.PlannedQPS
	}
	return sample
}

func wide(number *int32) *int64 {
	if number == nil {
		return nil
	}
	return ptr.To(int64(*number))
}

// withSample appends one unless it says the same as the last. Of two in the same second the later one counts.
func withSample(samples []Sample, sample Sample) []Sample {
	if len(samples) > 0 {
		last := samples[len(samples)-1]
		if last.At == sample.At {
			samples = samples[:len(samples)-1]
		} else if last.At = sample.At; ptr.Equal(last.Demand, sample.Demand) && ptr.Equal(last.Expected, sample.Expected) &&
			ptr.Equal(last.Planned, sample.Planned) && ptr.Equal(last.Serving, sample.Serving) {
			return samples
		}
	}
	return bounded(append(samples, sample), mostSamples)
}

// bounded keeps the last of a list. It copies now and then, so that the first do not stay in memory.
func bounded[T any](list []T, most int) []T {
	if len(list) < 2*most {
		return list
	}
	return slices.Clone(list[len(list)-most:])
}

func lastOf[T any](list []T, most int) []T { return slices.Clone(list[max(0, len(list)-most):]) }

// changesOf says what is another in an ElasticWeb than it was, in words.
func changesOf(before, after *elasticwebv1.ElasticWeb) (texts []string) {
	say := func(what, was, is string) {
		if was != is {
			texts = append(texts, screen.Line(what+": "+was+" → "+is, longestShort))
		}
	}
	was, is := before.Spec, after.Spec
	say("spec.image", was.Image, is.Image)
	say("spec.totalQPS", number(was.TotalQPS), number(is.TotalQPS))
	say("spec.replicas", number(was.Replicas), number(is.Replicas))
	say("spec.singlePodsQPS", number(was.SinglePodsQPS), number(is.SinglePodsQPS))
	if len(texts) == 0 && before.Generation != after.Generation {
		texts = append(texts, "the spec was changed")
	}
	say("Serving", number(before.Status.RealQPS), number(after.Status.RealQPS))
	say("Pods ready", podsOf(before), podsOf(after))
	say("Pods by architecture", before.Status.PodsByArchitecture, after.Status.PodsByArchitecture)
	say("Ready", readiness(before), readiness(after))
	return texts
}

func number(value *int32) string {
	if value == nil {
		return "none"
	}
	return fmt.Sprint(*value)
}

func podsOf(web *elasticwebv1.ElasticWeb) string {
	return fmt.Sprintf("%d of %d", web.Status.ReadyReplicas, web.Status.Replicas)
}

func readiness(web *elasticwebv1.ElasticWeb) string {
	ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
	if ready == nil {
		return "unknown"
	}
	return string(ready.Status) + ", " + ready.Reason
}
