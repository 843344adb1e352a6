// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
)

// Whatever code a policy or webhook answers with, its denial is a refusal: a conflict would be tried again at once, and what is not
// found would count as done.
func TestErrorsAreSorted(t *testing.T) {
	resource := schema.GroupResource{Group: "apps", Resource: "deployments"}
	answer := func(code int, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: int32(code), Message: message}}
	}
	const refused, passing, changed = "refused", "passing", "changed"
	tests := map[string]struct {
		err  error
		want string
	}{
		"forbidden":        {apierrors.NewForbidden(resource, "shop", errors.New("no")), refused},
		"invalid":          {apierrors.NewInvalid(schema.GroupKind{Kind: "Deployment"}, "shop", nil), refused},
		"too large":        {apierrors.NewRequestEntityTooLargeError("limit is 3145728"), refused},
		"bad request":      {apierrors.NewBadRequest("no"), refused},
		"no namespace":     {apierrors.NewNotFound(resource, "shop"), refused},
		"foreign":          {&NotOwnedError{Kind: "Deployment", Name: "shop"}, refused},
		"webhook is down":  {apierrors.NewInternalError(errors.New(`failed calling webhook "w"`)), refused},
		"conflict":         {apierrors.NewConflict(resource, "shop", errors.New("modified")), changed},
		"already there":    {apierrors.NewAlreadyExists(resource, "shop"), changed},
		"unauthorized":     {apierrors.NewUnauthorized("token expired"), passing},
		"too many":         {apierrors.NewTooManyRequests("slow down", 1), passing},
		"timeout":          {apierrors.NewTimeoutError("etcd", 1), passing},
		"internal":         {apierrors.NewInternalError(errors.New("etcd")), passing},
		"unavailable":      {apierrors.NewServiceUnavailable("starting"), passing},
		"an unknown field": {answer(http.StatusInternalServerError, `failed to create typed patch object (dev/shop; apps/v1, Kind=Deployment): .spec.x: field not declared in schema`), refused},
		"two of one key":   {answer(http.StatusInternalServerError, `failed to create typed patch object (dev/shop; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="a"].env: duplicate entries for key [name="A"]`), refused},
		"not of its type":  {answer(http.StatusInternalServerError, `failed to create typed patch object (dev/shop; apps/v1, Kind=Deployment): .spec.template: expected map, got &{[]}`), refused},
		"no answer":        {context.DeadlineExceeded, passing},
		"connection":       {errors.New("connection refused"), passing},
	}
	for code := http.StatusBadRequest; code < 600; code++ {
		tests[fmt.Sprintf("webhook with %d", code)] = struct {
			err  error
			want string
		}{answer(code, `admission webhook "w" denied the request: no`), refused}
		tests[fmt.Sprintf("policy with %d", code)] = struct {
			err  error
			want string
		}{answer(code, `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`), refused}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			applier := New(nil, nil, "test", nil, clocktesting.NewFakePassiveClock(time.Now()))
			err := applier.Try(Write{Kind: "Deployment", Namespace: "dev", Name: "shop", What: "it"}, func() error { return test.err })
			got := ""
			if refusal, isRefused := errors.AsType[*RefusedError](err); isRefused {
				if got = refused; refusal.Passing {
					got = passing
				}
			} else if _, hasChanged := errors.AsType[*ChangedError](err); hasChanged {
				got = changed
			}
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("%v is %q, want %q", err, got, test.want)
			}
		})
	}
}

// What may pass is tried again soon, and later like the rest; what is then refused begins anew.
func TestPassingFailuresBackOff(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Now())
	applier := New(nil, nil, "test", nil, clock)
	failure := apierrors.NewServiceUnavailable("starting")
	var err error = failure
	try := func() *RefusedError {
		refused, _ := errors.AsType[*RefusedError](applier.Try(Write{Kind: "Pod", Name: "shop"}, func() error { return err }))
		return refused
	}
	wait := firstPassingRetry
	for tries := range 12 {
		if refused := try(); refused.RetryAfter != min(wait, lastPassingRetry) || refused.Tries != tries+1 {
			t.Fatalf("%+v after %d tries, want a wait of %s", refused, tries, wait)
		}
		clock.SetTime(clock.Now().Add(min(wait, lastPassingRetry)))
		wait *= 2
	}
	err = apierrors.NewBadRequest("no")
	if refused := try(); refused.RetryAfter != firstRetry || refused.Tries != 1 {
		t.Errorf("refused after it failed: %+v", refused)
	}
	clock.SetTime(clock.Now().Add(firstRetry))
	if err = nil; try() != nil {
		t.Error("an error though it was written")
	}
	err = failure
	if refused := try(); refused.RetryAfter != firstPassingRetry || refused.Tries != 1 {
		t.Errorf("failed after it was written: %+v", refused)
	}
}

// Who owns what is in the way is remembered for as long as it is, in words of any length of somebody else's.
func TestTheOwnerOfWhatIsInTheWayIsBounded(t *testing.T) {
	object := &appsv1.Deployment{}
	if owner := OwnerOf(object); owner != "" {
		t.Errorf("what has no owner has %q", owner)
	}
	object.OwnerReferences = []metav1.OwnerReference{{Kind: "Shop", Name: "a", Controller: ptr.To(true)}}
	if owner := OwnerOf(object); owner != "Shop a" {
		t.Errorf("its owner is %q", owner)
	}
	long := strings.Repeat("x", 1<<20)
	object.OwnerReferences = []metav1.OwnerReference{{Kind: long, Name: long, Controller: ptr.To(true)}}
	if owner := OwnerOf(object); len(owner) > 512 {
		t.Errorf("%d bytes are kept", len(owner))
	}
}

// Where one write is refused, another one of the same object is made in its place: neither takes the other's wait away.
func TestWhatTwoManagersWriteIsRefusedForItself(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Now())
	applier := New(nil, nil, "test", NewWritten(clock), clock)
	try := func(what, manager string, err error) *RefusedError {
		refused, _ := errors.AsType[*RefusedError](applier.Try(Write{Kind: "Deployment", Name: "shop", What: what, Manager: manager}, func() error { return err }))
		return refused
	}
	denial := apierrors.NewBadRequest("no")
	for tries, wait := range []time.Duration{firstRetry, 2 * firstRetry, 4 * firstRetry} {
		whole := try("all of it", "", denial)
		part := try("a part", "other", denial)
		for _, refused := range []*RefusedError{whole, part} {
			if refused.Tries != tries+1 || refused.RetryAfter != wait {
				t.Fatalf("%+v, want a wait of %s", refused, wait)
			}
		}
		clock.SetTime(clock.Now().Add(wait))
	}
	if try("a part", "other", nil) != nil || try("all of it", "", denial).Tries != 4 {
		t.Error("what one of them wrote ended the wait of the other")
	}
	applier.Forget("Deployment", types.NamespacedName{Name: "shop"})
	if refused := try("all of it", "", denial); refused.Tries != 1 {
		t.Errorf("forgotten, it is %+v", refused)
	}
}
