// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package benchmark decides about ElasticWebBenchmarks: when a run begins and what it measures, what its pods say, and
// what the status reports. It does no I/O and knows no clock.
package benchmark
