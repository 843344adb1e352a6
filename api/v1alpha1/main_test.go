// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/test/apiserver"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

const crdPath = "../../config/crd/bases/elasticweb.example.com_elasticwebbenchmarks.yaml"

// k8s is the API server of all tests, which has the CRD. Nil with -short.
var k8s *apiserver.Server

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	os.Exit(testmain.Run(m, &k8s, func(ctx context.Context) (*apiserver.Server, error) {
		return apiserver.Start(ctx, crdPath, scheme, &v1alpha1.ElasticWebBenchmarkList{})
	}))
}
