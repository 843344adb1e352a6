// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

func architectures(in Web, style Style) []string {
	var rows [][]string
	for _, entry := range in.Web.Status.Architectures {
		rate := Number(int64(entry.SinglePodsQPS))
		if entry.AtLeast {
			rate += "+"
		}
		weight := ""
		if entry.Weight > 0 {
			weight = fmt.Sprint(entry.Weight)
		}
		rows = append(rows, []string{Line(entry.Name, 32), fmt.Sprint(entry.Pods), ready(in, entry), rate, weight, RateFrom(entry)})
	}
	if len(rows) == 0 {
		return nil
	}
	return style.table([]string{"ARCHITECTURE", "PODS", "READY", "QPS OF A POD", "WEIGHT", "FROM"}, rows)
}

// RateFrom says where the rate of an architecture is from.
func RateFrom(entry elasticwebv1.ArchitectureStatus) string {
	if entry.Source == elasticwebv1.QPSSourceMeasured {
		return strings.TrimSpace("measured " + Name(entry.Benchmark))
	}
	return "the spec"
}

// ready is the number of pods that are, and whether they wait without requests.
func ready(in Web, entry elasticwebv1.ArchitectureStatus) string {
	waits := slices.ContainsFunc(in.Observed.Pods, func(pod plan.Pod) bool {
		return pod.Ready && !pod.Gone && pod.Architecture == entry.Name && !in.Plan.Serves(&pod)
	})
	if waits {
		return fmt.Sprintf("%d, wait", entry.ReadyPods)
	}
	return fmt.Sprint(entry.ReadyPods)
}

// onNode is the pods on a node: a sign for each.
type onNode struct {
	name, architecture, dots string
	pods, ready              int
}

func nodes(in Web, style Style) []string {
	byName := map[string]*onNode{}
	for _, pod := range in.Observed.Pods {
		node := byName[pod.Node]
		if node == nil {
			node = &onNode{name: cmp.Or(pod.Node, "(none yet)"), architecture: cmp.Or(pod.Architecture, "?")}
			byName[pod.Node] = node
		}
		node.pods++
		if pod.Ready && !pod.Gone {
			node.ready++
		}
		node.dots += dot(pod, in.Plan.Serves(&pod))
	}
	all := slices.SortedFunc(maps.Values(byName), func(a, b *onNode) int { return cmp.Or(b.pods-a.pods, cmp.Compare(a.name, b.name)) })
	var rows [][]string
	for _, node := range all[:min(len(all), mostNodes)] {
		rows = append(rows, []string{Name(node.name), Line(node.architecture, 32), fmt.Sprintf("%d/%d", node.ready, node.pods), Line(sortedDots(node.dots), mostDots)})
	}
	if len(rows) == 0 {
		return nil
	}
	lines := style.table([]string{"NODE", "ARCHITECTURE", "READY", "PODS"}, rows)
	if more := len(all) - len(rows); more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more nodes", Number(int64(more))))
	}
	lines = append(lines, indented("", legend(all), style)...)
	for _, text := range Hindrances(in.Observed.Pods) {
		lines = append(lines, indented("", text, style)...)
	}
	return lines
}

// signs of pods, in the order in which they are drawn.
var signs = []struct{ sign, says string }{
	{"●", "serves"}, {"◇", "is ready without requests"}, {"◐", "warms up"}, {"○", "is not ready"}, {"×", "ends"},
}

// legend says what the signs mean that are there, below the table: beside names of nodes as they are in clouds there is no room.
func legend(all []*onNode) string {
	var drawn, parts []string
	for _, node := range all {
		drawn = append(drawn, node.dots)
	}
	for _, sign := range signs {
		if strings.Contains(strings.Join(drawn, ""), sign.sign) {
			parts = append(parts, sign.sign+" "+sign.says)
		}
	}
	return strings.Join(parts, ", ")
}

func dot(pod plan.Pod, serves bool) string {
	switch {
	case pod.Gone:
		return "×"
	case pod.IsAvailable() && !serves:
		return "◇"
	case pod.IsAvailable():
		return "●"
	case pod.Ready:
		return "◐"
	}
	return "○"
}

func sortedDots(dots string) string {
	order := []rune("●◇◐○×")
	all := []rune(dots)
	slices.SortFunc(all, func(a, b rune) int { return slices.Index(order, a) - slices.Index(order, b) })
	return string(all)
}
