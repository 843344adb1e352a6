// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/explain"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// Sight is what was seen of an ElasticWeb: as a terminal shows it, and how its number of pods came about.
type Sight struct {
	screen.Web
	Steps []explain.Step
}

// Detail is all that is shown of one. Texts are harmless and bounded, times are seconds since 1970.
type Detail struct {
	Row
	Unreadable    string         `json:"unreadable,omitempty"`
	Message       string         `json:"message"` // longer than that of the row.
	Facts         []Fact         `json:"facts"`
	Planned       int64          `json:"planned"` // with headroom; 0 where no rate is asked for.
	PodsPlanned   int32          `json:"podsPlanned"`
	PodsAsked     int64          `json:"podsAsked"`
	ByCount       bool           `json:"byCount"` // the spec asks for pods, and not for a rate.
	Architectures []Architecture `json:"byArchitecture"`
	Nodes         []Node         `json:"nodes"`
	PodsHidden    int            `json:"podsHidden"`
	Conditions    []Condition    `json:"conditions"`
	Events        []Event        `json:"events"`
	Changes       []Change       `json:"changes"`
	Steps         []explain.Step `json:"steps"`
	Samples       []Sample       `json:"samples"`
	Missing       []string       `json:"missing"`
}

// Fact is a line of text with a label.
type Fact struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

// Architecture is one that has pods, or may have.
type Architecture struct {
	Name    string `json:"name"`
	Pods    int32  `json:"pods"`
	Ready   int32  `json:"ready"`
	QPS     int32  `json:"qps"`
	AtLeast bool   `json:"atLeast"`
	From    string `json:"from"`
	Weight  int32  `json:"weight"`
}

// Node has pods; the one without a name those that have found none.
type Node struct {
	Name         string `json:"name"`
	Architecture string `json:"architecture"`
	Pods         []Pod  `json:"pods"`
}

// Pod is one, and what it serves.
type Pod struct {
	Name  string `json:"name"`
	State string `json:"state"` // serving, standby (ready, and has no requests), warming, starting, failing, waiting or ending.
	QPS   int64  `json:"qps"`   // what one serves on its architecture; 0 where that is not known.
	Why   string `json:"why,omitempty"`
}

// Condition is one of the status.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Since   int64  `json:"since"`
	Mood    string `json:"mood"` // good, bad or uncertain.
}

// Event is one that was recorded.
type Event struct {
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Object  string `json:"object"`
	Message string `json:"message"`
	Count   int32  `json:"count"`
	Last    int64  `json:"last"`
}

// Of lists that grow with the cluster so much is sent.
const (
	mostPods       = 2000
	mostConditions = 20
	mostEvents     = 20
	mostSteps      = 20
)

func (s *Server) look(ctx context.Context, key types.NamespacedName) (Detail, error) {
	ctx, stop := context.WithTimeout(ctx, askPatience)
	defer stop()
	seen, err := s.Cluster.Look(ctx, key)
	if err != nil {
		return Detail{}, err
	}
	detail := detailOf(&seen)
	detail.Samples, detail.Changes = s.Board.past(key)
	slices.Reverse(detail.Changes)
	return detail, nil
}

// detailOf is what is shown of an ElasticWeb; without what is known of its past.
func detailOf(in *Sight) Detail {
	detail := Detail{
		Row: rowOf(in.Web.Web), Unreadable: screen.Line(in.Web.Web.UnreadableSpec, longestMessage), Message: screen.Line(screen.Readiness(in.Web.Web).Message, longestMessage),
		Planned: screen.Planned(in.Web), PodsPlanned: in.Plan.Replicas, PodsAsked: in.Plan.Asked,
		ByCount: in.Web.Web.Spec.TotalQPS == nil && in.Web.Web.Spec.Demand == nil,
		Events:  eventsOf(in.Events), Missing: harmless(in.Missing), Steps: stepsOf(in.Steps),
	}
	detail.Nodes, detail.PodsHidden = nodesOf(in)
	for _, fact := range screen.Facts(in.Web) {
		detail.Facts = append(detail.Facts, Fact{fact.Label, screen.Line(fact.Text, longestMessage)})
	}
	for _, entry := range in.Web.Web.Status.Architectures {
		detail.Architectures = append(detail.Architectures, Architecture{
			Name: screen.Line(entry.Name, longestWord), Pods: entry.Pods, Ready: entry.ReadyPods, QPS: entry.SinglePodsQPS, AtLeast: entry.AtLeast,
			From: screen.RateFrom(entry), Weight: entry.Weight,
		})
	}
	conditions := in.Web.Web.Status.Conditions
	for _, condition := range conditions[:min(len(conditions), mostConditions)] {
		detail.Conditions = append(detail.Conditions, conditionOf(condition))
	}
	return detail
}

func conditionOf(condition metav1.Condition) Condition {
	return Condition{
		Type: screen.Line(condition.Type, longestWord), Status: screen.Line(string(condition.Status), longestWord),
		Reason: screen.Line(condition.Reason, longestWord), Message: screen.Line(condition.Message, longestMessage),
		Since: condition.LastTransitionTime.Unix(), Mood: screen.Mood(condition),
	}
}

func eventsOf(all []screen.Event) []Event {
	events := []Event{}
	sorted := screen.LastEvents(all)
	for _, event := range sorted[:min(len(sorted), mostEvents)] {
		events = append(events, Event{
			Type: screen.Line(event.Type, longestWord), Reason: screen.Line(event.Reason, longestWord), Object: screen.Line(event.Object, longestShort),
			Message: screen.Line(event.Message, longestMessage), Count: event.Count, Last: event.Last.Unix(),
		})
	}
	return events
}

func stepsOf(all []explain.Step) []explain.Step {
	steps := []explain.Step{}
	for _, step := range all[:min(len(all), mostSteps)] {
		steps = append(steps, explain.Step{Title: screen.Line(step.Title, longestShort), Sentences: harmless(step.Sentences)})
	}
	return steps
}

// nodesOf are the nodes that have pods, by architecture in the order of the status, and by name. Of too many pods the rest is counted.
func nodesOf(in *Sight) (nodes []Node, hidden int) {
	rates, rank := map[string]int64{}, map[string]int{}
	for i, rate := range in.Plan.Rates {
		rates[rate.Architecture], rank[rate.Architecture] = rate.QPS, i+1
	}
	byName := map[string]*Node{}
	for i := range in.Observed.Pods {
		pod := &in.Observed.Pods[i]
		if i >= mostPods {
			hidden++
			continue
		}
		node := byName[pod.Node]
		if node == nil {
			node = &Node{Name: pod.Node, Architecture: pod.Architecture}
			byName[pod.Node] = node
		}
		state, why := stateOfPod(pod, in.Plan.Serves(pod))
		node.Pods = append(node.Pods, Pod{Name: screen.Name(pod.Name), State: state, QPS: rates[pod.Architecture], Why: screen.Line(why, 2*longestShort)})
	}
	last := len(rank) + 1
	sorted := slices.SortedFunc(maps.Values(byName), func(a, b *Node) int {
		return cmp.Or(cmp.Compare(cmp.Or(rank[a.Architecture], last), cmp.Or(rank[b.Architecture], last)),
			cmp.Compare(a.Architecture, b.Architecture), cmp.Compare(a.Name, b.Name))
	})
	for _, node := range sorted {
		slices.SortFunc(node.Pods, func(a, b Pod) int { return strings.Compare(a.Name, b.Name) })
		node.Name, node.Architecture = screen.Name(node.Name), screen.Line(node.Architecture, longestWord)
		nodes = append(nodes, *node)
	}
	return nodes, hidden
}

// stateOfPod is what a pod does. One that is ready serves, unless no requests are sent to it.
func stateOfPod(pod *plan.Pod, serves bool) (state, why string) {
	switch {
	case pod.Gone:
		return "ending", ""
	case pod.IsAvailable() && !serves:
		return "standby", "with it the Service, which sends each pod as many requests, would serve hardly more, or less"
	case pod.IsAvailable():
		return "serving", ""
	case pod.Ready:
		return "warming", "it counts once it has been ready for spec.rollout.minReadySeconds"
	case pod.Failure != nil:
		return "failing", screen.Hindrance(pod)
	case pod.Node == "":
		return "waiting", cmp.Or(screen.Hindrance(pod), "it has no node yet")
	}
	return "starting", "it is not ready yet"
}
