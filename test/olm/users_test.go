// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// expectUsersMayUse holds that who may edit a namespace may make ElasticWebs
// there, and who may view it may read them. The bundle has no roles for that,
// since OLM makes them, and takes them away again.
func (i *installation) expectUsersMayUse(ctx SpecContext) {
	GinkgoHelper()
	namespace := i.applications()[0]
	for role, verbs := range map[string]map[string]bool{
		"edit": {"create": true, "patch": true, "delete": true},
		"view": {"get": true, "watch": true, "create": false},
	} {
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "user-who-may-" + role}},
		}
		Expect(admin.Create(ctx, binding)).To(Succeed())
		for _, owned := range released.current.Spec.CustomResourceDefinitions.Owned {
			for verb, want := range verbs {
				Eventually(ctx, func(g Gomega, ctx SpecContext) {
					g.Expect(mayUse(ctx, g, binding, owned.Name, verb)).To(Equal(want), "%s %s by who may %s", verb, owned.Name, role)
				}).Should(Succeed())
			}
		}
		Expect(admin.Delete(ctx, binding)).To(Succeed())
	}
}

func mayUse(ctx SpecContext, g Gomega, binding *rbacv1.RoleBinding, crd, verb string) bool {
	resource, group, _ := strings.Cut(crd, ".")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: binding.Subjects[0].Name,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: binding.Namespace, Verb: verb, Group: group, Resource: resource,
		},
	}}
	g.Expect(admin.Create(ctx, review)).To(Succeed())
	return review.Status.Allowed
}
