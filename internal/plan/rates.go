// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// Measurements are what was measured on each architecture, as it is counted with.
type Measurements map[string]Measured

// Measured is a measurement that is counted with, and the benchmark that it is of.
type Measured struct {
	Measurement
	Benchmark string
}

// measuredInForce are the last good results: those that the status reports stay until the benchmark has others that say
// more. One that is being run, that failed or that was deleted changes nothing, and neither does the noise of a measurement.
// Another benchmark's results are taken as they are. Older operators did not report whose a result was, and whether it was a lower
// bound: that is taken over from one that is the same but for noise.
func measuredInForce(web *elasticwebv1.ElasticWeb, results map[string]Measurement) Measurements {
	if web.Spec.BenchmarkRef == nil {
		return nil
	}
	name := web.Spec.BenchmarkRef.Name
	measured := Measurements{}
	for _, entry := range web.Status.Architectures {
		if entry.Source == elasticwebv1.QPSSourceMeasured {
			measured[entry.Name] = Measured{Measurement{int64(entry.SinglePodsQPS), entry.AtLeast}, entry.Benchmark}
		}
	}
	for architecture, result := range results {
		before, isMeasured := measured[architecture]
		isOther := before.Benchmark != "" && before.Benchmark != name
		switch {
		case !isMeasured || isOther || saysMore(result, before.Measurement):
			measured[architecture] = Measured{result, name}
		case before.Benchmark == "" && placement.IsNoise(result.QPS, before.QPS):
			measured[architecture] = Measured{Measurement{before.QPS, result.AtLeast}, name}
		}
	}
	return measured
}

// saysMore reports whether a new result takes the place of the one before: where they differ by more than noise, or a
// lower bound becomes a rate. A lower bound contradicts none but a lower rate.
func saysMore(result, before Measurement) bool {
	switch {
	case result.AtLeast:
		return result.QPS > before.QPS && !placement.IsNoise(result.QPS, before.QPS)
	case before.AtLeast:
		return true
	default:
		return !placement.IsNoise(result.QPS, before.QPS)
	}
}

// rates is what a pod serves on each of the architectures: measured, else the architecture's entry in the spec, else
// singlePodsQPS. It is at least 1, whatever the spec holds.
func (m Measurements) rates(spec *elasticwebv1.ElasticWebSpec, architectures []string) []placement.Rate {
	rates := make([]placement.Rate, 0, len(architectures))
	for _, architecture := range architectures {
		rate := placement.Rate{Architecture: architecture, QPS: int64(orZero(spec.SinglePodsQPS))}
		for _, entry := range spec.Architectures {
			if string(entry.Name) == architecture && entry.SinglePodsQPS != nil {
				rate.QPS = int64(*entry.SinglePodsQPS)
			}
		}
		if measured, isMeasured := m[architecture]; isMeasured {
			rate.QPS, rate.Measured, rate.AtLeast = measured.QPS, true, measured.AtLeast
		}
		rate.QPS = max(rate.QPS, 1)
		rates = append(rates, rate)
	}
	return rates
}

// allowedArchitectures is the image's architectures within those of the spec; where the image is not known,
// those of the spec; where these are not given either, nil: not known.
func allowedArchitectures(spec *elasticwebv1.ElasticWebSpec, facts *ImageFacts) []string {
	var listed []string
	for _, entry := range spec.Architectures {
		listed = append(listed, string(entry.Name))
	}
	if facts == nil || len(facts.Platforms) == 0 {
		return listed
	}
	return slices.DeleteFunc(LinuxArchitectures(facts.Platforms), func(architecture string) bool {
		return len(listed) > 0 && !slices.Contains(listed, architecture)
	})
}

// LinuxArchitectures are those of the platforms for Linux, such as linux/arm64 or linux/arm/v7, sorted and each once.
func LinuxArchitectures(platforms []string) []string {
	architectures := []string{}
	for _, platform := range platforms {
		if parts := strings.Split(platform, "/"); len(parts) >= 2 && parts[0] == "linux" {
			architectures = append(architectures, parts[1])
		}
	}
	slices.Sort(architectures)
	return slices.Compact(architectures)
}
