// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package packed

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// immutable refuses to change metadata. Nothing may change an object of a cache, packed or not; here it is found out.
type immutable struct{}

func refuse() { panic("an object of a cache was changed: change a copy") }

// SetNamespace implements metav1.Object.
func (immutable) SetNamespace(string) { refuse() }

// SetName implements metav1.Object.
func (immutable) SetName(string) { refuse() }

// SetGenerateName implements metav1.Object.
func (immutable) SetGenerateName(string) { refuse() }

// SetUID implements metav1.Object.
func (immutable) SetUID(types.UID) { refuse() }

// SetResourceVersion implements metav1.Object.
func (immutable) SetResourceVersion(string) { refuse() }

// SetGeneration implements metav1.Object.
func (immutable) SetGeneration(int64) { refuse() }

// SetSelfLink implements metav1.Object.
func (immutable) SetSelfLink(string) { refuse() }

// SetCreationTimestamp implements metav1.Object.
func (immutable) SetCreationTimestamp(metav1.Time) { refuse() }

// SetDeletionTimestamp implements metav1.Object.
func (immutable) SetDeletionTimestamp(*metav1.Time) { refuse() }

// SetDeletionGracePeriodSeconds implements metav1.Object.
func (immutable) SetDeletionGracePeriodSeconds(*int64) { refuse() }

// SetLabels implements metav1.Object.
func (immutable) SetLabels(map[string]string) { refuse() }

// SetAnnotations implements metav1.Object.
func (immutable) SetAnnotations(map[string]string) { refuse() }

// SetFinalizers implements metav1.Object.
func (immutable) SetFinalizers([]string) { refuse() }

// SetOwnerReferences implements metav1.Object.
func (immutable) SetOwnerReferences([]metav1.OwnerReference) { refuse() }

// SetManagedFields implements metav1.Object.
func (immutable) SetManagedFields([]metav1.ManagedFieldsEntry) { refuse() }
