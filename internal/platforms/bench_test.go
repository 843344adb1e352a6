// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"fmt"
	"testing"
)

func BenchmarkParseManifest(b *testing.B) {
	for _, entries := range []int{1, 8, 40, maxIndexEntries} {
		b.Run(fmt.Sprintf("entries=%d", entries), func(b *testing.B) {
			m := newMemory()
			var all []descriptor
			for i := range entries {
				all = append(all, m.image(fmt.Sprintf("linux/a%d", i), web))
			}
			body := m.blobs[m.index(all...).Digest.String()]
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parseManifest(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseConfig(b *testing.B) {
	body := []byte(`{"os":"linux","architecture":"amd64","config":` + web + `,"history":[{"created_by":"RUN make"}]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseConfig(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCanonical(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := canonical("quay.io/team/shop:1.4"); err != nil {
			b.Fatal(err)
		}
	}
}
