// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e runs the product as its users do: from images, on a cluster of
// true nodes, with traffic.
package e2e
