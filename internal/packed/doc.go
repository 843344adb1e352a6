// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package packed keeps objects in informers' caches as the bytes that they travel in: a Deployment of a few
// kilobytes of structs, strings and maps is some hundred bytes so, and one allocation for the garbage collector
// to look at. It knows no kind.
//
// The transform of a cache packs. To read from the cache needs nothing: controller-runtime copies what it returns,
// and the copy of a packed object is the whole one. Reading without a copy (client.UnsafeDisableDeepCopy) is an
// error. What handles events is given the packed object, which has its metadata; see Whole for the rest.
package packed
