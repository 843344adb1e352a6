// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package page serves the live page of kubectl elasticweb dashboard: on loopback, to whoever has its address, and to be looked at only. It
// knows no client of a cluster: Board is told what changes, and Cluster is asked for more about what somebody looks at.
package page
