// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSpellingsAreFoundWhereverAWordStands(t *testing.T) {
	for before := range 7 {
		text := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `%s{"password":%q}`, strings.Repeat("x", before), secretOfVictim))
		if !slices.ContainsFunc(spellings(secretOfVictim), func(spelt string) bool { return strings.Contains(text, spelt) }) {
			t.Errorf("not found after %d letters: %s", before, text)
		}
		if slices.ContainsFunc(spellings(secretOfTenant), func(spelt string) bool { return strings.Contains(text, spelt) }) {
			t.Errorf("another word is found: %s", text)
		}
	}
}
