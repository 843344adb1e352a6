// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// runManager takes the place of the pod that the Deployment of a CSV has.
func (i *installation) runManager(ctx SpecContext, csv *operatorsv1alpha1.ClusterServiceVersion) *cluster.Program {
	GinkgoHelper()
	declared := csv.Spec.InstallStrategy.StrategySpec.DeploymentSpecs
	Expect(declared).To(HaveLen(1))
	made := &appsv1.Deployment{}
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: i.namespace, Name: declared[0].Name}, made)).To(Succeed())
	wanted := declared[0].Spec.Template.Spec
	Expect(made.Spec.Template.Spec.Affinity).To(Equal(wanted.Affinity))
	Expect(made.Spec.Template.Spec.ServiceAccountName).To(Equal(wanted.ServiceAccountName))

	pod := operatorPod(ctx, i.namespace, made.Spec.Selector.MatchLabels)
	Expect(managerContainer(pod).Image).To(Equal(wanted.Containers[0].Image))
	return startManager(ctx, pod)
}

// expectService has an ElasticWeb in each watched namespace served, and none elsewhere.
func (i *installation) expectService(ctx SpecContext, name string) {
	GinkgoHelper()
	if i.elsewhere != "" {
		Expect(admin.Create(ctx, newElasticWeb(i.elsewhere, name))).To(Succeed())
	}
	for _, namespace := range i.applications() {
		web := newElasticWeb(namespace, name)
		Expect(admin.Create(ctx, web)).To(Succeed())
		Eventually(ctx, func(g Gomega, ctx SpecContext) {
			g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(web), web)).To(Succeed())
			ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
			g.Expect(ready).NotTo(BeNil(), programs["manager"].LogTail())
			g.Expect(ready.Status).To(Equal(metav1.ConditionTrue), ready.Message)
			g.Expect(web.Status.RealQPS).To(HaveValue(BeEquivalentTo(2400)))
		}).Should(Succeed())
	}
	if i.elsewhere != "" {
		err := admin.Get(ctx, client.ObjectKey{Namespace: i.elsewhere, Name: name}, &appsv1.Deployment{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "in a namespace that is not watched: %v", err)
	}
}

func newElasticWeb(namespace, name string) *elasticwebv1.ElasticWeb {
	return &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: images.image, Port: ptr.To[int32](8080), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
			Service: &elasticwebv1.ServiceSpec{Type: elasticwebv1.ServiceTypeClusterIP},
		},
	}
}

// operand is the Deployment of an ElasticWeb in the first watched namespace.
func (i *installation) operand(ctx SpecContext, name string) *appsv1.Deployment {
	GinkgoHelper()
	deployment := &appsv1.Deployment{}
	Expect(admin.Get(ctx, client.ObjectKey{Namespace: i.applications()[0], Name: name}, deployment)).To(Succeed())
	return deployment
}

// expectUntouched holds that nobody wrote to an operand: its pods were not restarted.
func (i *installation) expectUntouched(ctx SpecContext, before *appsv1.Deployment) {
	GinkgoHelper()
	after := i.operand(ctx, before.Name)
	Expect(after.UID).To(Equal(before.UID))
	Expect(after.Generation).To(Equal(before.Generation))
	Expect(after.Spec).To(Equal(before.Spec))
}

// removeOperands is what OLM leaves to the user: the ElasticWebs, then their
// CRDs. In this order, since the garbage collector may not see that an owner
// went when its kind went with it.
func (i *installation) removeOperands(ctx SpecContext) {
	GinkgoHelper()
	webs := &elasticwebv1.ElasticWebList{}
	Expect(admin.List(ctx, webs)).To(Succeed())
	Expect(webs.Items).NotTo(BeEmpty(), "OLM keeps the ElasticWebs")
	for _, web := range webs.Items {
		Expect(admin.Delete(ctx, &web)).To(Succeed())
		expectGone(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: web.Namespace, Name: web.Name}})
		expectGone(ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: web.Namespace, Name: web.Name}})
	}
	for _, owned := range released.current.Spec.CustomResourceDefinitions.Owned {
		crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: owned.Name}}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(crd), crd)).To(Succeed(), "OLM keeps the CRDs")
		Expect(admin.Delete(ctx, crd)).To(Succeed())
	}
}
