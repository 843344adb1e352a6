// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package binaries builds the programs of the local control plane from their
// Go modules and keeps them in the user's cache folder.
//
// The modules below tools/ pin the versions, and their go.sum files the
// contents. A binary in the folder that KUBEBUILDER_ASSETS names is used
// instead of one that is built.
package binaries
