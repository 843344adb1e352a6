// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/status"
)

// Whoever asks whether a refusal is a new one, and how often it was tried, is told so of a node port, too.
func TestRefusedNodePortKeepsWhatIsKnownOfTheRefusal(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{Spec: elasticwebv1.ElasticWebSpec{Port: new(int32(30080))}}
	invalid := apierrors.NewInvalid(schema.GroupKind{Kind: kindService}, "shop", field.ErrorList{
		field.Invalid(field.NewPath("spec", "ports").Index(0).Child("nodePort"), 30080, "provided port is already allocated"),
	})
	before := &apply.RefusedError{Kind: kindService, Name: "shop", RetryAfter: time.Minute, Tries: 5, Waiting: true, Err: invalid}
	refused, isRefused := errors.AsType[*apply.RefusedError]((&Reconciler{}).awaitNodePort(web, before))
	if !isRefused {
		t.Fatal("it is no refusal any more")
	}
	if _, isTaken := errors.AsType[*status.NodePortTakenError](refused.Err); !isTaken {
		t.Fatalf("it is %v", refused.Err)
	}
	want := *before
	want.Err = refused.Err
	if *refused != want {
		t.Errorf("%+v, want %+v", *refused, want)
	}
}
