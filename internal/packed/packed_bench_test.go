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
