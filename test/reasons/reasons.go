// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package reasons reads the tables of reasons in the documentation of the API, for tests of those who judge by conditions.
package reasons

import (
	"fmt"
	"os"
	"regexp"
	"slices"
)

// Table is that of a kind.
type Table struct {
	// Path of the file below the root of the repository, and the condition that sums the others up.
	Path, Summary string
}

// Tables are those of both kinds.
var Tables = map[string]Table{
	"ElasticWeb":          {"api/v1/conditions.go", "Ready"},
	"ElasticWebBenchmark": {"api/v1alpha1/conditions.go", "Complete"},
}

// Row is what a reason means for the conditions: their status, "-" where they are absent.
type Row struct{ Reason, Summary, Reconciling, Stalled string }

var (
	tableRow = regexp.MustCompile(`(?m)^//\t(\w+) +(True|False|Unknown) +(True|-) +(True|later|-)`)
	constant = regexp.MustCompile(`(?m)^\tReason\w+ *= "(\w+)"`)
	// results are reasons that are none of conditions.
	results = regexp.MustCompile(`(?ms)^// Reasons of results\[\].*?^\)$`)
	others  = regexp.MustCompile(`(?ms)^// Reasons of \w+: (.*?)\.$`)
)

// Rows reads the table, in the repository whose root is given. A reason that has no row is an error.
func (t Table) Rows(root string) ([]Row, error) {
	content, err := os.ReadFile(root + "/" + t.Path)
	if err != nil {
		return nil, err
	}
	text := results.ReplaceAllString(string(content), "")
	var rows []Row
	for _, match := range tableRow.FindAllStringSubmatch(text, -1) {
		rows = append(rows, Row{match[1], match[2], match[3], match[4]})
	}
	const least = 10
	if len(rows) < least {
		return nil, fmt.Errorf("%s: found only the reasons %v", t.Path, rows)
	}
	for _, match := range constant.FindAllStringSubmatch(text, -1) {
		reason := match[1]
		if !slices.ContainsFunc(rows, func(r Row) bool { return r.Reason == reason }) && !ofOthers(text, reason) {
			return nil, fmt.Errorf("%s: the table has no row of the reason %s", t.Path, reason)
		}
	}
	return rows, nil
}

// ofOthers reports whether a reason is one of other conditions.
func ofOthers(text, reason string) bool {
	for _, match := range others.FindAllStringSubmatch(text, -1) {
		if regexp.MustCompile(`\b` + reason + `\b`).MatchString(match[1]) {
			return true
		}
	}
	return false
}

// States are those that a row stands for: what may heal becomes Stalled later.
func (r Row) States() []Row {
	if r.Stalled != "later" {
		return []Row{r}
	}
	return []Row{{r.Reason, r.Summary, "True", "-"}, {r.Reason, r.Summary, "-", "True"}}
}

// Object is one of the kind with the conditions of a state, as it is read from the API server.
func (t Table) Object(kind string, state Row) map[string]any {
	var conditions []any
	for name, status := range map[string]string{"Reconciling": state.Reconciling, "Stalled": state.Stalled, t.Summary: state.Summary} {
		if status != "-" {
			conditions = append(conditions, map[string]any{"type": name, "status": status, "reason": state.Reason, "message": "m"})
		}
	}
	return map[string]any{
		"apiVersion": "elasticweb.example.com/v1", "kind": kind,
		"metadata": map[string]any{"name": "shop", "namespace": "dev", "generation": int64(7)},
		"status":   map[string]any{"observedGeneration": int64(7), "conditions": conditions},
	}
}
