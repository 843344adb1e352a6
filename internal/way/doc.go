// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package way knows the ways in from outside the cluster: HTTPRoutes of the Gateway API, Routes of OpenShift, and Ingresses. It has the
// fields of the first two that the operator writes and reads, in the place of the modules that have them all, and tells what gateways,
// routers and ingress controllers say of a way in. It does no I/O and reads no clock.
//
// What others wrote into these objects is bounded before it is parsed, and nothing in it keeps an object from being decoded: one that
// cannot be would keep all others from being watched.
package way
