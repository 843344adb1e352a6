// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command measure tells what ways to spread requests are worth on mixed sets of pods: under load, and by arithmetic. It writes tables in
// Markdown.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/test/way"
)

func main() {
	options := loadOptions{}
	flag.StringVar(&options.traefik, "traefik", "bin/traefik", "Traefik, which make bin/traefik builds; empty to leave it out")
	flag.StringVar(&options.haproxy, "haproxy", "haproxy", "HAProxy")
	flag.Float64Var(&options.part, "part", 0.95, "the load, as a part of the sum of what the pods serve")
	flag.Int64Var(&options.divisor, "divisor", 1, "divides what each pod serves, for a slower machine")
	flag.DurationVar(&options.duration, "duration", 30*time.Second, "how long each way is loaded; 0 for no load")
	demand := flag.Int64("demand", 10_000, "what the applications of the worlds serve, in requests per second")
	flag.Parse()
	worlds(*demand)
	if options.duration == 0 {
		return
	}
	if err := loaded(options); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// worlds is how many pods an application needs on each world.
func worlds(demand int64) {
	fmt.Printf("Pods for %d requests per second:\n\n| QPS of a pod × room for | plain | prefix | least-request | weights | optimum |\n| --- | --- | --- | --- | --- | --- |\n", demand)
	for _, world := range way.Worlds {
		name := ""
		for i, group := range world {
			room := fmt.Sprint(group.Pods)
			if i == len(world)-1 {
				room = "any"
			}
			name += fmt.Sprintf("%d × %s, ", group.PodQPS, room)
		}
		fmt.Printf("| %s |", name[:len(name)-2])
		for _, spread := range []capacity.Spread{capacity.Even, capacity.Joined, capacity.LeastRequest, capacity.Weighted} {
			pods, _ := world.Needed(spread, demand)
			fmt.Printf(" %d |", pods)
		}
		fmt.Printf(" %d |\n", world.Optimum(demand))
	}
}
