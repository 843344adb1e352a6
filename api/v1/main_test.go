// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"context"
	"flag"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/apiserver"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

const crdPath = "../../config/crd/bases/elasticweb.example.com_elasticwebs.yaml"

// k8s is the API server of all tests, which has the CRD. Nil with -short.
var k8s *apiserver.Server

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(elasticwebv1.AddToScheme(scheme))
	os.Exit(testmain.Run(m, &k8s, func(ctx context.Context) (*apiserver.Server, error) {
		return apiserver.Start(ctx, crdPath, scheme, &elasticwebv1.ElasticWebList{})
	}))
}

func needsAPIServer(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs an API server")
	}
}

// newNamespace makes a namespace for one test.
func newNamespace(t *testing.T) string {
	t.Helper()
	needsAPIServer(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := k8s.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}
