// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rivals

import (
	"bytes"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// ReplicasManager names the field manager, other than the operator's own, that set spec.replicas last.
func ReplicasManager(entries []metav1.ManagedFieldsEntry, own string) string {
	who, replicas := "somebody", fieldpath.MakePathOrDie("spec", "replicas")
	var last *metav1.Time
	for _, entry := range entries {
		if entry.Manager == own || entry.FieldsV1 == nil {
			continue
		}
		fields := fieldpath.Set{}
		if fields.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())) != nil || !fields.Has(replicas) {
			continue
		}
		if last == nil || entry.Time != nil && last.Before(entry.Time) {
			who, last = entry.Manager, entry.Time
		}
	}
	return who
}
