// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"cmp"
	"encoding/json"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rights are policy rules in a canonical form, by the namespace in which they
// hold; "" stands for the whole cluster.
type rights map[string][]string

func (r rights) add(namespace string, rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	for _, rule := range rules {
		for _, list := range [][]string{rule.APIGroups, rule.Resources, rule.ResourceNames, rule.Verbs, rule.NonResourceURLs} {
			slices.Sort(list)
		}
		encoded, err := json.Marshal(rule)
		Expect(err).NotTo(HaveOccurred())
		r[namespace] = append(r[namespace], string(encoded))
	}
	slices.Sort(r[namespace])
	r[namespace] = slices.Compact(r[namespace])
}

// expectDeclaredRights compares what the service account may do, by all roles
// that are bound to it, with what the CSV declares. Nothing is wider.
func (i *installation) expectDeclaredRights(ctx SpecContext, csv *operatorsv1alpha1.ClusterServiceVersion) {
	GinkgoHelper()
	declared := csv.DeepCopy().Spec.InstallStrategy.StrategySpec
	for _, permissions := range slices.Concat(declared.Permissions, declared.ClusterPermissions) {
		account := permissions.ServiceAccountName
		Eventually(ctx, func(g Gomega, ctx SpecContext) {
			g.Expect(i.granted(ctx, g, account)).To(Equal(i.declared(csv.Name, declared, account)))
		}).Should(Succeed())
	}
}

func (i *installation) declared(csv string, strategy operatorsv1alpha1.StrategyDetailsDeployment, account string) rights {
	GinkgoHelper()
	want := rights{}
	for _, permissions := range strategy.ClusterPermissions {
		if permissions.ServiceAccountName == account {
			want.add("", permissions.Rules...)
		}
	}
	for _, permissions := range strategy.Permissions {
		if permissions.ServiceAccountName != account {
			continue
		}
		for _, namespace := range append(slices.Clone(i.targets), i.namespace) {
			want.add(namespace, permissions.Rules...)
		}
		if len(i.targets) == 0 {
			want.add("", permissions.Rules...)
		}
	}
	// What OLM adds by itself: the operator's own condition, and to see namespaces where it watches all.
	want.add(i.namespace, rbacv1.PolicyRule{
		APIGroups: []string{"operators.coreos.com"}, Resources: []string{"operatorconditions"},
		ResourceNames: []string{csv}, Verbs: []string{"get", "update", "patch"},
	})
	if len(i.targets) == 0 && len(strategy.Permissions) > 0 {
		want.add("", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get", "list", "watch"}})
	}
	return want
}

// granted are the rights of a service account by the roles bound to it.
func (i *installation) granted(ctx SpecContext, g Gomega, account string) rights {
	got := rights{}
	bindings, clusterBindings := &rbacv1.RoleBindingList{}, &rbacv1.ClusterRoleBindingList{}
	g.Expect(admin.List(ctx, bindings)).To(Succeed())
	g.Expect(admin.List(ctx, clusterBindings)).To(Succeed())
	for _, binding := range bindings.Items {
		if i.binds(binding.Subjects, binding.Namespace, account) {
			got.add(binding.Namespace, rulesOf(ctx, g, binding.RoleRef, binding.Namespace)...)
		}
	}
	for _, binding := range clusterBindings.Items {
		if i.binds(binding.Subjects, "", account) {
			got.add("", rulesOf(ctx, g, binding.RoleRef, "")...)
		}
	}
	return got
}

// binds says whether a service account of the operator is among the subjects of
// a binding. Those without a namespace are in that of the binding.
func (i *installation) binds(subjects []rbacv1.Subject, namespace, account string) bool {
	return slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool {
		return s.Kind == rbacv1.ServiceAccountKind && cmp.Or(s.Namespace, namespace) == i.namespace && s.Name == account
	})
}

func rulesOf(ctx SpecContext, g Gomega, ref rbacv1.RoleRef, namespace string) []rbacv1.PolicyRule {
	if ref.Kind == "ClusterRole" {
		role := &rbacv1.ClusterRole{}
		g.Expect(admin.Get(ctx, client.ObjectKey{Name: ref.Name}, role)).To(Succeed())
		return role.Rules
	}
	role := &rbacv1.Role{}
	g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, role)).To(Succeed())
	return role.Rules
}
