// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"errors"
	"reflect"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
)

func TestNodePortsKnowWhoHasThemAndWhoWaits(t *testing.T) {
	name := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "dev", Name: name} }
	a, b, other := portHolder{name("a"), true}, portHolder{name("b"), true}, portHolder{name("other"), false}
	ports := &nodePorts{}
	expectHolder := func(port int32, want string) {
		t.Helper()
		if got := ports.await(name("c"), port); got != want {
			t.Errorf("port %d is held by %q, want %q", port, got, want)
		}
	}
	expectWoken := func(holder portHolder, before, after []int32, want ...types.NamespacedName) {
		t.Helper()
		if got := ports.moved(holder, before, after); !reflect.DeepEqual(got, want) {
			t.Errorf("woken are %v, want %v", got, want)
		}
	}
	expectHolder(1, "")
	expectWoken(a, nil, []int32{1, 2})
	expectWoken(other, nil, []int32{3})
	expectHolder(3, "Service dev/other")
	expectHolder(2, "ElasticWeb dev/a")
	expectWoken(a, []int32{1, 2}, []int32{1, 2})
	expectWoken(a, []int32{1, 2}, []int32{2}) // c waits for 2, not for 1.
	expectHolder(1, "")
	expectHolder(2, "ElasticWeb dev/a")
	expectWoken(b, nil, []int32{2}) // seen before a's event: they may be of two watches.
	expectWoken(a, []int32{2}, nil, name("c"))
	expectHolder(2, "ElasticWeb dev/b")
	ports.stopWaiting(name("c"))
	expectWoken(b, []int32{2}, nil)
	if len(ports.holders) != 1 || len(ports.waiting) != 0 {
		t.Errorf("%v and %v are kept", ports.holders, ports.waiting)
	}
}

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
	if _, isTaken := errors.AsType[*nodePortTakenError](refused.Err); !isTaken {
		t.Fatalf("it is %v", refused.Err)
	}
	want := *before
	want.Err = refused.Err
	if *refused != want {
		t.Errorf("%+v, want %+v", *refused, want)
	}
}
