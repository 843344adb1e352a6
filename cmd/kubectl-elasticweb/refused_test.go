// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// TestWhoMayChooseAHost: what OpenShift keeps from the user says nothing of what the operator may; a host that is none does.
func TestWhoMayChooseAHost(t *testing.T) {
	host := field.NewPath("spec", "host")
	for want, why := range map[bool]*field.Error{
		true:  field.Forbidden(host, "you do not have permission to set the host field of the route"),
		false: field.Invalid(host, "a b", "host must conform to DNS 952 subdomain conventions"),
	} {
		err := apierrors.NewInvalid(schema.GroupKind{Group: "route.openshift.io", Kind: "Route"}, "shop", field.ErrorList{why})
		if got := isHostDenied(err); got != want {
			t.Errorf("%v: %t", err, got)
		}
	}
}
