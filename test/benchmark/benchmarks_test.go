// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

func newBenchmark(namespace, name string, changes ...func(*v1alpha1.ElasticWebBenchmark)) *v1alpha1.ElasticWebBenchmark {
	b := &v1alpha1.ElasticWebBenchmark{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1alpha1.ElasticWebBenchmarkSpec{Image: "nginx:1.27", Duration: "1m"},
	}
	for _, change := range changes {
		change(b)
	}
	return b
}

func create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		Expect(k8s.Create(ctx, object)).To(Succeed())
	}
}

// current reads the benchmark; one that is gone has no name.
func current(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) *v1alpha1.ElasticWebBenchmark {
	read := &v1alpha1.ElasticWebBenchmark{}
	_ = k8s.Get(ctx, client.ObjectKeyFromObject(b), read)
	return read
}

func change(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, mutate func(*v1alpha1.ElasticWebBenchmark)) {
	GinkgoHelper()
	Eventually(func() error {
		read := current(ctx, b)
		mutate(read)
		return k8s.Update(ctx, read)
	}).WithContext(ctx).Should(Succeed())
}

// complete gives the reason of the condition Complete for the current generation, "" before it has one.
func complete(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) func() string {
	return func() string {
		read := current(ctx, b)
		condition := meta.FindStatusCondition(read.Status.Conditions, v1alpha1.ConditionComplete)
		if condition == nil || condition.ObservedGeneration != read.Generation {
			return ""
		}
		return condition.Reason
	}
}

func expectReason(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, reason string) {
	GinkgoHelper()
	Eventually(complete(ctx, b)).WithContext(ctx).Should(Equal(reason), func() string {
		text, _ := json.MarshalIndent(current(ctx, b).Status, "", " ")
		return string(text)
	})
}

func jobs(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) []batchv1.Job {
	GinkgoHelper()
	list := &batchv1.JobList{}
	Expect(k8s.List(ctx, list, client.InNamespace(b.Namespace), client.MatchingLabels{
		elasticwebv1.LabelName: v1alpha1.NameValue, elasticwebv1.LabelInstance: b.Name,
	})).To(Succeed())
	return list.Items
}

// runJobs are the Jobs of the run that the status holds.
func runJobs(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) []batchv1.Job {
	GinkgoHelper()
	run := current(ctx, b).Status.Run
	var found []batchv1.Job
	for _, job := range jobs(ctx, b) {
		if run != nil && job.Labels[v1alpha1.LabelRun] == run.ID && job.DeletionTimestamp == nil {
			found = append(found, job)
		}
	}
	return found
}

// endPods has the load generators of the current run end, each with the rate of its architecture; 0 stands for a target
// that refuses connections. It goes on until the run has ended.
func endPods(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, rates map[string]int32) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		run := current(ctx, b).Status.Run
		g.Expect(run).NotTo(BeNil())
		pods := &corev1.PodList{}
		g.Expect(k8s.List(ctx, pods, client.InNamespace(b.Namespace), client.MatchingLabels{
			elasticwebv1.LabelInstance: b.Name, v1alpha1.LabelRun: run.ID,
		})).To(Succeed())
		for i := range pods.Items {
			if pod := &pods.Items[i]; pod.Annotations["elasticweb.test/ends-after"] == "" {
				g.Expect(k8s.Patch(ctx, pod, endPatch(pod, rates))).To(Succeed())
			}
		}
		for _, a := range run.Architectures {
			g.Expect(a.State).To(Equal(v1alpha1.RunStateFinished), "%s: %s", a.Architecture, a.Message)
		}
	}).WithContext(ctx).Should(Succeed(), func() string { return explain(ctx, b) })
}

// forge makes a pod like each of the run's, owned by nobody, that says it has ended with a rate.
func forge(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, rates map[string]int32) {
	GinkgoHelper()
	for _, job := range runJobs(ctx, b) {
		architecture := job.Labels[v1alpha1.LabelArchitecture]
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Namespace: b.Namespace, Name: "forged-" + architecture, Labels: maps.Clone(job.Spec.Template.Labels),
		}}
		for _, name := range []string{batchv1.ControllerUidLabel, "controller-uid"} { // with these the Job would adopt it.
			delete(pod.Labels, name)
		}
		pod.Spec = *job.Spec.Template.Spec.DeepCopy()
		pod.Spec.NodeSelector = map[string]string{"no": "node"}
		Expect(k8s.Create(ctx, pod)).To(Succeed())
		result := loadtest.Result{Architecture: architecture, QPS: rates[architecture], Reason: loadtest.ReasonMeasured, LimitedBy: loadtest.ReasonTooSlow}
		message, err := result.Encode()
		Expect(err).NotTo(HaveOccurred())
		pod.ResourceVersion = "" // the scheduler writes it, too.
		pod.Status.Phase = corev1.PodSucceeded
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name:  v1alpha1.GeneratorContainer,
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: string(message), Reason: "Completed"}},
		}}
		Expect(k8s.Status().Update(ctx, pod)).To(Succeed())
	}
}

func endPatch(pod *corev1.Pod, rates map[string]int32) client.Patch {
	architecture := pod.Labels[v1alpha1.LabelArchitecture]
	result := loadtest.Result{Architecture: architecture, Reason: loadtest.ReasonConnectionRefused, Message: "nothing listens"}
	if rate := rates[architecture]; rate > 0 {
		result = loadtest.Result{
			Architecture: architecture, QPS: rate, P50Micros: 1500, P99Micros: 20_000, ErrorRate: 0.001,
			Reason: loadtest.ReasonMeasured, LimitedBy: loadtest.ReasonTooSlow,
		}
	}
	encoded, err := result.Encode()
	Expect(err).NotTo(HaveOccurred())
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{
		"elasticweb.test/ends-after": "0", "elasticweb.test/termination-message": string(encoded),
	}}})
	Expect(err).NotTo(HaveOccurred())
	return client.RawPatch(types.MergePatchType, patch)
}

// explain prints what there is of a benchmark.
func explain(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) string {
	text, _ := json.MarshalIndent(current(ctx, b), "", " ")
	for _, job := range jobs(ctx, b) {
		text = fmt.Appendf(text, "\nJob %s run %s: %+v", job.Name, job.Labels[v1alpha1.LabelRun], job.Status)
	}
	return string(text)
}

func expectGone(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(current(ctx, b).Name).To(BeEmpty(), "the benchmark")
		g.Expect(jobs(ctx, b)).To(BeEmpty(), "its Jobs")
	}).WithContext(ctx).Should(Succeed())
}
