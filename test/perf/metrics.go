// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	if m.heap, err = o.liveHeap(ctx); err != nil {
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

// liveHeap is what liveHeap is of the operator's process. Its metrics do not tell it: they are being made while they are read, for each
// ElasticWeb.
func (o *operator) liveHeap(ctx context.Context) (float64, error) {
	var profile bytes.Buffer
	for range collections {
		profile.Reset()
		if err := get(ctx, o.profiles+"heap?gc=1&debug=1", &profile); err != nil {
			return 0, err
		}
	}
	for line := range strings.Lines(profile.String()) {
		if value, isIt := strings.CutPrefix(line, "# HeapAlloc = "); isIt {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, errors.New("the heap profile does not tell HeapAlloc")
}
