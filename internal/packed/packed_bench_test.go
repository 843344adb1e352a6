// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package packed_test

import "testing"

// BenchmarkPack is what an event of an informer costs, BenchmarkUnpack what reading an object from the cache does.
func BenchmarkPack(b *testing.B) {
	for name, test := range objects() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := test.transform(test.whole); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUnpack(b *testing.B) {
	for name, test := range objects() {
		small, err := test.transform(test.whole)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if small.(object).DeepCopyObject() == nil {
					b.Fatal("nothing is unpacked")
				}
			}
		})
		b.Run(name+" copied", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if test.whole.DeepCopyObject() == nil {
					b.Fatal("nothing is copied")
				}
			}
		})
	}
}

// BenchmarkEvent is what the predicates and the handlers of an event ask the old and the new object for.
func BenchmarkEvent(b *testing.B) {
	for name, test := range objects() {
		b.Run(name, func(b *testing.B) {
			var ring [8]object
			for i := range ring {
				small, err := test.transform(test.whole.DeepCopyObject())
				if err != nil {
					b.Fatal(err)
				}
				ring[i] = small.(object)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i += 2 {
				before, after := ring[i%len(ring)], ring[(i+1)%len(ring)]
				if before.GetGeneration() != after.GetGeneration() || len(before.GetLabels()) != len(after.GetLabels()) ||
					len(before.GetAnnotations()) != len(after.GetAnnotations()) || len(before.GetOwnerReferences()) != len(after.GetOwnerReferences()) {
					b.Fatal("they differ")
				}
			}
		})
	}
}
