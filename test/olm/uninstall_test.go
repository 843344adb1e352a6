// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/olm/inventory"
)

// awaitGone waits until an older CSV is no more.
func (i *installation) awaitGone(ctx SpecContext, csv *operatorsv1alpha1.ClusterServiceVersion) {
	GinkgoHelper()
	Eventually(ctx, func(ctx SpecContext) bool {
		err := admin.Get(ctx, client.ObjectKey{Namespace: i.namespace, Name: csv.Name}, &operatorsv1alpha1.ClusterServiceVersion{})
		return apierrors.IsNotFound(err)
	}).Should(BeTrue(), csv.Name)
}

// unsubscribe is how an operator is uninstalled: the Subscription and the CSV
// go, and OLM takes away what it made of them.
func (i *installation) unsubscribe(ctx SpecContext) {
	GinkgoHelper()
	named := metav1.ObjectMeta{Namespace: i.namespace, Name: released.current.Name}
	Expect(admin.Delete(ctx, &operatorsv1alpha1.Subscription{ObjectMeta: metav1.ObjectMeta{Namespace: i.namespace, Name: subscriptionName}})).To(Succeed())
	Expect(admin.Delete(ctx, &operatorsv1alpha1.ClusterServiceVersion{ObjectMeta: named})).To(Succeed())
	i.awaitGone(ctx, released.current)

	strategy := released.current.Spec.InstallStrategy.StrategySpec
	for _, declared := range strategy.DeploymentSpecs {
		expectGone(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: i.namespace, Name: declared.Name}})
	}
	for _, permissions := range slices.Concat(strategy.Permissions, strategy.ClusterPermissions) {
		expectGone(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: i.namespace, Name: permissions.ServiceAccountName}})
		Eventually(ctx, func(g Gomega, ctx SpecContext) {
			bindings, clusterBindings := &rbacv1.RoleBindingList{}, &rbacv1.ClusterRoleBindingList{}
			g.Expect(admin.List(ctx, bindings)).To(Succeed())
			g.Expect(admin.List(ctx, clusterBindings)).To(Succeed())
			for _, binding := range bindings.Items {
				g.Expect(i.binds(binding.Subjects, binding.Namespace, permissions.ServiceAccountName)).To(BeFalse(), "RoleBinding %s/%s", binding.Namespace, binding.Name)
			}
			for _, binding := range clusterBindings.Items {
				g.Expect(i.binds(binding.Subjects, "", permissions.ServiceAccountName)).To(BeFalse(), "ClusterRoleBinding %s", binding.Name)
			}
		}).Should(Succeed())
	}
}

func expectGone(ctx SpecContext, object client.Object) {
	GinkgoHelper()
	Eventually(ctx, func(ctx SpecContext) bool {
		return apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(object), object))
	}).Should(BeTrue(), "%T %s", object, object.GetName())
}

// leaderLease is how managers of one namespace agree on a leader.
const leaderLease = "elasticweb-operator.elasticweb.example.com"

// expectNothingLeft holds that the cluster has what it had before the
// installation, once the user has deleted what docs/install.md names.
func (i *installation) expectNothingLeft(ctx SpecContext) {
	GinkgoHelper()
	inNamespace := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: i.namespace} }
	for _, object := range []client.Object{
		&operatorsv1.OperatorGroup{ObjectMeta: inNamespace("elasticweb")},
		&coordinationv1.Lease{ObjectMeta: inNamespace(leaderLease)},
	} {
		Expect(admin.Delete(ctx, object)).To(Succeed(), "%T", object)
	}
	left := func(ctx SpecContext) []string { return takeInventory(ctx).Without(i.before) }
	// OLM makes its record of the operator anew while there is something to record.
	record := &operatorsv1.Operator{ObjectMeta: metav1.ObjectMeta{Name: released.packageName + "." + i.namespace}}
	Eventually(ctx, left).Should(ConsistOf("operators /" + record.Name))
	Expect(admin.Delete(ctx, record)).To(Succeed())
	Eventually(ctx, left).Should(BeEmpty())
}

func takeInventory(ctx SpecContext) inventory.Inventory {
	GinkgoHelper()
	taken, err := inventory.Take(ctx, controlPlane.RESTConfig())
	Expect(err).NotTo(HaveOccurred())
	return taken
}
