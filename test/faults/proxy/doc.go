// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package proxy stands between an operator and the API server. It sees every request, and injects the faults
// of networks, API servers and processes: requests and answers that are lost or refused, watches that lag,
// break or freeze, lists that are old, writes that arrive late, partitions, and the end of the operator
// between two of its writes.
package proxy
