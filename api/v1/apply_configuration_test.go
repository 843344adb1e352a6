// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	applyv1 "github.com/elasticweb/elasticweb-operator/api/v1/applyconfiguration/api/v1"
)

// A program owns the fields that it sets, and what another one set stays.
func TestApplyConfigurations(t *testing.T) {
	namespace := newNamespace(t)
	web := applyv1.ElasticWeb("shop", namespace).WithSpec(applyv1.ElasticWebSpec().
		WithImage("nginx:1.17.1").WithPort(30007).WithSinglePodsQPS(800).WithTotalQPS(2400).
		WithArchitectures(applyv1.ArchitectureSpec().WithName("arm64").WithSinglePodsQPS(1000)))
	if err := k8s.Apply(t.Context(), web, client.FieldOwner("first")); err != nil {
		t.Fatal(err)
	}
	headroom := applyv1.ElasticWeb("shop", namespace).WithSpec(applyv1.ElasticWebSpec().WithHeadroomPercent(20))
	if err := k8s.Apply(t.Context(), headroom, client.FieldOwner("second")); err != nil {
		t.Fatal(err)
	}
	got := &elasticwebv1.ElasticWeb{}
	if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "shop"}, got); err != nil {
		t.Fatal(err)
	}
	if *got.Spec.TotalQPS != 2400 || *got.Spec.HeadroomPercent != 20 || *got.Spec.Architectures[0].SinglePodsQPS != 1000 {
		t.Errorf("%+v", got.Spec)
	}
	mine, err := applyv1.ExtractElasticWeb(got, "second")
	if err != nil || mine.Spec.TotalQPS != nil || *mine.Spec.HeadroomPercent != 20 {
		t.Errorf("the second one owns %+v, %v", mine, err)
	}
}
