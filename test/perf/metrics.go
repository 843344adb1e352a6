// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// sum adds up the values of a metric in the text format, of the series that have a label.
func sum(text []byte, name, label string) (float64, error) {
	total := 0.0
	for line := range bytes.Lines(text) {
		rest, isIt := bytes.CutPrefix(line, []byte(name))
		if !isIt || rest[0] != '{' && rest[0] != ' ' || !bytes.Contains(rest, []byte(label)) {
			continue
		}
		fields := strings.Fields(string(line))
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", name, err)
		}
		total += value
	}
	return total, nil
}

// memory in bytes. file is the part of rss that is the program's own, which the kernel can drop and read again.
type memory struct {
	heap, rss, file, peak float64
}

// memory collects the garbage, and gives what is left.
func (o *operator) memory(ctx context.Context) (m memory, err error) {
	if err := get(ctx, o.profiles+"heap?gc=1", io.Discard); err != nil {
		return memory{}, err
	}
	if m.heap, err = o.scrape(ctx, "go_memstats_heap_alloc_bytes"); err != nil {
		return memory{}, err
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.pid))
	if err != nil {
		return memory{}, fmt.Errorf("read the operator's memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		into := map[string]*float64{"VmRSS:": &m.rss, "RssFile:": &m.file, "VmHWM:": &m.peak}[strings.TrimSpace(strings.SplitAfter(line, ":")[0])]
		if into == nil || len(fields) < 2 {
			continue
		}
		kibibytes, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return memory{}, fmt.Errorf("read the operator's memory: %w", err)
		}
		*into = kibibytes * 1024
	}
	return m, nil
}
