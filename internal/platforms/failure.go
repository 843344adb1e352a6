// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

var (
	errNoRegistry        = errors.New("it does not answer as a container registry")
	errUnusableChallenge = errors.New("it asks for an authentication that cannot be used")
	errTooManyRedirects  = errors.New("it redirects too often")
)

// failure turns any error of a look-up into one that can be shown.
func failure(err error, registry string) *Error {
	if content, ok := errors.AsType[contentError](err); ok {
		return &Error{Reason: ReasonInvalidImage, Message: "the image cannot be used: " + content.Error()}
	}
	if status, ok := errors.AsType[*statusError](err); ok {
		return statusFailure(status.code, status.retryAfter, registry)
	}
	// The first token did not suffice, and there is no better one.
	if _, ok := errors.AsType[*transport.Error](err); ok {
		return statusFailure(http.StatusUnauthorized, 0, registry)
	}
	if errors.Is(err, errUnusableChallenge) {
		return &Error{
			Reason:  ReasonRegistryUnauthorized,
			Message: fmt.Sprintf("the registry %s cannot be logged in to: %v", registry, errUnusableChallenge),
		}
	}
	problem := networkProblem(err)
	return &Error{
		Reason:    ReasonRegistryUnreachable,
		Message:   fmt.Sprintf("the registry %s cannot be used: %s", registry, problem),
		Transient: problem == noAnswer,
	}
}

func statusFailure(code int, retryAfter time.Duration, registry string) *Error {
	switch code {
	case http.StatusNotFound, http.StatusGone:
		return &Error{
			Reason:  ReasonImageNotFound,
			Message: fmt.Sprintf("the registry %s does not hold the image: check its name and tag", registry),
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &Error{
			Reason:  ReasonRegistryUnauthorized,
			Message: fmt.Sprintf("the registry %s refuses access: check the name of the image and its pull secrets", registry),
		}
	}
	return &Error{
		Reason:     ReasonRegistryUnreachable,
		Message:    fmt.Sprintf("the registry %s answers %d %s", registry, code, http.StatusText(code)),
		RetryAfter: retryAfter,
		Transient:  true,
	}
}

// noAnswer is all that is said of a connection that was refused, broke off or
// led to no answer in time: told apart, they would show anybody who may name
// an image which ports of the cluster's network are open.
const noAnswer = "it does not answer"

// networkProblem describes an error in words that do not change from one
// attempt to the next: the errors of the standard library hold port numbers and
// times of day. All but noAnswer is for somebody to mend.
func networkProblem(err error) string {
	for _, known := range []error{errForbiddenAddress, errNoRegistry, errTooManyRedirects} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if problem := certificateProblem(err); problem != "" {
		return problem
	}
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it speaks plain HTTP where HTTPS is wanted: list it as a plain-HTTP registry"
	case isDNS && dns.IsNotFound:
		return "its name does not resolve"
	case isUnanswered(err):
		return noAnswer
	case errors.Is(err, errPlainHTTP):
		return errPlainHTTP.Error()
	}
	return noAnswer
}

// isUnanswered finds what did not answer beside what was not asked: where HTTPS
// fails, HTTP is tried in vain.
func isUnanswered(err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

func certificateProblem(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "its certificate is signed by an unknown authority: add that to the CA bundle"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its certificate is for another host"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not valid"
	}
	return ""
}

// isNetworkError tells a token service that cannot be reached from one that
// answers nonsense.
func isNetworkError(err error) bool {
	if _, ok := errors.AsType[*statusError](err); ok {
		return true
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}
