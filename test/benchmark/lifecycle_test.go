// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

var fasterARM = map[string]int32{"arm64": 1000, "amd64": 640}

var _ = Describe("A benchmark", func() {
	It("measures the image on each architecture of the cluster, and finds the best", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		op := startOperator(operatorOptions{namespaces: []string{namespace}, resync: 2 * time.Second})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		Eventually(func() int { return len(runJobs(ctx, b)) }).WithContext(ctx).Should(Equal(2))
		for _, job := range runJobs(ctx, b) {
			pod := job.Spec.Template.Spec
			Expect(pod.InitContainers[0].Image).To(Equal("nginx:1.27"))
			Expect(pod.Containers[0].Image).To(Equal(generatorImage))
			Expect(metav1.IsControlledBy(&job, current(ctx, b))).To(BeTrue())
		}
		Eventually(complete(ctx, b)).WithContext(ctx).Should(Equal(v1alpha1.ReasonRunning))
		Expect(current(ctx, b).Status.Progress).To(Equal("0/2"))
		endPods(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		status := current(ctx, b).Status
		Expect(status.BestArchitecture).To(Equal("arm64"))
		Expect(status.QPSByArchitecture).To(Equal("arm64=1000,amd64=640"))
		Expect(status.Progress).To(Equal("2/2"))
		Expect(status.Results).To(HaveLen(2))
		for _, result := range status.Results {
			Expect(result.P99).To(Equal("20ms"))
			Expect(result.ErrorRate).To(Equal("0.1%"))
			Expect(result.Node).To(HavePrefix(string(result.Architecture)))
		}
		Expect(meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionDeployed)).To(BeTrue())
		Expect(status.DeployedRelease).To(Equal(&v1alpha1.HelmRelease{Name: "shop", Run: status.Run.ID}))
		Expect(status.Conditions).NotTo(ContainElement(HaveField("Reason", BeEmpty())))
		Expect(row(ctx, b)).To(ContainElements("nginx:1.27", "arm64", "arm64=1000,amd64=640", "2/2"))
		Expect(op.requests.Since(0)).NotTo(ContainElement(HaveField("Status", http.StatusForbidden)))
		expectRest(ctx, op)
	})

	It("believes the pods of its Jobs alone", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		Eventually(func() int { return len(runJobs(ctx, b)) }).WithContext(ctx).Should(Equal(2))
		forge(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		Consistently(complete(ctx, b), "5s").WithContext(ctx).Should(Equal(v1alpha1.ReasonRunning))
		Expect(current(ctx, b).Status.Results).To(BeEmpty())
		Expect(k8s.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(namespace), client.MatchingFields{"spec.nodeName": ""})).To(Succeed())
		endPods(ctx, b, map[string]int32{"arm64": 300, "amd64": 200})
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		Expect(current(ctx, b).Status.QPSByArchitecture).To(Equal("arm64=300,amd64=200"))
	})

	It("is followed by the ElasticWebs that name it, without a rollout", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		web := newFollower(namespace, "shop") // of the benchmark's name: their pods must not be mixed up.
		create(ctx, b, web)
		Eventually(ready(ctx, web)).WithContext(ctx).Should(Equal(elasticwebv1.ReasonBenchmarkRunning))
		Expect(replicas(ctx, web)).To(Equal(int32(6))) // 3000 of 500 each.
		before := template(ctx, web)
		endPods(ctx, b, fasterARM)
		Eventually(func() int32 { return replicas(ctx, web) }).WithContext(ctx).Should(Equal(int32(3))) // of 1000 each.
		Eventually(ready(ctx, web)).WithContext(ctx).Should(Equal(elasticwebv1.ReasonAsPlanned))
		Expect(template(ctx, web)).To(Equal(before))
		read := &elasticwebv1.ElasticWeb{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), read)).To(Succeed())
		Expect(read.Status.RealQPS).To(HaveValue(Equal(int32(3000))))
		Expect(read.Status.Architectures[0].Source).To(Equal(elasticwebv1.QPSSourceMeasured))

		By("a second run, which keeps the results until it ends")
		change(ctx, b, func(b *v1alpha1.ElasticWebBenchmark) {
			b.Annotations = map[string]string{v1alpha1.AnnotationRerun: "2"}
		})
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		Expect(current(ctx, b).Status.Results).To(HaveLen(2))
		Consistently(func() int32 { return replicas(ctx, web) }, "1s").WithContext(ctx).Should(Equal(int32(3)))
		endPods(ctx, b, map[string]int32{"arm64": 1500, "amd64": 800})
		Eventually(func() int32 { return replicas(ctx, web) }).WithContext(ctx).Should(Equal(int32(2)))
		Expect(template(ctx, web)).To(Equal(before))

		By("the end of the benchmark")
		Expect(k8s.Delete(ctx, b)).To(Succeed())
		expectGone(ctx, b)
		Consistently(func() int32 { return replicas(ctx, web) }, "1s").WithContext(ctx).Should(Equal(int32(2)))
		Expect(ready(ctx, web)()).To(Equal(elasticwebv1.ReasonAsPlanned))
		Expect(template(ctx, web)).To(Equal(before))
	})

	It("measures again when its spec changes or somebody asks, and not for anything else", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		op := startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		endPods(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		first := current(ctx, b).Status.Run.ID

		change(ctx, b, func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.Image = "nginx:1.28" })
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		second := current(ctx, b).Status.Run.ID
		Expect(second).NotTo(Equal(first))
		endPods(ctx, b, map[string]int32{"arm64": 900, "amd64": 950})
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		Expect(current(ctx, b).Status.BestArchitecture).To(Equal("amd64"))
		Eventually(func(g Gomega) { // those of the first run are gone.
			for _, job := range jobs(ctx, b) {
				g.Expect(job.Labels[v1alpha1.LabelRun]).To(Equal(second))
			}
		}).WithContext(ctx).Should(Succeed())

		By("another operator, with another load generator, and a Job that somebody removes")
		op.stop()
		startOperator(operatorOptions{namespaces: []string{namespace}, generatorImage: generatorImage + "-next"})
		for _, job := range jobs(ctx, b) {
			Expect(k8s.Delete(ctx, &job, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		}
		change(ctx, b, func(b *v1alpha1.ElasticWebBenchmark) { b.Labels = map[string]string{"seen": "true"} })
		Consistently(func() []any {
			read := current(ctx, b)
			return []any{len(jobs(ctx, b)), read.Status.Run.ID, read.Status.QPSByArchitecture}
		}, "2s").WithContext(ctx).Should(Equal([]any{0, second, "amd64=950,arm64=900"}))

		change(ctx, b, func(b *v1alpha1.ElasticWebBenchmark) {
			b.Annotations = map[string]string{v1alpha1.AnnotationRerun: "again"}
		})
		Eventually(func() int { return len(runJobs(ctx, b)) }).WithContext(ctx).Should(Equal(2))
		Expect(runJobs(ctx, b)[0].Spec.Template.Spec.Containers[0].Image).To(Equal(generatorImage + "-next"))
		endPods(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
	})

	It("runs what its spec says, whatever stands in its strings, and no more", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		const hostile = "a\u2028      hostNetwork: true\u2028      serviceAccountName: admin\u2028\u0085---\u2029- b: {{ .Values }} <no value>\n---\nkind: Pod\n"
		b := newBenchmark(namespace, "shop", func(b *v1alpha1.ElasticWebBenchmark) {
			b.Spec.Args, b.Spec.Command = []string{hostile, "\ufeff\u007f\u009b"}, []string{hostile}
			b.Spec.Env = []corev1.EnvVar{{Name: "A", Value: hostile}}
			b.Spec.StartupProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{hostile}}}}
		})
		create(ctx, b)
		Eventually(func() int { return len(runJobs(ctx, b)) }).WithContext(ctx).Should(Equal(2), func() string { return explain(ctx, b) })
		for _, job := range runJobs(ctx, b) {
			pod := job.Spec.Template.Spec
			Expect(pod.HostNetwork).To(BeFalse())
			Expect(pod.ServiceAccountName).To(BeEmpty())
			Expect(pod.InitContainers[0].Args).To(Equal(b.Spec.Args))
			Expect(pod.InitContainers[0].Command).To(Equal(b.Spec.Command))
			Expect(pod.InitContainers[0].Env).To(Equal(b.Spec.Env))
			Expect(pod.InitContainers[0].StartupProbe.Exec.Command).To(Equal([]string{hostile}))
		}
		Expect(k8s.Delete(ctx, b)).To(Succeed())
		expectGone(ctx, b)
	})

	It("makes a Job again that is lost before it had a result", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop")
		create(ctx, b)
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		lost := runJobs(ctx, b)[0]
		Expect(k8s.Delete(ctx, &lost, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		Eventually(func(g Gomega) {
			found := runJobs(ctx, b)
			g.Expect(found).To(HaveLen(2))
			g.Expect(found).NotTo(ContainElement(HaveField("UID", lost.UID)))
		}).WithContext(ctx).Should(Succeed())
		endPods(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
	})

	It("says what it could not measure, and that it could measure nothing", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		partly := newBenchmark(namespace, "partly", func(b *v1alpha1.ElasticWebBenchmark) {
			b.Spec.Architectures = []v1alpha1.Architecture{"amd64", "s390x"}
		})
		nothing := newBenchmark(namespace, "nothing")
		create(ctx, partly, nothing)
		waitingFor(ctx, partly, "s390x")
		endTime(ctx, partly, "s390x")
		endPods(ctx, partly, fasterARM)
		endPods(ctx, nothing, nil)
		expectReason(ctx, partly, v1alpha1.ReasonPartlyMeasured)
		Expect(current(ctx, partly).Status.Results).To(ContainElement(And(
			HaveField("Architecture", v1alpha1.Architecture("s390x")), HaveField("Reason", v1alpha1.ReasonUnschedulable),
			HaveField("Message", HavePrefix("no node of s390x took the pod in the Job's time: ")))))
		expectReason(ctx, nothing, v1alpha1.ReasonNothingMeasured)
		Expect(meta.IsStatusConditionTrue(current(ctx, nothing).Status.Conditions, v1alpha1.ConditionStalled)).To(BeTrue())
	})

	It("has a pod wait for the node of a pool that is at zero, where the architecture is listed", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop", func(b *v1alpha1.ElasticWebBenchmark) {
			b.Spec.Architectures = []v1alpha1.Architecture{"s390x"}
		})
		create(ctx, b)
		waitingFor(ctx, b, "s390x")
		nodes, err := controlPlane.AddNodes(ctx, cluster.NodePool{Arch: "s390x", Count: 1})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(controlPlane.RemoveNodes(ctx, nodes...)).To(Succeed()) })
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		endPods(ctx, b, map[string]int32{"s390x": 700})
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		Expect(current(ctx, b).Status.QPSByArchitecture).To(Equal("s390x=700"))
	})

	It("begins when nodes come that it can run on, where no architecture is listed", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		b := newBenchmark(namespace, "shop", func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.NodeSelector = map[string]string{"pool": namespace} })
		create(ctx, b)
		expectReason(ctx, b, v1alpha1.ReasonNoCompatibleNodes)
		nodes, err := controlPlane.AddNodes(ctx, cluster.NodePool{Arch: "arm64", Count: 1, Labels: map[string]string{"pool": namespace}})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(controlPlane.RemoveNodes(ctx, nodes...)).To(Succeed()) })
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		endPods(ctx, b, map[string]int32{"arm64": 700})
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
	})

	It("does not mix with one of the same name in another namespace", func(ctx SpecContext) {
		one, other := newNamespace(ctx), newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{one, other}})
		a, b := newBenchmark(one, "shop"), newBenchmark(other, "shop")
		create(ctx, a, b)
		endPods(ctx, a, fasterARM)
		endPods(ctx, b, map[string]int32{"arm64": 100, "amd64": 200})
		expectReason(ctx, a, v1alpha1.ReasonMeasured)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		Expect(current(ctx, b).Status.QPSByArchitecture).To(Equal("amd64=200,arm64=100"))
		Expect(k8s.Delete(ctx, a)).To(Succeed())
		expectGone(ctx, a)
		Expect(jobs(ctx, b)).To(HaveLen(2))
		Expect(k8s.Delete(ctx, b)).To(Succeed())
		expectGone(ctx, b)
	})
})

// waitingFor waits until the scheduler has said that the pod of an architecture waits for a node, and the status has it.
func waitingFor(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, architecture string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		run := current(ctx, b).Status.Run
		g.Expect(run).NotTo(BeNil())
		g.Expect(run.Architectures).To(ContainElement(And(
			HaveField("Architecture", v1alpha1.Architecture(architecture)), HaveField("State", v1alpha1.RunStateWaiting),
			HaveField("Reason", v1alpha1.ReasonUnschedulable), HaveField("Message", HavePrefix("waits for a node of "+architecture+" that takes the pod: ")))))
		conditions := current(ctx, b).Status.Conditions
		g.Expect(meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReconciling)).To(BeTrue())
		g.Expect(meta.FindStatusCondition(conditions, v1alpha1.ConditionStalled)).To(BeNil())
	}).WithContext(ctx).Should(Succeed(), func() string { return explain(ctx, b) })
}

// endTime has the time of an architecture's Job end.
func endTime(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, architecture string) {
	GinkgoHelper()
	for _, job := range runJobs(ctx, b) {
		if job.Labels[v1alpha1.LabelArchitecture] == architecture {
			patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"activeDeadlineSeconds":1}}`))
			Expect(k8s.Patch(ctx, &job, patch)).To(Succeed())
		}
	}
}

// expectRest checks that nothing is asked of the API server over several resyncs.
func expectRest(ctx context.Context, op *operator) {
	GinkgoHelper()
	seen := op.requests.Count()
	Eventually(func() bool { // the last writes have come back through the watches.
		before := seen
		seen = op.requests.Count()
		return before == seen
	}, "20s", "3s").WithContext(ctx).Should(BeTrue())
	Consistently(func() []proxy.Request { return op.requests.Since(seen) }, "7s").WithContext(ctx).Should(BeEmpty())
}

// row is the benchmark as kubectl get prints it.
func row(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) []any {
	GinkgoHelper()
	clients, err := kubernetes.NewForConfig(controlPlane.RESTConfig())
	Expect(err).NotTo(HaveOccurred())
	text, err := clients.RESTClient().Get().
		AbsPath("/apis/elasticweb.example.com/v1alpha1/namespaces/"+b.Namespace+"/elasticwebbenchmarks/"+b.Name).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(ctx)
	Expect(err).NotTo(HaveOccurred())
	table := &metav1.Table{}
	Expect(json.Unmarshal(text, table)).To(Succeed())
	return table.Rows[0].Cells
}

// newFollower asks for 3000 requests per second, of which a pod serves 500 as long as nothing is measured. arm64 is the faster by the
// spec already.
func newFollower(namespace, benchmark string) *elasticwebv1.ElasticWeb {
	return &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: benchmark},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: "nginx:1.27", Port: ptr.To[int32](30100), SinglePodsQPS: ptr.To[int32](400), TotalQPS: ptr.To[int32](3000),
			Architectures: []elasticwebv1.ArchitectureSpec{{Name: "arm64", SinglePodsQPS: ptr.To[int32](500)}, {Name: "amd64"}},
			BenchmarkRef:  &elasticwebv1.BenchmarkReference{Name: benchmark},
		},
	}
}

func ready(ctx context.Context, web *elasticwebv1.ElasticWeb) func() string {
	return func() string {
		read := &elasticwebv1.ElasticWeb{}
		if k8s.Get(ctx, client.ObjectKeyFromObject(web), read) != nil {
			return ""
		}
		if condition := meta.FindStatusCondition(read.Status.Conditions, elasticwebv1.ConditionReady); condition != nil {
			return condition.Reason
		}
		return ""
	}
}

func deployment(ctx context.Context, web *elasticwebv1.ElasticWeb) *appsv1.Deployment {
	read := &appsv1.Deployment{}
	_ = k8s.Get(ctx, client.ObjectKeyFromObject(web), read)
	return read
}

func replicas(ctx context.Context, web *elasticwebv1.ElasticWeb) int32 {
	return ptr.Deref(deployment(ctx, web).Spec.Replicas, 0)
}

func template(ctx context.Context, web *elasticwebv1.ElasticWeb) string {
	GinkgoHelper()
	text, err := json.Marshal(deployment(ctx, web).Spec.Template)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}
