// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// mostWrites is more than any of the operations takes: the spec checks that it saw each of them to its end.
const mostWrites = 20

// An operator is cut off after each write of an operation in turn; the next one must finish it.
var _ = Describe("An operator that is killed", func() {
	It("in the middle of an install", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		atEachWrite(func(k int) bool {
			b := newBenchmark(namespace, fmt.Sprintf("install-%d", k))
			died := dieDuring(ctx, namespace, k, func() { create(ctx, b) }, func() bool {
				return complete(ctx, b)() == v1alpha1.ReasonRunning && isDeployed(ctx, b)
			})
			finish(ctx, namespace, b)
			return died
		})
	})

	It("in the middle of an upgrade", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		atEachWrite(func(k int) bool {
			b := newBenchmark(namespace, fmt.Sprintf("upgrade-%d", k))
			died, _ := dieDuringUpgrade(ctx, namespace, k, b)
			finish(ctx, namespace, b)
			return died
		})
	})

	It("in the middle of an upgrade, whose Jobs end before the next one looks", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		atEachWrite(func(k int) bool {
			b := newBenchmark(namespace, fmt.Sprintf("ended-%d", k))
			died, before := dieDuringUpgrade(ctx, namespace, k, b)
			if run := current(ctx, b).Status.Run; run.ID != before && hasJobsOf(ctx, b, run) {
				endRun(ctx, b)
			}
			finish(ctx, namespace, b)
			return died
		})
	})

	It("in the middle of an upgrade, whose spec is changed once more before the next one", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		atEachWrite(func(k int) bool {
			b := newBenchmark(namespace, fmt.Sprintf("again-%d", k))
			died, _ := dieDuringUpgrade(ctx, namespace, k, b)
			change(ctx, b, func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.Path = "/once-more" })
			finish(ctx, namespace, b)
			return died
		})
	})

	It("in the middle of an install, whose benchmark is deleted then", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		atEachWrite(func(k int) bool {
			b := newBenchmark(namespace, fmt.Sprintf("deleted-%d", k))
			died := dieDuring(ctx, namespace, k, func() { create(ctx, b) }, func() bool {
				return complete(ctx, b)() == v1alpha1.ReasonRunning && isDeployed(ctx, b)
			})
			Expect(k8s.Delete(ctx, b)).To(Succeed())
			expectGone(ctx, b)
			return died
		})
	})

	It("in the middle of replacing a Job that was lost", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		atEachWrite(func(k int) bool {
			b := newBenchmark(namespace, fmt.Sprintf("lost-%d", k))
			op := startOperator(operatorOptions{namespaces: []string{namespace}})
			create(ctx, b)
			expectReason(ctx, b, v1alpha1.ReasonRunning)
			lost := jobOf(ctx, b, "amd64")
			op.stop()
			died := dieDuring(ctx, namespace, k, func() { lose(ctx, lost) }, func() bool {
				made, told := jobOf(ctx, b, "amd64"), meta.FindStatusCondition(current(ctx, b).Status.Conditions, v1alpha1.ConditionDeployed)
				return made != nil && told != nil && !told.LastTransitionTime.Before(&made.CreationTimestamp) && // not yet that of the lost one.
					complete(ctx, b)() == v1alpha1.ReasonRunning && isDeployed(ctx, b)
			})
			finish(ctx, namespace, b)
			return died
		})
	})
})

// atEachWrite tries it with each number of writes, until the operation is over before the operator dies.
func atEachWrite(try func(k int) (died bool)) {
	GinkgoHelper()
	for k := 1; k <= mostWrites; k++ {
		By(fmt.Sprintf("write %d", k))
		if !try(k) {
			Expect(k).To(BeNumerically(">", 2), "the operation took no writes")
			return
		}
	}
	Fail(fmt.Sprintf("the operation takes more than %d writes", mostWrites))
}

// dieDuring runs an operator that is cut off after k writes of the operation. died is false where the operation was done before.
func dieDuring(ctx SpecContext, namespace string, k int, begin func(), isDone func() bool) (died bool) {
	GinkgoHelper()
	fault := proxy.CrashAfter(k)
	op := startOperator(operatorOptions{namespaces: []string{namespace}, transport: fault.Wrap})
	defer op.stop()
	begin()
	Eventually(func() bool {
		select {
		case <-fault.Happened():
			died = true
			return true
		default:
			return isDone()
		}
	}).WithContext(ctx).Should(BeTrue())
	return died
}

// dieDuringUpgrade runs a benchmark, and has the operator that upgrades it cut off after k writes. before is the run that there was.
func dieDuringUpgrade(ctx SpecContext, namespace string, k int, b *v1alpha1.ElasticWebBenchmark) (died bool, before string) {
	GinkgoHelper()
	op := startOperator(operatorOptions{namespaces: []string{namespace}})
	create(ctx, b)
	expectReason(ctx, b, v1alpha1.ReasonRunning)
	op.stop()
	before = current(ctx, b).Status.Run.ID
	died = dieDuring(ctx, namespace, k,
		func() { change(ctx, b, func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.Path = "/upgraded" }) },
		func() bool { return complete(ctx, b)() == v1alpha1.ReasonRunning && isDeployed(ctx, b) })
	return died, before
}

// hasJobsOf reports whether all Jobs of a run have been made.
func hasJobsOf(ctx SpecContext, b *v1alpha1.ElasticWebBenchmark, run *v1alpha1.BenchmarkRun) bool {
	made := 0
	for _, job := range jobs(ctx, b) {
		if job.Labels[v1alpha1.LabelRun] == run.ID {
			made++
		}
	}
	return made == len(run.Architectures)
}

// endRun reports the results of the current run.
func endRun(ctx SpecContext, b *v1alpha1.ElasticWebBenchmark) {
	GinkgoHelper()
	ended := current(ctx, b)
	for i := range ended.Status.Run.Architectures {
		a := &ended.Status.Run.Architectures[i]
		a.State = v1alpha1.RunStateFinished
		a.Result = &v1alpha1.BenchmarkResult{Architecture: a.Architecture, QPS: fasterARM[string(a.Architecture)], Reason: v1alpha1.ReasonMeasured}
	}
	Expect(k8s.Status().Update(ctx, ended)).To(Succeed())
}

// isDeployed reports whether the release of the current run is reported, the last write of an install or an upgrade.
func isDeployed(ctx SpecContext, b *v1alpha1.ElasticWebBenchmark) bool {
	status := current(ctx, b).Status
	return status.Run != nil && status.DeployedRelease != nil && status.DeployedRelease.Run == status.Run.ID
}

// finish has a new operator bring the benchmark to its end, and checks that nothing is left over.
func finish(ctx SpecContext, namespace string, b *v1alpha1.ElasticWebBenchmark) {
	GinkgoHelper()
	made := map[string]types.UID{}
	for _, job := range jobs(ctx, b) {
		made[job.Name] = job.UID
	}
	op := startOperator(operatorOptions{namespaces: []string{namespace}})
	defer op.stop()
	endPods(ctx, b, fasterARM)
	expectReason(ctx, b, v1alpha1.ReasonMeasured)
	run := current(ctx, b).Status.Run
	Eventually(func(g Gomega) {
		var found []string
		current := 0
		for _, job := range jobs(ctx, b) {
			found = append(found, fmt.Sprintf("%s of run %s, deleted: %v, finalizers: %v", job.Name, job.Labels[v1alpha1.LabelRun], job.DeletionTimestamp, job.Finalizers))
			if job.Labels[v1alpha1.LabelRun] == run.ID {
				current++
			}
		}
		g.Expect(found).To(HaveLen(2))
		g.Expect(current).To(Equal(2), "of run %s: %v", run.ID, found)
	}).WithContext(ctx).Should(Succeed())
	for _, job := range jobs(ctx, b) {
		if before, wasMade := made[job.Name]; wasMade {
			Expect(job.UID).To(Equal(before), "%s was made a second time", job.Name)
		}
	}
	Expect(k8s.Delete(ctx, b)).To(Succeed())
	expectGone(ctx, b)
}
