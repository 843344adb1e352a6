// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
)

// tableBegin and tableEnd stand around the table of the page.
const (
	tableBegin = "<!-- make test-versions writes this table -->\n"
	tableEnd   = "<!-- end -->\n"
)

func table(versions []string, results map[string][]string) string {
	var text strings.Builder
	row := func(cells ...string) { text.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	head, line := []string{"what"}, []string{"---"}
	for _, version := range versions {
		head, line = append(head, "Kubernetes "+version), append(line, "---")
	}
	row(head...)
	row(line...)
	for _, f := range features {
		row(append([]string{f.name}, results[f.name]...)...)
	}
	return text.String()
}

// replaceTable puts a table between the marks of a page.
func replaceTable(page, table string) (string, error) {
	before, rest, begins := strings.Cut(page, tableBegin)
	_, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return "", errors.New("there are no marks around a table: " + strings.TrimSpace(tableBegin) + " and " + strings.TrimSpace(tableEnd))
	}
	return before + tableBegin + table + tableEnd + after, nil
}
