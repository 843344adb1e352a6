// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestQueriesNameWhatThereIs holds what is asked for against the metrics of the reference, which test/docs holds against the code.
func TestQueriesNameWhatThereIs(t *testing.T) {
	reference, err := os.ReadFile(filepath.Join(root, "docs/reference.md"))
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, alert := range readRules(t).alerts() {
		queries[alert.Expr] = alert.Alert
	}
	boards, err := filepath.Glob(filepath.Join(root, "config/observability/*/*.json"))
	if err != nil || len(boards) != 5 {
		t.Fatalf("%d dashboards, %v", len(boards), err)
	}
	for _, board := range boards {
		for _, query := range queriesOf(t, board) {
			queries[query] = board
		}
	}
	page, err := os.ReadFile(filepath.Join(root, "docs/observing.md"))
	if err != nil {
		t.Fatal(err)
	}
	queries[string(page)] = "docs/observing.md"
	name := regexp.MustCompile(`\belasticweb_\w+`)
	for query, from := range queries {
		for _, metric := range name.FindAllString(query, -1) {
			metric = strings.TrimSuffix(metric, "_bucket")
			if !strings.Contains(string(reference), "\n| `"+metric+"` |") {
				t.Errorf("%s asks for %s, which docs/reference.md does not have", from, metric)
			}
		}
	}
}
