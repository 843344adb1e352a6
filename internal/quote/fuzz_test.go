// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package quote_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// FuzzSaid: whatever others say, it is bounded and valid when it is quoted.
func FuzzSaid(f *testing.F) {
	f.Add("back-off 10s restarting failed container=web pod=shop-5d8f7c9b4-x7k2p_dev")
	f.Add(strings.Repeat("\xc3", 5000))
	f.Add(strings.Repeat("é", 3000) + "\xff" + strings.Repeat("2026-01-02 03:04:05 ", 300))
	f.Fuzz(func(t *testing.T, text string) {
		for name, said := range map[string]string{"Said": quote.Said(text), "Value": quote.Value(text), "Bounded": quote.Bounded(text, quote.LongestMessage)} {
			if len(said) > quote.LongestMessage || !utf8.ValidString(said) {
				t.Fatalf("%s: %d bytes, valid: %t: %q", name, len(said), utf8.ValidString(said), said)
			}
		}
	})
}
