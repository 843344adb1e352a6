// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package consumer uses the API as a program of somebody else's does.
package consumer

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	applyv1 "github.com/elasticweb/elasticweb-operator/api/v1/applyconfiguration/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

func TestTypesAndApplyConfigurationsAgree(t *testing.T) {
	text, err := json.Marshal(applyv1.ElasticWeb("shop", "dev").WithSpec(applyv1.ElasticWebSpec().WithImage("nginx:1.27").WithTotalQPS(2400)))
	if err != nil {
		t.Fatal(err)
	}
	web := &elasticwebv1.ElasticWeb{}
	if err := json.Unmarshal(text, web); err != nil {
		t.Fatal(err)
	}
	if web.Name != "shop" || web.GroupVersionKind() != elasticwebv1.GroupVersion.WithKind("ElasticWeb") || *web.Spec.TotalQPS != 2400 {
		t.Errorf("%+v", web)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{elasticwebv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Error(err)
		}
	}
}

// The types bring nothing along but Kubernetes' own, and no client.
func TestTheTypesAreLight(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}",
		"github.com/elasticweb/elasticweb-operator/api/v1", "github.com/elasticweb/elasticweb-operator/api/v1alpha1").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		for _, heavy := range []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime", "helm.sh/", "github.com/operator-framework/", "github.com/prometheus/"} {
			if strings.HasPrefix(path, heavy) {
				t.Errorf("the types import %s", path)
			}
		}
	}
}
