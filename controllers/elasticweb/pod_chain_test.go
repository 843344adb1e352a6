// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// lookalike is a pod with all labels of an ElasticWeb's, which never runs.
func lookalike(ctx context.Context, web *elasticwebv1.ElasticWeb, owners ...metav1.OwnerReference) *corev1.Pod {
	GinkgoHelper()
	ours := &corev1.PodList{}
	Expect(k8s.List(ctx, ours, client.InNamespace(web.Namespace))).To(Succeed())
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: web.Namespace, GenerateName: "forged-", Labels: ours.Items[0].Labels, OwnerReferences: owners,
	}}
	pod.Spec.Containers = []corev1.Container{{Name: "web", Image: "nginx:1.17.1"}}
	pod.Spec.NodeSelector = map[string]string{"no": "node"}
	return pod
}

var _ = Describe("A pod with the labels of an ElasticWeb's", func() {
	var (
		running *operator
		web     *elasticwebv1.ElasticWeb
	)
	BeforeEach(func(ctx SpecContext) {
		var namespace string
		namespace, running = startInNamespace(ctx)
		web = newWeb(namespace, "shop")
		create(ctx, web)
	})
	expectIgnored := func(ctx context.Context) {
		GinkgoHelper()
		expectRest(ctx, running)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](3200) })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		status := read(ctx, web, &elasticwebv1.ElasticWeb{}).Status
		Expect([]int32{status.Replicas, status.ReadyReplicas}).To(Equal([]int32{4, 4}))
	}

	It("is not counted without an owner", func(ctx SpecContext) {
		// Labels of its ReplicaSet's pods would have it adopted, and then it is one of them.
		pod := lookalike(ctx, web)
		delete(pod.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		Expect(k8s.Create(ctx, pod)).To(Succeed())
		expectIgnored(ctx)
		Expect(read(ctx, &elasticwebv1.ElasticWeb{ObjectMeta: pod.ObjectMeta}, &corev1.Pod{}).Annotations).To(BeEmpty())
	})

	It("is not counted with another owner, whatever that is called", func(ctx SpecContext) {
		sets := &appsv1.ReplicaSetList{}
		Expect(k8s.List(ctx, sets, client.InNamespace(web.Namespace))).To(Succeed())
		boss := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: web.Namespace, Name: sets.Items[0].Name}}
		Expect(k8s.Create(ctx, boss)).To(Succeed())
		Expect(k8s.Create(ctx, lookalike(ctx, web, *metav1.NewControllerRef(boss, corev1.SchemeGroupVersion.WithKind("ConfigMap"))))).To(Succeed())
		expectIgnored(ctx)
	})

	It("is not counted with a ReplicaSet that is not the Deployment's", func(ctx SpecContext) {
		pod := lookalike(ctx, web)
		labels := map[string]string{elasticwebv1.LabelName: elasticwebv1.NameValue, "app": "forged"}
		pod.Labels["app"] = "forged"
		delete(pod.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		set := &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: web.Namespace, Name: "shop-forged", Labels: labels},
			Spec: appsv1.ReplicaSetSpec{
				Replicas: ptr.To[int32](1), Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: pod.Labels}, Spec: pod.Spec},
			},
		}
		Expect(k8s.Create(ctx, set)).To(Succeed())
		Eventually(func() int32 {
			_ = k8s.Get(ctx, client.ObjectKeyFromObject(set), set)
			return set.Status.Replicas
		}).WithContext(ctx).Should(Equal(int32(1)))
		expectIgnored(ctx)
	})
})
