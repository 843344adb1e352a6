// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduling_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// tables are what docs/placement.md shows, in the order in which they were first written to.
var tables tableSet

type tableSet struct {
	mu   sync.Mutex
	all  []*table
	seen map[string]*table
}

type table struct {
	title string
	head  []string
	rows  [][]string
}

// add adds a row to the table of the title, which it begins where there is none.
func (t *tableSet) add(title string, head []string, row ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen == nil {
		t.seen = map[string]*table{}
	}
	if t.seen[title] == nil {
		t.seen[title] = &table{title: title, head: head}
		t.all = append(t.all, t.seen[title])
	}
	t.seen[title].rows = append(t.seen[title].rows, row)
}

// print writes Markdown.
func (t *tableSet) print(out io.Writer) {
	for _, table := range t.all {
		fmt.Fprintf(out, "\n%s\n\n| %s |\n|%s\n", table.title, strings.Join(table.head, " | "), strings.Repeat(" --- |", len(table.head)))
		for _, row := range table.rows {
			fmt.Fprintf(out, "| %s |\n", strings.Join(row, " | "))
		}
	}
}
