// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import "time"

// Reason says why a look-up failed, in the words of a condition's reason.
type Reason string

const (
	// ReasonImageNotFound: the registry answers, and does not hold the image.
	ReasonImageNotFound Reason = "ImageNotFound"
	// ReasonRegistryUnauthorized: the registry refuses the credentials, or
	// wants some. Many registries say so too where there is no such image.
	ReasonRegistryUnauthorized Reason = "RegistryUnauthorized"
	// ReasonRegistryUnreachable: no answer, too slow an answer, a server error,
	// too many requests, or an address that is not asked.
	ReasonRegistryUnreachable Reason = "RegistryUnreachable"
	// ReasonInvalidImage: the reference cannot be parsed, or what the registry
	// holds is not an image that a Linux pod could run.
	ReasonInvalidImage Reason = "InvalidImage"
)

// Error is a look-up that failed. Its text is made of our own words, the names
// that the user gave and HTTP status codes; nothing that a registry or a
// resolver said is passed on. So it holds no secret, even if a registry
// repeats one, and it stays the same from one attempt to the next.
type Error struct {
	Reason Reason
	// Message is a sentence for a user, without the image's name.
	Message string
	// RetryAfter is how long the registry asked to be left alone. It is zero
	// when it did not ask, and at most an hour.
	RetryAfter time.Duration
	// Transient says that the next try, a second later, may well succeed.
	Transient bool
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }
