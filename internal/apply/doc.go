// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apply writes objects with server-side apply, and only when that changes something.
//
// An Intent is compared with the object in the informer's cache, field by field, so that what others own in
// it neither causes a write nor is touched by one. A hash of the intent, kept as an annotation of the
// object, tells when a field was dropped from the intent. Objects that the Applier wrote are remembered
// until the cache has caught up, so that a cache that lags causes no second write.
//
// Every write carries the resource version that it was decided on, and a creation one that no object can
// have: nothing is overwritten that was not looked at, least of all an object of somebody else's.
package apply
