// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NotOwnedError says that an object of the intent's name exists which has another owner, or none. It was
// not touched.
type NotOwnedError struct {
	Kind, Name string
	// Controller is the owner that the object has; nil where it has none.
	Controller *metav1.OwnerReference
}

// Error implements error.
func (e *NotOwnedError) Error() string {
	if e.Controller == nil {
		return fmt.Sprintf("%s %s exists and has no owner", e.Kind, e.Name)
	}
	return fmt.Sprintf("%s %s exists and belongs to %s %s", e.Kind, e.Name, e.Controller.Kind, e.Controller.Name)
}

// RefusedError says that the API server refused an intent, and would refuse it again: trying waits.
type RefusedError struct {
	Kind, Name string
	// RetryAfter is how long until the intent is tried again.
	RetryAfter time.Duration
	Err        error
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
	Err        error
}

// Error implements error.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s %s changed in the meantime: %v", e.Kind, e.Name, e.Err)
}

// Unwrap gives the API server's error.
func (e *ChangedError) Unwrap() error { return e.Err }

// isUnknownField knows the words of structured-merge-diff, with which the API server answers a server-side apply that has
// a field that it does not know: as an internal error, which it is not.
func isUnknownField(err error) bool {
	return strings.Contains(err.Error(), "field not declared in schema")
}

// isWebhookFailure knows an admission webhook that does not answer. The API server calls it an internal error, which it is
// until somebody mends the webhook.
func isWebhookFailure(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook")
}
