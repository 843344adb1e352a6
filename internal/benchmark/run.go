// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// NeedsRun reports whether the spec, or a request for a re-run, has no run yet.
func NeedsRun(b *v1alpha1.ElasticWebBenchmark) bool {
	run := b.Status.Run
	return run == nil || run.Generation != b.Generation || rerun(run.Rerun) != rerun(b.Annotations[v1alpha1.AnnotationRerun])
}

// longestRerun is how long a request for a re-run may be to stand in the status as it is.
const longestRerun = 64

// rerun is a request for a re-run as the status tells of it: its hash where it is long, since the CRD bounds what stands there, and one
// that is longer would have every write of the status refused. It changes nothing in what it made.
func rerun(request string) string {
	if len(request) <= longestRerun {
		return request
	}
	sum := sha256.Sum256([]byte(request))
	return hex.EncodeToString(sum[:])
}

// IsFinished reports whether there is a result for every architecture of the run.
func IsFinished(run *v1alpha1.BenchmarkRun) bool {
	return run != nil && !slices.ContainsFunc(run.Architectures, func(a v1alpha1.ArchitectureRun) bool {
		return a.State != v1alpha1.RunStateFinished
	})
}

// Measured are the architectures that the run has a Job for.
func Measured(run *v1alpha1.BenchmarkRun) []string {
	names := []string{}
	for _, a := range run.Architectures {
		if a.Result == nil || !isKnownBefore(a.Result.Reason) {
			names = append(names, string(a.Architecture))
		}
	}
	return names
}

// isKnownBefore reports whether a run was begun without a Job for that reason, NoCompatibleNodes by an older operator.
func isKnownBefore(reason string) bool {
	return reason == v1alpha1.ReasonNoCompatibleNodes || reason == v1alpha1.ReasonPlatformMissing
}

// begin makes the run that the spec asks for, or says why it cannot begin.
func begin(b *v1alpha1.ElasticWebBenchmark, observed *Observed, now metav1.Time) (*v1alpha1.BenchmarkRun, *verdict) {
	facts, obstacle := imageFacts(b, &observed.Image)
	if obstacle != nil {
		return nil, obstacle
	}
	run := &v1alpha1.BenchmarkRun{
		ID: runID(b), Generation: b.Generation, Rerun: rerun(b.Annotations[v1alpha1.AnnotationRerun]), StartedAt: &now,
		Image: pinned(b.Spec.Image, facts), Port: port(b, facts), GeneratorImage: observed.GeneratorImage,
	}
	if facts != nil {
		run.User = facts.User
	}
	for _, name := range candidates(b, facts, observed.Nodes) {
		run.Architectures = append(run.Architectures, architectureRun(name, facts, now))
	}
	switch {
	case len(run.Architectures) == 0 && observed.Nodes == nil && facts == nil:
		return nil, &verdict{v1alpha1.ReasonNoArchitectures,
			"the architectures of neither the image nor the nodes are known: list those to measure in spec.architectures"}
	case len(Measured(run)) == 0:
		return nil, nothingToMeasure(b, facts, observed.Nodes)
	}
	return run, nil
}

// imageFacts are those of the registry's answer, nil where they are not known and the run can begin all the same.
func imageFacts(b *v1alpha1.ElasticWebBenchmark, image *plan.Image) (*plan.ImageFacts, *verdict) {
	switch {
	case image.Facts != nil: // also those of an earlier answer.
		return image.Facts, nil
	case image.State == plan.ImagePending:
		return nil, &verdict{v1alpha1.ReasonResolvingImage, "the registry has not told the architectures of the image yet"}
	case image.State == plan.ImageFailed && (len(b.Spec.Architectures) == 0 || image.Reason == v1alpha1.ReasonImageNotFound):
		return nil, &verdict{image.Reason, image.Message}
	default:
		return nil, nil
	}
}

// candidates are the architectures that the spec lists, else those of the image that the cluster has, else those of
// the cluster.
func candidates(b *v1alpha1.ElasticWebBenchmark, facts *plan.ImageFacts, nodes *plan.Nodes) []string {
	var names []string
	switch {
	case len(b.Spec.Architectures) > 0:
		for _, name := range b.Spec.Architectures {
			names = append(names, string(name))
		}
	case facts != nil:
		names = slices.DeleteFunc(linuxArchitectures(facts), func(name string) bool { return nodes != nil && nodes.All[name] == 0 })
	case nodes != nil:
		for name, count := range nodes.All {
			if count > 0 && name != "" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// architectureRun begins with one architecture. One that the cluster has no node of has its Job all the same: the pod that waits is what
// makes a node autoscaler bring one, and the Job's deadline bounds the wait.
func architectureRun(name string, facts *plan.ImageFacts, now metav1.Time) v1alpha1.ArchitectureRun {
	result := v1alpha1.ArchitectureRun{Architecture: v1alpha1.Architecture(name), State: v1alpha1.RunStateWaiting, Reason: v1alpha1.ReasonStarting}
	if facts != nil && !slices.Contains(linuxArchitectures(facts), name) {
		return finished(result, v1alpha1.BenchmarkResult{
			Reason: v1alpha1.ReasonPlatformMissing, Message: "the image holds no linux/" + name + ": build it, or take the architecture out of spec.architectures",
		}, now)
	}
	return result
}

func nothingToMeasure(b *v1alpha1.ElasticWebBenchmark, facts *plan.ImageFacts, nodes *plan.Nodes) *verdict {
	switch {
	case len(b.Spec.Architectures) > 0:
		return &verdict{v1alpha1.ReasonNoArchitectures, fmt.Sprintf(
			"nothing can be measured: the image holds %s, and spec.architectures lists none of them: build it for one that is listed, or list others",
			cmp.Or(strings.Join(linuxArchitectures(facts), ", "), "nothing for Linux"))}
	case facts == nil:
		return &verdict{v1alpha1.ReasonNoCompatibleNodes, "nothing can be measured: the cluster has no Linux node that takes the pods; add one, or list the architectures to measure in spec.architectures"}
	}
	has := []string{}
	if nodes != nil {
		for name := range nodes.All {
			has = append(has, name)
		}
		slices.Sort(has)
	}
	return &verdict{v1alpha1.ReasonNoCompatibleNodes, fmt.Sprintf(
		"nothing can be measured: the image's architectures (%s) do not meet those of the nodes (%s); add nodes, list in spec.architectures those that node pools can bring, or build the image for others",
		strings.Join(linuxArchitectures(facts), ", "), strings.Join(has, ", "))}
}

// linuxArchitectures are those of the image that can be reported on.
func linuxArchitectures(facts *plan.ImageFacts) []string {
	return slices.DeleteFunc(plan.LinuxArchitectures(facts.Platforms), func(name string) bool { return !isArchitecture(name) })
}

// isArchitecture reports whether the API's enumeration holds the name: what it does not hold cannot be reported on.
func isArchitecture(name string) bool {
	return slices.Contains([]string{"amd64", "arm64", "ppc64le", "s390x", "riscv64", "loong64", "mips64le", "arm", "386"}, name)
}

// pinned is the image by the digest that was found, so that all architectures measure the same build.
func pinned(image string, facts *plan.ImageFacts) string {
	if facts == nil || facts.Digest == "" || strings.Contains(image, "@") {
		return image
	}
	return image + "@" + facts.Digest
}

func port(b *v1alpha1.ElasticWebBenchmark, facts *plan.ImageFacts) int32 {
	switch {
	case b.Spec.ContainerPort != nil:
		return *b.Spec.ContainerPort
	case facts != nil && facts.Port != nil:
		return *facts.Port
	default:
		return plan.DefaultContainerPort
	}
}

// runID is the same for the same question, so that a run that is decided twice is one run.
func runID(b *v1alpha1.ElasticWebBenchmark) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%s", b.UID, b.Generation, b.Annotations[v1alpha1.AnnotationRerun]))
	return hex.EncodeToString(sum[:5])
}
