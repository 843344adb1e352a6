// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// NotOwnedError says that an object of the intent's name exists which has another owner, or none. It was
// not touched.
type NotOwnedError struct {
	Kind, Name string
	// Owner is the kind and the name of who controls the object, bounded, since the API server does not bound them; "" where nobody does.
	Owner string
	// Ending is true where the object is being deleted: it need only be waited for.
	Ending bool
	// Marked is the version of an object that bears the hash of an intent: it may have been left behind. "" for others.
	Marked string
}

// Error implements error.
func (e *NotOwnedError) Error() string {
	if e.Owner == "" {
		return fmt.Sprintf("%s %s exists and has no owner", e.Kind, e.Name)
	}
	return fmt.Sprintf("%s %s exists and belongs to %s", e.Kind, e.Name, e.Owner)
}

// OwnerOf is that of a NotOwnedError.
func OwnerOf(object metav1.Object) string {
	controller := metav1.GetControllerOfNoCopy(object)
	if controller == nil {
		return ""
	}
	return quote.Value(controller.Kind) + " " + quote.Value(controller.Name)
}

// RefusedError says that a write failed, and is tried again only after a while.
type RefusedError struct {
	Kind, Name string
	// RetryAfter is how long until the same is tried again.
	RetryAfter time.Duration
	// Passing is true where the API server did not refuse it, but could not do it: that may pass by itself.
	Passing bool
	// Tries is how often it has failed.
	Tries int
	// Waiting is true where it was not tried this time.
	Waiting bool
	Err     error
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s %s: %v", e.Kind, e.Name, e.Err)
}

// Unwrap gives the API server's error.
func (e *RefusedError) Unwrap() error { return e.Err }

// ChangedError says that the object changed since it was looked at, or that the cache does not show it yet.
// Nothing was written: look again.
type ChangedError struct {
	Kind, Name string
	// IsGone is true where the API server has no such object, and nothing but the event that says so brings anything new.
	IsGone bool
	Err    error
}

// Error implements error.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s %s changed in the meantime: %v", e.Kind, e.Name, e.Err)
}

// Unwrap gives the API server's error.
func (e *ChangedError) Unwrap() error { return e.Err }

// ForeignFieldsError says that the API server finds an object invalid, perhaps because of what others set in it.
type ForeignFieldsError struct {
	// Fields are those of others, each with who set it.
	Fields []string
	Err    error
}

// Error implements error.
func (e *ForeignFieldsError) Error() string {
	return fmt.Sprintf("%v; others set %s", e.Err, strings.Join(e.Fields, ", "))
}

// Unwrap gives the API server's error.
func (e *ForeignFieldsError) Unwrap() error { return e.Err }

// IsRefusal reports whether the API server would refuse the same again: trying waits.
func IsRefusal(err error) bool {
	if isDenial(err) || isWebhookFailure(err) || doesNotFit(err) {
		return true
	}
	if _, isForeign := errors.AsType[*NotOwnedError](err); isForeign {
		return true
	}
	status, isStatus := errors.AsType[*apierrors.StatusError](err)
	if !isStatus {
		return false
	}
	passing := []int32{http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests}
	code := status.ErrStatus.Code
	return code >= http.StatusBadRequest && code < http.StatusInternalServerError && !slices.Contains(passing, code)
}

// isDenial knows the words of admission webhooks and policies. They choose the code of their answer freely: one that is a conflict
// by its code would be tried again at once, and one that is not found would be taken for done.
func isDenial(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "denied the request") || strings.Contains(err.Error(), "denied request:"))
}

// IsConflict reports whether the object is not as it was looked at. A denial with that code does not say so.
func IsConflict(err error) bool {
	return (apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)) && !isDenial(err)
}

// IsGone reports whether there is no such object. A denial with that code does not say so.
func IsGone(err error) bool { return apierrors.IsNotFound(err) && !isDenial(err) }

// doesNotFit knows the words of structured-merge-diff, with which the API server answers a server-side apply that has a field that it
// does not know, or two items of a list with one key: as an internal error, which it is not.
func doesNotFit(err error) bool {
	text := err.Error()
	return strings.Contains(text, "field not declared in schema") || strings.Contains(text, "duplicate entries for key") ||
		strings.Contains(text, "failed to create typed patch object")
}

// isWebhookFailure knows an admission webhook that does not answer. The API server calls it an internal error, which it is
// until somebody mends the webhook.
func isWebhookFailure(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook")
}
