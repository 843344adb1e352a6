// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

// No release is stored: each installation begins with what the Jobs tell.
var _ = Describe("An installation", func() {
	It("begins nothing a second time that has a result or a Job, whatever the chart would call it now", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		op := startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		amd64, arm64 := jobOf(ctx, b, "amd64"), jobOf(ctx, b, "arm64")

		By("another operator, whose proxies give the Jobs other names, and a Job that is lost")
		op.stop()
		GinkgoT().Setenv("NO_PROXY", "elsewhere.example.com")
		op = startOperator(operatorOptions{namespaces: []string{namespace}})
		lose(ctx, amd64)
		Eventually(func() *batchv1.Job { return jobOf(ctx, b, "amd64") }).WithContext(ctx).Should(
			And(Not(BeNil()), HaveField("Name", Not(Equal(amd64.Name)))))
		Expect(runJobs(ctx, b)).To(ConsistOf(HaveField("UID", arm64.UID), HaveField("Name", jobOf(ctx, b, "amd64").Name)))

		By("one that has its result, and is removed")
		endPod(ctx, b, "arm64", fasterARM)
		lose(ctx, arm64)
		lost := jobOf(ctx, b, "amd64")
		lose(ctx, lost)
		Eventually(func() *batchv1.Job { return jobOf(ctx, b, "amd64") }).WithContext(ctx).Should(
			And(Not(BeNil()), HaveField("UID", Not(Equal(lost.UID)))))
		endPods(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		Expect(jobOf(ctx, b, "arm64")).To(BeNil())
		Expect(current(ctx, b).Status.QPSByArchitecture).To(Equal("arm64=1000,amd64=640"))
		Expect(op.requests.Since(0)).NotTo(ContainElement(HaveField("Path", ContainSubstring("/secrets"))))
	})

	It("that fails leaves the Jobs that were made, and makes the others when it can", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		quota := &corev1.ResourceQuota{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "one"},
			Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"count/jobs.batch": resource.MustParse("1")}},
		}
		create(ctx, quota)
		Eventually(func() corev1.ResourceList {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(quota), quota)).To(Succeed())
			return quota.Status.Used
		}).WithContext(ctx).ShouldNot(BeEmpty())
		op := startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		expectReason(ctx, b, v1alpha1.ReasonReleaseFailed)
		Expect(meta.FindStatusCondition(current(ctx, b).Status.Conditions, v1alpha1.ConditionReleaseFailed).Message).To(ContainSubstring("exceeded quota"))
		Expect(current(ctx, b).Status.DeployedRelease).To(BeNil())
		made := runJobs(ctx, b)
		Expect(made).To(HaveLen(1))
		refusals := func() (count int) {
			for _, request := range op.requests.Since(0) {
				if request.Status == http.StatusForbidden {
					count++
				}
			}
			return count
		}
		before := refusals()
		Eventually(refusals).WithContext(ctx).Should(BeNumerically(">", before+1)) // it is tried again.
		Expect(runJobs(ctx, b)).To(ConsistOf(HaveField("UID", made[0].UID)))
		endPod(ctx, b, made[0].Labels[v1alpha1.LabelArchitecture], fasterARM)

		Expect(k8s.Delete(ctx, quota)).To(Succeed())
		endPods(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		Expect(runJobs(ctx, b)).To(ContainElement(HaveField("UID", made[0].UID)))
		Eventually(func() bool { return isDeployed(ctx, b) }).WithContext(ctx).Should(BeTrue())
	})

	It("that is refused as a whole is reported once, and backs off", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		op := startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		b.Spec.Resources = &corev1.ResourceRequirements{ // the API server refuses both Jobs.
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}, Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")},
		}
		create(ctx, b)
		expectReason(ctx, b, v1alpha1.ReasonReleaseFailed)
		attempts := func() (count int) {
			for _, request := range op.requests.Since(0) {
				if request.Method == http.MethodPost && request.Status == http.StatusUnprocessableEntity {
					count++
				}
			}
			return count
		}
		By("attempts that are seconds apart")
		before := current(ctx, b)
		Eventually(attempts).WithContext(ctx).Should(BeNumerically(">=", 2*7))
		Expect(attempts()).To(BeNumerically("<=", 2*10))
		Expect(current(ctx, b).ResourceVersion).To(Equal(before.ResourceVersion))
		seen := op.requests.Count()
		Eventually(attempts).WithContext(ctx).Should(BeNumerically(">=", 2*8))
		Expect(current(ctx, b).ResourceVersion).To(Equal(before.ResourceVersion))
		Expect(len(op.requests.Since(seen))).To(BeNumerically("<=", 2*8), "%v", op.requests.Since(seen)) // at most two attempts.
		for _, request := range op.requests.Since(seen) {
			Expect(request.Path).NotTo(Or(Equal("/version"), Equal("/api"), Equal("/apis")))
		}
	})

	It("leaves somebody else's Job alone, whatever it looks like, and says so", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		op := startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		lost := jobOf(ctx, b, "amd64")
		op.stop()
		lose(ctx, lost)
		foreign := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: lost.Name, Labels: lost.Labels, Annotations: lost.Annotations}}
		lost.Spec.DeepCopyInto(&foreign.Spec)
		foreign.Spec.Suspend, foreign.Spec.Selector = ptr.To(true), nil
		for _, label := range []string{"batch.kubernetes.io/controller-uid", "controller-uid", "batch.kubernetes.io/job-name", "job-name"} {
			delete(foreign.Spec.Template.Labels, label)
		}
		Expect(foreign.Annotations).To(HaveKeyWithValue("meta.helm.sh/release-name", "shop"))
		create(ctx, foreign)

		op = startOperator(operatorOptions{namespaces: []string{namespace}})
		expectReason(ctx, b, v1alpha1.ReasonReleaseFailed)
		Expect(meta.FindStatusCondition(current(ctx, b).Status.Conditions, v1alpha1.ConditionStalled).Message).To(
			And(ContainSubstring("Job "+foreign.Name+" exists and has no owner, so it is left alone: delete it"), ContainSubstring(v1alpha1.AnnotationRerun)))
		Expect(op.requests.Since(0)).NotTo(ContainElement(And(
			HaveField("Path", HaveSuffix("/jobs/"+foreign.Name)), HaveField("Method", Not(Equal(http.MethodGet))))))

		Expect(k8s.Delete(ctx, foreign, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		endPods(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
	})

	It("that is slow in one namespace does not hold up another", func(ctx SpecContext) {
		const many = 40
		busy, quiet := newNamespace(ctx), newNamespace(ctx)
		for i := range many {
			create(ctx, newBenchmark(busy, fmt.Sprintf("shop-%d", i)))
		}
		deployed := func() (count int) {
			list := &v1alpha1.ElasticWebBenchmarkList{}
			Expect(k8s.List(ctx, list, client.InNamespace(busy))).To(Succeed())
			for i := range list.Items {
				if list.Items[i].Status.DeployedRelease != nil {
					count++
				}
			}
			return count
		}
		startOperator(operatorOptions{namespaces: []string{busy, quiet}, transport: slowJobs(busy)})
		Eventually(deployed).WithContext(ctx).Should(BeNumerically(">", 0))
		b := newBenchmark(quiet, "shop")
		create(ctx, b)
		Eventually(func() bool { return isDeployed(ctx, b) }).WithContext(ctx).Should(BeTrue())
		Expect(deployed()).To(BeNumerically("<", many/2))
	})

	It("takes up a Job that somebody took the labels from", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		amd64 := jobOf(ctx, b, "amd64")
		Expect(k8s.Patch(ctx, amd64, client.RawPatch(types.MergePatchType,
			[]byte(`{"metadata":{"labels":{"`+elasticwebv1.LabelName+`":null}}}`)))).To(Succeed())
		Eventually(func() *batchv1.Job { return jobOf(ctx, b, "amd64") }).WithContext(ctx).Should(And(Not(BeNil()), HaveField("UID", amd64.UID)))
		Expect(jobsIn(ctx, namespace)).To(HaveLen(2))
	})

	It("leaves the Jobs to their owner, which goes whether or not an operator runs", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		op := startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		op.stop()
		Expect(k8s.Delete(ctx, b)).To(Succeed())
		expectGone(ctx, b)
		Expect(jobsIn(ctx, namespace)).To(BeEmpty())
	})
})

// jobOf is the Job of the current run for an architecture, nil where there is none.
func jobOf(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, architecture string) *batchv1.Job {
	GinkgoHelper()
	for _, job := range runJobs(ctx, b) {
		if job.Labels[v1alpha1.LabelArchitecture] == architecture {
			return &job
		}
	}
	return nil
}

// jobsIn are all Jobs of a namespace, whatever their labels.
func jobsIn(ctx context.Context, namespace string) []batchv1.Job {
	GinkgoHelper()
	list := &batchv1.JobList{}
	Expect(k8s.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	return list.Items
}

// slowJobs has the API server take its time to make a Job in a namespace.
func slowJobs(namespace string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) {
			if request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, "/namespaces/"+namespace+"/jobs") {
				select {
				case <-request.Context().Done():
				case <-time.After(time.Second):
				}
			}
			return next.RoundTrip(request)
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

func lose(ctx context.Context, job *batchv1.Job) {
	GinkgoHelper()
	Expect(k8s.Delete(ctx, job, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
}

// endPod has the load generator of one architecture end, and waits until its result is known.
func endPod(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, architecture string, rates map[string]int32) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		run := current(ctx, b).Status.Run
		pods := &corev1.PodList{}
		g.Expect(k8s.List(ctx, pods, client.InNamespace(b.Namespace), client.MatchingLabels{
			elasticwebv1.LabelInstance: b.Name, v1alpha1.LabelRun: run.ID, v1alpha1.LabelArchitecture: architecture,
		})).To(Succeed())
		for i := range pods.Items {
			g.Expect(k8s.Patch(ctx, &pods.Items[i], endPatch(&pods.Items[i], rates))).To(Succeed())
		}
		g.Expect(run.Architectures).To(ContainElement(And(
			HaveField("Architecture", v1alpha1.Architecture(architecture)), HaveField("State", v1alpha1.RunStateFinished))))
	}).WithContext(ctx).Should(Succeed(), func() string { return explain(ctx, b) })
}
