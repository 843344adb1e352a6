// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command measure tells how many pods an application needs on mixed sets of nodes, by each way to spread requests. It writes a table in
// Markdown.
package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/test/way"
)

func main() {
	demand := flag.Int64("demand", 10_000, "what the application serves, in requests per second")
	flag.Parse()
	fmt.Printf("| QPS of a pod × room for | even | joined | least-request | weights | optimum |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, world := range way.Worlds {
		fmt.Printf("| %s |", nameOf(world))
		for _, spread := range []capacity.Spread{capacity.Even, capacity.Joined, capacity.LeastRequest, capacity.Weighted} {
			pods, _ := world.Needed(spread, *demand)
			fmt.Printf(" %d |", pods)
		}
		fmt.Printf(" %d |\n", world.Optimum(*demand))
	}
}

func nameOf(world way.World) string {
	var parts []string
	for i, group := range world {
		room := fmt.Sprint(group.Pods)
		if i == len(world)-1 {
			room = "any"
		}
		parts = append(parts, fmt.Sprintf("%d × %s", group.PodQPS, room))
	}
	return strings.Join(parts, ", ")
}
