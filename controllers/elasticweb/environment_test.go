// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// operatorNamespace and operatorAccount are whom the operator runs as in the specs: it has the rights that
// config/rbac/role.yaml gives, and no others.
const (
	operatorNamespace = "elasticweb-system"
	operatorAccount   = "elasticweb-controller-manager"
)

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(elasticwebv1.AddToScheme(scheme)).To(Succeed())
	Expect(way.AddToScheme(scheme)).To(Succeed())
	return scheme
}

func applyManifests(ctx context.Context, paths ...string) {
	GinkgoHelper()
	for _, path := range paths {
		objects, err := manifests.ReadFile(path)
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			// Roles of the operator's own namespace are for ElasticWebBenchmarks, of which this suite has none.
			if object.GetKind() != "Role" {
				Expect(k8s.Create(ctx, object)).To(Succeed(), path)
			}
		}
	}
}

func awaitEstablished(ctx context.Context) {
	GinkgoHelper()
	Eventually(func() error {
		return k8s.List(ctx, &elasticwebv1.ElasticWebList{})
	}).WithContext(ctx).Should(Succeed())
}

func bindRole(ctx context.Context) {
	GinkgoHelper()
	Expect(k8s.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}})).To(Succeed())
	Expect(k8s.Create(ctx, &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: operatorAccount},
	})).To(Succeed())
	Expect(k8s.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "elasticweb-manager"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "manager-role"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: operatorNamespace, Name: operatorAccount}},
	})).To(Succeed())
}

// newNamespace makes a namespace for one spec, and removes it after it.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	Expect(k8s.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, namespace))).To(Succeed())
	})
	return namespace.Name
}
