// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

const (
	openNodesRow     = "nodes that take pods"
	cordonedNodesRow = "nodes cordoned"
)

// podTable shows where the pods are: a column for each architecture of the nodes, a row for each ElasticWeb. Pods
// that have no node yet, or are about to end, are not counted.
func podTable(nodes []corev1.Node, pods []corev1.Pod) string {
	architectures := map[string]string{} // by node
	counts := map[string]map[string]int{openNodesRow: {}}
	count := func(row, architecture string) {
		if counts[row] == nil {
			counts[row] = map[string]int{}
		}
		counts[row][architecture]++
	}
	for _, node := range nodes {
		architecture := node.Labels[corev1.LabelArchStable]
		architectures[node.Name] = architecture
		row := openNodesRow
		if node.Spec.Unschedulable {
			row = cordonedNodesRow
		}
		count(row, architecture)
	}
	for _, pod := range pods {
		web, architecture := pod.Labels[elasticwebv1.LabelInstance], architectures[pod.Spec.NodeName]
		if web != "" && architecture != "" && pod.DeletionTimestamp == nil {
			count("pods of "+web, architecture)
		}
	}
	columns := slices.Compact(slices.Sorted(maps.Values(architectures)))
	table := [][]string{append([]string{""}, columns...)}
	for _, row := range slices.SortedFunc(maps.Keys(counts), nodesFirst) {
		cells := []string{row}
		for _, architecture := range columns {
			cells = append(cells, strconv.Itoa(counts[row][architecture]))
		}
		table = append(table, cells)
	}
	return align(table)
}

func nodesFirst(a, b string) int {
	rank := func(row string) int { return slices.Index([]string{openNodesRow, cordonedNodesRow}, row) }
	// Pods have the rank -1, and come last.
	return cmp.Or(cmp.Compare(uint(rank(a)), uint(rank(b))), cmp.Compare(a, b))
}

// align makes columns: the first to the left, the numbers to the right.
func align(table [][]string) string {
	widths := make([]int, len(table[0]))
	for _, row := range table {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	text := &strings.Builder{}
	for _, row := range table {
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-len(cell))
			if i == 0 {
				text.WriteString(cell + padding)
			} else {
				text.WriteString("   " + padding + cell)
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}
