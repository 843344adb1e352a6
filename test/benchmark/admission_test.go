// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"context"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// enforce applies files of config/admission until the spec ends, and waits for the refusal of each probe: something that is refused
// for as long as they are in force.
func enforce(ctx context.Context, files []string, probes ...func(context.Context) error) {
	GinkgoHelper()
	var objects []*unstructured.Unstructured
	for _, file := range files {
		ofFile, err := manifests.ReadFile("config/admission/" + file)
		Expect(err).NotTo(HaveOccurred())
		objects = append(objects, ofFile...)
	}
	areRefused := func(ctx context.Context, want bool) {
		GinkgoHelper()
		for _, probe := range probes {
			Eventually(func() bool { return isPolicyRefusal(probe(ctx)) }).WithContext(ctx).Should(Equal(want))
		}
	}
	for _, object := range objects {
		Expect(k8s.Create(ctx, object)).To(Succeed())
	}
	// The API server goes on with a binding for a while, and without its parameters it refuses everything, to other specs as well.
	DeferCleanup(func(ctx SpecContext) {
		for _, object := range objects {
			if object.GetKind() == "ValidatingAdmissionPolicyBinding" {
				Expect(k8s.Delete(ctx, object)).To(Succeed())
			}
		}
		areRefused(ctx, false)
		for _, object := range objects {
			Expect(client.IgnoreNotFound(k8s.Delete(ctx, object))).To(Succeed())
		}
	})
	areRefused(ctx, true)
}

func isPolicyRefusal(err error) bool {
	return err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy")
}

// admittedWeb is within the sample's limits.
func admittedWeb(namespace, name string) *elasticwebv1.ElasticWeb {
	web := newFollower(namespace, name)
	web.Spec.Image, web.Spec.BenchmarkRef, web.Spec.MaxReplicas = "registry.example.com/shop:1", nil, ptr.To[int32](50)
	web.Spec.Service = &elasticwebv1.ServiceSpec{Type: elasticwebv1.ServiceTypeClusterIP}
	return web
}

func admittedBenchmark(namespace, name string) *v1alpha1.ElasticWebBenchmark {
	return newBenchmark(namespace, name, func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.Image = "registry.example.com/shop:1" })
}

func volumeOf(source corev1.VolumeSource) []corev1.Volume {
	return []corev1.Volume{{Name: "data", VolumeSource: source}}
}

func requests(name corev1.ResourceName, quantity string) *corev1.ResourceRequirements {
	return &corev1.ResourceRequirements{Requests: corev1.ResourceList{name: resource.MustParse(quantity)}}
}

func asking(host string) corev1.ProbeHandler {
	return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Host: host, Port: admittedPort}}
}

var _ = Describe("The sample of a policy for tenants", func() {
	It("admits what is within its limits, and refuses the rest with a remedy", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		older := newFollower(namespace, "older")
		create(ctx, older)
		tryWebIn := func(ctx context.Context, change func(*elasticwebv1.ElasticWeb)) error {
			web := admittedWeb(namespace, "shop")
			change(web)
			return k8s.Create(ctx, web, client.DryRunAll)
		}
		tryWeb := func(change func(*elasticwebv1.ElasticWeb)) error { return tryWebIn(ctx, change) }
		tryBenchmark := func(change func(*v1alpha1.ElasticWebBenchmark)) error {
			b := admittedBenchmark(namespace, "shop")
			change(b)
			return k8s.Create(ctx, b, client.DryRunAll)
		}
		enforce(ctx, []string{"tenant_limits.yaml", "tenants.yaml"}, func(ctx context.Context) error {
			return tryWebIn(ctx, func(w *elasticwebv1.ElasticWeb) { w.Spec.MaxReplicas = nil })
		})
		// Parameters come to the API server by a watch of their own.
		Eventually(func() error { return tryWeb(func(*elasticwebv1.ElasticWeb) {}) }).WithContext(ctx).Should(Succeed())

		for name, row := range webRows {
			expectAnswer(name, tryWeb(row.change), row.refusal)
		}
		for name, row := range benchmarkRows {
			expectAnswer(name, tryBenchmark(row.change), row.refusal)
		}

		By("what there was before, which goes on until its spec is written")
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(older), older)).To(Succeed())
		older.Labels = map[string]string{"seen": "true"}
		Expect(k8s.Update(ctx, older)).To(Succeed())
		older.Spec.TotalQPS = ptr.To[int32](1)
		Expect(k8s.Update(ctx, older)).To(MatchError(ContainSubstring("image is not of an allowed registry")))

		By("another limit in the one place to edit")
		limits := &corev1.ConfigMap{}
		Expect(k8s.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: "elasticweb-tenant-limits"}, limits)).To(Succeed())
		limits.Data["registries"], limits.Data["hostPaths"] = "registry.example.com/\nnginx:1.27\n", "/srv/shop"
		limits.Data["volumes"] += "\nhostPath"
		Expect(k8s.Update(ctx, limits)).To(Succeed())
		Eventually(func() error { return k8s.Update(ctx, older, client.DryRunAll) }).WithContext(ctx).
			Should(MatchError(ContainSubstring("maxReplicas has to be set")))
		folder := func(path string) error {
			return tryWeb(func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Volumes = volumeOf(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}})
			})
		}
		for path, isAllowed := range map[string]bool{"/srv/shop": true, "/srv/shop/a": true, "/srv/shopping": false, "/": false, "/srv/shop/../..": false} {
			refusal := ""
			if !isAllowed {
				refusal = "mounts a folder that is not allowed"
			}
			expectAnswer(path, folder(path), refusal)
		}
	})
})

func expectAnswer(name string, err error, refusal string) {
	GinkgoHelper()
	if refusal == "" {
		Expect(err).NotTo(HaveOccurred(), name)
		return
	}
	Expect(err).To(MatchError(And(ContainSubstring("'elasticweb-tenants'"), ContainSubstring(refusal))), name)
}

// operatorTry is what a token of the operator may be used for, and how it is refused; "" where it is not.
type operatorTry struct {
	try     func(ctx context.Context, as client.Client) error
	refusal string
}

var _ = Describe("The sample of policies for the operator's account", func() {
	It("lets it do its work, and nothing else", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		config, err := controlPlane.ServiceAccountConfig(ctx, operatorNamespace, operatorAccount)
		Expect(err).NotTo(HaveOccurred())
		asOperator, err := client.New(rest.CopyConfig(config), client.Options{Scheme: newScheme()})
		Expect(err).NotTo(HaveOccurred())
		tries := foreignObjects(ctx, namespace).tries()
		refused := func(name string) func(context.Context) error {
			return func(ctx context.Context) error { return tries[name].try(ctx, asOperator) }
		}
		enforce(ctx, []string{"operator.yaml"}, refused("relabels a pod"), refused("changes a Service"))
		for name, row := range tries {
			err := row.try(ctx, asOperator)
			if row.refusal == "" {
				Expect(err).NotTo(HaveOccurred(), name)
				continue
			}
			Expect(err).To(MatchError(And(ContainSubstring("ValidatingAdmissionPolicy 'elasticweb-operator-"), ContainSubstring(row.refusal))), name)
		}

		By("the story of an ElasticWeb")
		op := startOperator(operatorOptions{namespaces: []string{namespace}})
		web := spreadOverAllNodes(admittedWeb(namespace, "web"))
		create(ctx, web)
		Eventually(ready(ctx, web)).WithContext(ctx).Should(Equal(elasticwebv1.ReasonAsPlanned))
		Eventually(func() int { return stamped(ctx, namespace) }).WithContext(ctx).Should(BeNumerically(">", 0))
		Eventually(func() error {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), web)).To(Succeed())
			web.Spec.Image, web.Spec.TotalQPS = "registry.example.com/shop:2", ptr.To[int32](400)
			return k8s.Update(ctx, web)
		}).WithContext(ctx).Should(Succeed())
		Eventually(func() int32 { return replicas(ctx, web) }).WithContext(ctx).Should(Equal(int32(1)))

		By("an owner that is lost, and taken back, also where the labels are lost with it")
		for _, what := range []string{`{"metadata":{"ownerReferences":null}}`, `{"metadata":{"ownerReferences":null,"labels":null}}`} {
			lost := deployment(ctx, web)
			Expect(k8s.Patch(ctx, lost, client.RawPatch(types.MergePatchType, []byte(what)))).To(Succeed())
			Eventually(func() bool { return metav1.IsControlledBy(deployment(ctx, web), web) }).WithContext(ctx).Should(BeTrue(), func() string { return ready(ctx, web)() })
		}

		By("a benchmark, from its start to its end")
		b := admittedBenchmark(namespace, "shop")
		create(ctx, b)
		endPods(ctx, b, fasterARM)
		expectReason(ctx, b, v1alpha1.ReasonMeasured)
		change(ctx, b, func(b *v1alpha1.ElasticWebBenchmark) {
			b.Annotations = map[string]string{v1alpha1.AnnotationRerun: "2"}
		})
		expectReason(ctx, b, v1alpha1.ReasonRunning)
		Expect(k8s.Delete(ctx, b)).To(Succeed())
		expectGone(ctx, b)
		Expect(k8s.Delete(ctx, web, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		Eventually(func() error { return k8s.Get(ctx, client.ObjectKeyFromObject(web), web) }).WithContext(ctx).ShouldNot(Succeed())
		for _, request := range op.requests.Since(0) {
			Expect(request.Status).NotTo(Or(Equal(http.StatusForbidden), Equal(http.StatusUnprocessableEntity)), "%+v", request)
		}
	})

	It("names the account that config/default makes", func() {
		for _, file := range []string{"operator.yaml", "tenants.yaml"} {
			objects, err := manifests.ReadFile("config/admission/" + file)
			Expect(err).NotTo(HaveOccurred())
			for _, object := range objects {
				if object.GetKind() == "ValidatingAdmissionPolicy" {
					Expect(object.Object["spec"]).To(HaveKeyWithValue("matchConditions", ContainElement(
						HaveKeyWithValue("expression", ContainSubstring("'system:serviceaccount:"+operatorNamespace+":"+operatorAccount+"'")))))
				}
			}
		}
	})
})

// stamped is how many pods bear a cost of deletion.
func stamped(ctx context.Context, namespace string) int {
	GinkgoHelper()
	pods := &corev1.PodList{}
	Expect(k8s.List(ctx, pods, client.InNamespace(namespace))).To(Succeed())
	count := 0
	for i := range pods.Items {
		if pods.Items[i].Annotations[corev1.PodDeletionCost] != "" {
			count++
		}
	}
	return count
}

// spreadOverAllNodes brings pods to the slower architecture as well: they get a cost of deletion.
func spreadOverAllNodes(web *elasticwebv1.ElasticWeb) *elasticwebv1.ElasticWeb {
	web.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule,
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{elasticwebv1.LabelInstance: web.Name}},
	}}
	return web
}

// others are objects of somebody else, one of each kind that the operator may write.
type others struct {
	pod        *corev1.Pod
	service    *corev1.Service
	deployment *appsv1.Deployment
	budget     *policyv1.PodDisruptionBudget
	job        *batchv1.Job
}

func foreignObjects(ctx context.Context, namespace string) *others {
	GinkgoHelper()
	named := metav1.ObjectMeta{Namespace: namespace, Name: "theirs"}
	labels := map[string]string{"app": "theirs"}
	pod := corev1.PodSpec{
		Containers: []corev1.Container{{Name: "web", Image: "nginx:1.27"}}, RestartPolicy: corev1.RestartPolicyNever,
		NodeSelector: map[string]string{"never": "there"},
	}
	lasting := *pod.DeepCopy()
	lasting.RestartPolicy = corev1.RestartPolicyAlways
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: lasting}
	result := &others{
		pod:     &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "theirs", Labels: map[string]string{"app": "alone"}}, Spec: pod},
		service: &corev1.Service{ObjectMeta: named, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}},
		deployment: &appsv1.Deployment{ObjectMeta: named, Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](0), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template}},
		budget: &policyv1.PodDisruptionBudget{ObjectMeta: named, Spec: policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}}},
		job:    &batchv1.Job{ObjectMeta: named, Spec: batchv1.JobSpec{Suspend: ptr.To(true), Template: corev1.PodTemplateSpec{Spec: pod}}},
	}
	create(ctx, result.pod, result.service, result.deployment, result.budget, result.job)
	return result
}

func patching(object client.Object, patch string) func(context.Context, client.Client) error {
	return func(ctx context.Context, as client.Client) error {
		target, _ := object.DeepCopyObject().(client.Object)
		return as.Patch(ctx, target, client.RawPatch(types.StrategicMergePatchType, []byte(patch)), client.DryRunAll)
	}
}

func making(object client.Object, name string, change func(client.Object)) func(context.Context, client.Client) error {
	return func(ctx context.Context, as client.Client) error {
		fresh, _ := object.DeepCopyObject().(client.Object)
		fresh.SetName(name)
		fresh.SetResourceVersion("")
		fresh.SetUID("")
		if job, isJob := fresh.(*batchv1.Job); isJob {
			job.Spec.Selector, job.Spec.Template.Labels = nil, nil
		}
		if service, isService := fresh.(*corev1.Service); isService {
			service.Spec.ClusterIP, service.Spec.ClusterIPs = "", nil
		}
		change(fresh)
		return as.Create(ctx, fresh, client.DryRunAll)
	}
}

func deleting(object client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, as client.Client) error {
		target, _ := object.DeepCopyObject().(client.Object)
		return as.Delete(ctx, target, client.DryRunAll)
	}
}

// ownedBy makes the object look like one of the operator's, but for what is taken away after it.
func ownedBy(kind string) func(client.Object) {
	return func(object client.Object) {
		object.SetLabels(map[string]string{elasticwebv1.LabelManagedBy: elasticwebv1.ManagedByValue})
		object.SetOwnerReferences([]metav1.OwnerReference{{
			APIVersion: elasticwebv1.GroupVersion.String(), Kind: kind, Name: "x", UID: "x", Controller: ptr.To(true),
		}})
	}
}

func unowned(client.Object) {}

func unlabelled(object client.Object) {
	ownedBy("ElasticWeb")(object)
	object.SetLabels(nil)
}

func (o *others) tries() map[string]operatorTry {
	const label = `{"metadata":{"labels":{"a":"b"}}}`
	const claim = `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"elasticweb-operator"},"ownerReferences":[` +
		`{"apiVersion":"elasticweb.example.com/v1","kind":"ElasticWeb","name":"x","uid":"x","controller":true}]}}`
	all := map[string]operatorTry{
		"stamps a pod":                      {patching(o.pod, `{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"-100"}}}`), ""},
		"relabels a pod":                    {patching(o.pod, label), "no label of pods but"},
		"says where a pod is":               {patching(o.pod, `{"metadata":{"labels":{"elasticweb.example.com/architecture":"arm64","elasticweb.example.com/joined":"false"}}}`), ""},
		"says in which backends a pod is":   {patching(o.pod, `{"metadata":{"labels":{"elasticweb.example.com/fast-as-arm64":"false","elasticweb.example.com/fast-as-amd64":"true"}}}`), ""},
		"takes a pod's label away":          {patching(o.pod, `{"metadata":{"labels":{"app":null}}}`), "no label of pods but"},
		"annotates a pod":                   {patching(o.pod, `{"metadata":{"annotations":{"a":"b"}}}`), "no annotation of pods but"},
		"changes the image of a pod":        {patching(o.pod, `{"spec":{"containers":[{"name":"web","image":"evil"}]}}`), "nothing of pods but"},
		"gives a pod a finalizer":           {patching(o.pod, `{"metadata":{"finalizers":["a.example.com/b"]}}`), "nothing of pods but"},
		"gives a pod another owner":         {patching(o.pod, claim), "nothing of pods but"},
		"changes a Service":                 {patching(o.service, label), "is an ElasticWeb's"},
		"takes a Service over":              {patching(o.service, claim), "is an ElasticWeb's"},
		"deletes a Service":                 {deleting(o.service), "is an ElasticWeb's"},
		"changes a Deployment":              {patching(o.deployment, label), "is an ElasticWeb's"},
		"takes a Deployment over":           {patching(o.deployment, claim), "is an ElasticWeb's"},
		"changes a budget":                  {patching(o.budget, label), "is an ElasticWeb's"},
		"deletes a budget":                  {deleting(o.budget), "is an ElasticWeb's"},
		"changes a Job":                     {patching(o.job, label), "is an ElasticWeb's"},
		"deletes a Job":                     {deleting(o.job), "is an ElasticWeb's"},
		"makes a Deployment of nobody":      {making(o.deployment, "new", unowned), "only what an ElasticWeb"},
		"makes a Deployment without label":  {making(o.deployment, "new", unlabelled), "only what bears its label"},
		"makes a Job of an ElasticWeb":      {making(o.job, "new", ownedBy("ElasticWeb")), "only what an ElasticWeb"},
		"makes a Deployment of a ConfigMap": {making(o.deployment, "new", ownedBy("ConfigMap")), "only what an ElasticWeb"},
	}
	owned := map[string]client.Object{"makes a Deployment": o.deployment, "makes a Service": o.service, "makes a budget": o.budget}
	all["makes a Job of a benchmark"] = operatorTry{making(o.job, "new", ownedBy("ElasticWebBenchmark")), ""}
	for name, object := range owned {
		all[name+" of an ElasticWeb"] = operatorTry{making(object, "new", ownedBy("ElasticWeb")), ""}
	}
	return all
}
