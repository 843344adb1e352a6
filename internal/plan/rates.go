// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	"k8s.io/utils/ptr"

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

// measuredInForce are the last good results: those that the status reports stay until the benchmark has others that say more. One that
// is being run, that failed or that was deleted changes nothing, and neither does the noise of a measurement. Another benchmark's
// results take the place of all. Whether it is a lower bound a number learns from one that is the same but for noise: where a bound
// became a rate, and where an older operator left it open.
func measuredInForce(web *elasticwebv1.ElasticWeb, results map[string]Measurement) Measurements {
	if web.Spec.BenchmarkRef == nil {
		return nil
	}
	name := web.Spec.BenchmarkRef.Name
	measured := Measurements{}
	for _, entry := range web.Status.Architectures {
		isReplaced := len(results) > 0 && entry.Benchmark != "" && entry.Benchmark != name
		if entry.Source == elasticwebv1.QPSSourceMeasured && !isReplaced {
			measured[entry.Name] = Measured{Measurement{int64(entry.SinglePodsQPS), entry.AtLeast}, entry.Benchmark}
		}
	}
	for architecture, result := range results {
		measured[architecture] = measured[architecture].follow(result, name)
	}
	return measured
}

// follow is what holds once there is a newer result. Where nothing was measured before, the newer one does.
func (m Measured) follow(result Measurement, benchmark string) Measured {
	switch isNoise := placement.IsNoise(result.QPS, m.QPS); {
	case !isNoise && (!result.AtLeast || result.QPS > m.QPS):
		return Measured{result, benchmark}
	case isNoise && (m.Benchmark == "" || !result.AtLeast):
		m.AtLeast, m.Benchmark = result.AtLeast, benchmark
	}
	return m
}

// rate is what a pod serves on an architecture: measured, else the architecture's entry in the spec, else singlePodsQPS; at least 1.
func (m Measurements) rate(spec *elasticwebv1.ElasticWebSpec, architecture string) placement.Rate {
	qps := int64(ptr.Deref(spec.SinglePodsQPS, 0))
	if entry := entryOf(spec, architecture); entry != nil && entry.SinglePodsQPS != nil {
		qps = int64(*entry.SinglePodsQPS)
	}
	measured, isMeasured := m[architecture]
	if isMeasured {
		qps = measured.QPS
	}
	return placement.Rate{Architecture: architecture, QPS: max(qps, 1), Measured: isMeasured, AtLeast: measured.AtLeast}
}

func (m Measurements) rates(spec *elasticwebv1.ElasticWebSpec, architectures []string) []placement.Rate {
	rates := make([]placement.Rate, 0, len(architectures))
	for _, architecture := range architectures {
		rates = append(rates, m.rate(spec, architecture))
	}
	return rates
}

// entryOf is what spec.architectures says of one, nil where it does not list it.
func entryOf(spec *elasticwebv1.ElasticWebSpec, architecture string) *elasticwebv1.ArchitectureSpec {
	for i := range spec.Architectures {
		if string(spec.Architectures[i].Name) == architecture {
			return &spec.Architectures[i]
		}
	}
	return nil
}

// allowedArchitectures is the image's architectures within those of the spec; where the image is not known, those of the spec; where
// these are not given either, nil: not known.
func allowedArchitectures(spec *elasticwebv1.ElasticWebSpec, facts *ImageFacts) []string {
	if facts != nil && len(facts.Platforms) > 0 {
		return slices.DeleteFunc(LinuxArchitectures(facts.Platforms), func(architecture string) bool {
			return len(spec.Architectures) > 0 && entryOf(spec, architecture) == nil
		})
	}
	var listed []string
	for _, entry := range spec.Architectures {
		listed = append(listed, string(entry.Name))
	}
	return listed
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
