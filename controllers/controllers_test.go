// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

// Each event of a node has all of them counted: at a start that would be the square of their number.
func TestNodesThatWereThereAreNotCountedOneByOne(t *testing.T) {
	for isThere, want := range map[bool]bool{true: false, false: true} {
		if NodeDiffers().Create(event.CreateEvent{Object: &corev1.Node{}, IsInInitialList: isThere}) != want {
			t.Errorf("at the start: %t, want %t", isThere, want)
		}
	}
}
