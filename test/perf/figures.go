// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"text/tabwriter"
)

// figure is one thing that was measured.
type figure struct {
	Scenario string  `json:"scenario"`
	Name     string  `json:"name"`
	Number   int     `json:"elasticWebs"`
	Value    float64 `json:"value"`
}

// key is what a figure is compared by.
type key struct {
	scenario, name string
	number         int
}

func (f figure) key() key { return key{f.Scenario, f.Name, f.Number} }

// document is the file of -json.
type document struct {
	CPUs    int      `json:"cpus"`
	Figures []figure `json:"figures"`
}

func writeFigures(path string, figures []figure) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(document{runtime.NumCPU(), figures}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// readFigures reads a file of -json; none where the path is empty.
func readFigures(path string) (map[key]float64, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read what to compare with: %w", err)
	}
	d := document{}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("%s is no file that -json wrote: %w", path, err)
	}
	values := map[key]float64{}
	for _, f := range d.Figures {
		values[f.key()] = f.Value
	}
	return values, nil
}

// medians merges the figures of several rounds, in the order of the first.
func medians(all []figure) []figure {
	values := map[key][]float64{}
	var merged []figure
	for _, f := range all {
		if values[f.key()] == nil {
			merged = append(merged, f)
		}
		values[f.key()] = append(values[f.key()], f.Value)
	}
	for i := range merged {
		merged[i].Value = quantile(values[merged[i].key()], 0.5)
	}
	return merged
}

// quantile is the value below which a part of the values is; 0 of none.
func quantile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(part*float64(len(sorted)-1)+0.5)]
}

// printTable prints a row for each figure, and a column for each number of ElasticWebs; where there is a
// baseline, with the ratio to it.
func printTable(to io.Writer, figures []figure, baseline map[key]float64) error {
	table := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	var numbers []int
	values := map[key]float64{}
	for _, f := range figures {
		values[f.key()] = f.Value
		if !slices.Contains(numbers, f.Number) {
			numbers = append(numbers, f.Number)
		}
	}
	fmt.Fprint(table, "scenario\tfigure")
	for _, n := range numbers {
		fmt.Fprintf(table, "\tN=%d", n)
		if baseline != nil {
			fmt.Fprint(table, "\tto baseline")
		}
	}
	fmt.Fprintln(table)
	for _, f := range figures {
		if f.Number != numbers[0] {
			continue
		}
		fmt.Fprintf(table, "%s\t%s", f.Scenario, f.Name)
		for _, n := range numbers {
			k := key{f.Scenario, f.Name, n}
			fmt.Fprintf(table, "\t%s", round3(values[k]))
			if baseline != nil {
				fmt.Fprintf(table, "\t%s", ratio(values[k], baseline, k))
			}
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

func ratio(value float64, baseline map[key]float64, k key) string {
	before, isThere := baseline[k]
	switch {
	case !isThere:
		return "-"
	case before == value:
		return "1.00"
	case before == 0:
		return "was 0"
	}
	return fmt.Sprintf("%.2f", value/before)
}

// round3 leaves three digits to what has a fraction.
func round3(value float64) string {
	if value >= 100 || value == float64(int(value)) {
		return fmt.Sprintf("%.0f", value)
	}
	rounded, err := strconv.ParseFloat(fmt.Sprintf("%.3g", value), 64)
	if err != nil {
		return fmt.Sprint(value)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
