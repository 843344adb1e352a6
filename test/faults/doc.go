// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package faults holds the tests that put the operator through faults, and compare what it leaves behind
// with what an undisturbed run leaves. docs/reliability.md tells what they do and what they found.
package faults
