// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/whatif"
)

// Question is what another demand would do; one of the two.
type Question struct {
	// TotalQPS in requests per second, and Replicas, take each the place of the other and of spec.demand.
	TotalQPS, Replicas *int32
}

const questionForm = "one of totalQPS and replicas is a whole number of at least 0"

func questionIn(query url.Values) (question Question, err error) {
	for name, into := range map[string]**int32{"totalQPS": &question.TotalQPS, "replicas": &question.Replicas} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		value, err := strconv.ParseInt(text, 10, 32)
		if err != nil || value < 0 {
			return Question{}, errors.New(questionForm)
		}
		number := int32(value)
		*into = &number
	}
	if (question.TotalQPS == nil) == (question.Replicas == nil) {
		return Question{}, errors.New(questionForm)
	}
	return question, nil
}

// Answer is what a change would do, with texts that are harmless and bounded.
type Answer struct {
	PodsNow          int32    `json:"podsNow"`
	Pods             int32    `json:"pods"`
	PodsSettled      int32    `json:"podsSettled"`
	PodsAsked        int64    `json:"podsAsked"`
	Serving          string   `json:"serving"`
	Architectures    string   `json:"architectures"`
	ArchitecturesNow string   `json:"architecturesNow"`
	Restarts         bool     `json:"restarts"`
	Causes           []string `json:"causes"`
	Refused          []string `json:"refused"`
	Notes            []string `json:"notes"`
	Diff             []string `json:"diff"`
}

// mostDiffLines of a diff are sent.
const mostDiffLines = 400

func answerOf(outcome *whatif.Outcome) Answer {
	lines := strings.Split(strings.TrimSuffix(outcome.Diff, "\n"), "\n")
	for i, line := range lines[:min(len(lines), mostDiffLines)] {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		lines[i] = strings.Repeat(" ", min(indent, longestWord)) + screen.Line(line, longestShort)
	}
	return Answer{
		PodsNow: outcome.PodsNow, Pods: outcome.Pods, PodsSettled: outcome.PodsSettled, PodsAsked: outcome.PodsAsked,
		Serving:       screen.Line(outcome.ServingText(), longestShort),
		Architectures: order(outcome.Architectures), ArchitecturesNow: order(outcome.ArchitecturesNow), Restarts: outcome.Restarts,
		Causes: harmless(outcome.Causes), Refused: harmless(outcome.Refused), Notes: harmless(outcome.Notes),
		Diff: lines[:min(len(lines), mostDiffLines)],
	}
}

// order is that of the architectures, the best first; equal ones are put together.
func order(levels [][]string) string {
	var words []string
	for _, level := range levels {
		words = append(words, strings.Join(level, " = "))
	}
	return screen.Line(strings.Join(words, ", "), longestShort)
}

func harmless(texts []string) []string {
	lines := []string{}
	for _, text := range texts {
		lines = append(lines, screen.Line(text, longestMessage))
	}
	return lines
}
