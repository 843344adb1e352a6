// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package benchmark_test runs ElasticWebBenchmarks with the operator's rights on a local control plane: the chart is
// installed, upgraded and removed by the real reconcilers; the pods, and what their load generators find, are simulated.
package benchmark_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// Where the operator is, and whom it runs as.
const (
	operatorNamespace = "elasticweb-system"
	operatorAccount   = "elasticweb-controller-manager"
	root              = "../.."
)

// The control plane that all specs share, and a client with all rights.
var (
	controlPlane *cluster.Cluster
	k8s          client.Client
)

func TestBenchmark(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "Benchmark")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	SetDefaultEventuallyTimeout(60 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	EnforceDefaultTimeoutsWhenUsingContexts()
	var err error
	controlPlane, err = cluster.Start(ctx, cluster.Options{
		NodePortRange: "10000-60000",
		Progress:      GinkgoWriter,
		Nodes:         []cluster.NodePool{{Arch: "amd64", Count: 2}, {Arch: "arm64", Count: 2}},
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(controlPlane.Stop)
	k8s, err = client.New(controlPlane.RESTConfig(), client.Options{Scheme: newScheme()})
	Expect(err).NotTo(HaveOccurred())
	install(ctx)
	// The watches file names the chart by a path from the repository's root.
	Expect(os.Chdir(root)).To(Succeed())
}, NodeTimeout(20*time.Minute))

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(elasticwebv1.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	Expect(way.AddToScheme(scheme)).To(Succeed())
	return scheme
}

// install gives the operator's account the rights of config/rbac, and no others.
func install(ctx context.Context) {
	GinkgoHelper()
	Expect(k8s.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}})).To(Succeed())
	Expect(k8s.Create(ctx, &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: operatorAccount},
	})).To(Succeed())
	for _, path := range []string{
		"config/crd/bases/elasticweb.example.com_elasticwebs.yaml",
		"config/crd/bases/elasticweb.example.com_elasticwebbenchmarks.yaml",
		"config/rbac/role.yaml",
	} {
		applyManifests(ctx, root+"/"+path)
	}
	account := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: operatorNamespace, Name: operatorAccount}}
	for _, role := range []string{"manager-role", "benchmark-role"} {
		Expect(k8s.Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: role},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   account,
		})).To(Succeed())
	}
	Eventually(func() error {
		return errors.Join(k8s.List(ctx, &elasticwebv1.ElasticWebList{}), k8s.List(ctx, &v1alpha1.ElasticWebBenchmarkList{}))
	}).WithContext(ctx).Should(Succeed())
}

func applyManifests(ctx context.Context, path string) {
	GinkgoHelper()
	objects, err := manifests.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	for _, object := range objects {
		Expect(k8s.Create(ctx, object)).To(Succeed(), path)
	}
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
