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
	"time"
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

// clockTick is the unit of the times in /proc, on every architecture that Go has.
const clockTick = 10 * time.Millisecond

// cpu is the processor time that the operator has had.
func (o *operator) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.pid))
	if err != nil {
		return 0, fmt.Errorf("read the operator's processor time: %w", err)
	}
	// The command's name, in brackets, may hold anything. User and system time are the 14th and 15th field.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("read the operator's processor time: %q", text)
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, fmt.Errorf("read the operator's processor time: %w", err)
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick, err
}
