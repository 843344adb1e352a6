// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"slices"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
)

func jobOf(run, architecture string) batchv1.Job {
	return batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: run + "-" + architecture,
		Labels: map[string]string{v1alpha1.LabelRun: run, v1alpha1.LabelArchitecture: architecture}}}
}

// released is a running benchmark whose release is of the run, with its architectures in that state.
func released(run string, state v1alpha1.RunState) *v1alpha1.ElasticWebBenchmark {
	b := newBenchmark()
	b.Status = benchmark.Make(b, benchmark.Observed{Image: resolved("linux/amd64", "linux/arm64"), Nodes: nodes("amd64", "arm64")}, now)
	b.Status.DeployedRelease = &v1alpha1.HelmRelease{Name: "shop", Run: run}
	b.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionDeployed, Status: metav1.ConditionTrue}}
	for i := range b.Status.Run.Architectures {
		b.Status.Run.Architectures[i].State = state
	}
	return b
}

func TestWhenHelmHasWork(t *testing.T) {
	current := released("", "").Status.Run.ID
	all := []batchv1.Job{jobOf(current, "amd64"), jobOf(current, "arm64")}
	const finished, notFinished = v1alpha1.RunStateFinished, v1alpha1.RunStateRunning
	without := func(b *v1alpha1.ElasticWebBenchmark, change func(*v1alpha1.ElasticWebBenchmark)) *v1alpha1.ElasticWebBenchmark {
		change(b)
		return b
	}
	for name, test := range map[string]struct {
		b    *v1alpha1.ElasticWebBenchmark
		jobs []batchv1.Job
		want bool
	}{
		"no run was begun":                         {newBenchmark(), nil, false},
		"another run is to begin":                  {without(released("", notFinished), func(b *v1alpha1.ElasticWebBenchmark) { b.Generation++ }), nil, false},
		"a run was begun":                          {released("", notFinished), nil, true},
		"the Jobs are there":                       {released(current, notFinished), all, false},
		"the release is of the run before":         {released("before", notFinished), all, true},
		"the release is not noted, of a run":       {released("", notFinished), all, true},
		"it is not deployed":                       {without(released(current, notFinished), func(b *v1alpha1.ElasticWebBenchmark) { b.Status.Conditions = nil }), all, true},
		"a Job is gone":                            {released(current, notFinished), all[1:], true},
		"it is of another run":                     {released(current, notFinished), append([]batchv1.Job{jobOf("before", all[0].Labels[v1alpha1.LabelArchitecture])}, all[1:]...), true},
		"the run has ended":                        {released(current, finished), nil, false},
		"it has ended, and no release is noted":    {released("", finished), all, false},
		"it has ended before that was reported":    {released("before", finished), all, true},
		"the other has ended, and its Job is gone": {oneFinished(current), all[1:], false},
		"one has ended, and the other's is gone":   {oneFinished(current), all[:1], true},
	} {
		if got := benchmark.NeedsRelease(test.b, test.jobs); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// Whatever has a result or a Job of its run, under any name, is not begun again.
func TestWhatARunLacks(t *testing.T) {
	run := oneFinished("").Status.Run
	renamed := jobOf(run.ID, "arm64")
	renamed.Name = "of another chart"
	for name, test := range map[string]struct {
		jobs []batchv1.Job
		want []string
	}{
		"no Job":               {nil, []string{"arm64"}},
		"that of the result":   {[]batchv1.Job{jobOf(run.ID, "amd64")}, []string{"arm64"}},
		"that of another run":  {[]batchv1.Job{jobOf("before", "arm64")}, []string{"arm64"}},
		"that of another name": {[]batchv1.Job{renamed}, nil},
	} {
		if got := benchmark.Lacking(run, test.jobs); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func oneFinished(run string) *v1alpha1.ElasticWebBenchmark {
	b := released(run, v1alpha1.RunStateRunning)
	b.Status.Run.Architectures[0].State = v1alpha1.RunStateFinished
	return b
}

// What the current run has is never pruned, and what others have is, whatever Helm has come to.
func TestWhatIsLeftOver(t *testing.T) {
	current := released("", "").Status.Run.ID
	ending := jobOf("before", "s390x")
	ending.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	jobs := []batchv1.Job{jobOf(current, "amd64"), jobOf("before", "amd64"), ending}
	for name, test := range map[string]struct {
		b    *v1alpha1.ElasticWebBenchmark
		want int
	}{
		"no run":                 {newBenchmark(), 0},
		"the release is current": {released(current, v1alpha1.RunStateRunning), 1},
		"it is that of before":   {released("before", v1alpha1.RunStateRunning), 1},
	} {
		left := benchmark.Leftover(test.b, jobs)
		if len(left) != test.want || len(left) > 0 && left[0].Name != "before-amd64" {
			t.Errorf("%s: %v", name, left)
		}
	}
	if jobs[0].Name == "" || jobs[2].Name == "" {
		t.Error("what the cache holds was changed")
	}
}
