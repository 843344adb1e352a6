// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rivals counts how often others change what the operator sets, and says when that is theirs. It does no I/O, and reads no
// clock.
package rivals
