// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func conditions(in Web, style Style) []string {
	var lines []string
	for _, condition := range in.Web.Status.Conditions {
		if condition.Type == elasticwebv1.ConditionReady { // it is in the title.
			continue
		}
		since := ""
		if !condition.LastTransitionTime.IsZero() {
			since = ", for " + duration.HumanDuration(in.Now.Sub(condition.LastTransitionTime.Time))
		}
		head := fmt.Sprintf("%s: %s, %s", Line(condition.Type, 30), Line(string(condition.Status), 10), condition.Reason)
		lines = append(lines, style.paint(moodOf(condition), Line(head, style.Width-len(since)))+since)
		lines = append(lines, indented("  ", condition.Message, style)...)
	}
	return lines
}

// LastEvents are events, the last first. What was recorded of several objects in the same words, as of many pods, is one of them all.
func LastEvents(all []Event) (last []Event) {
	for _, event := range sorted(all) {
		at := slices.IndexFunc(last, func(other Event) bool {
			return other.Type == event.Type && other.Reason == event.Reason && other.Message == event.Message && kindOf(other) == kindOf(event)
		})
		switch {
		case at < 0 && len(last) == mostLastEvents:
			continue
		case at < 0:
			last = append(last, event)
			continue
		}
		last[at].Count += event.Count
		if last[at].Object != event.Object && !strings.HasSuffix(last[at].Object, andOthers) {
			last[at].Object += andOthers
		}
	}
	return last
}

// mostLastEvents are told apart: there may be thousands.
const mostLastEvents = 50

const andOthers = " and others"

func kindOf(event Event) string {
	kind, _, _ := strings.Cut(event.Object, " ")
	return kind
}

func sorted(all []Event) []Event {
	return slices.SortedFunc(slices.Values(all), func(a, b Event) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Message, b.Message))
	})
}

func events(in Web, style Style) []string {
	all := LastEvents(in.Events)
	var lines []string
	for _, event := range all[:min(len(all), mostEvents)] {
		m := plain
		if event.Type == corev1.EventTypeWarning {
			m = uncertain
		}
		head := fmt.Sprintf("%s ago %s %s", duration.HumanDuration(in.Now.Sub(event.Last)), Line(event.Type, 8), Line(event.Reason, 30))
		if event.Count > 1 {
			head += fmt.Sprintf(" (%d times)", event.Count)
		}
		lines = append(lines, style.paint(m, head)+" "+Line(event.Object, max(style.Width-columns.StringWidth(head)-1, 1)))
		lines = append(lines, firstLines(indented("  ", event.Message, style), 2)...)
	}
	if len(lines) > 0 {
		lines = append([]string{style.paint(strong, "LAST EVENTS")}, lines...)
	}
	return lines
}

func firstLines(lines []string, most int) []string {
	if len(lines) <= most {
		return lines
	}
	lines[most-1] = columns.Truncate(lines[most-1], columns.StringWidth(lines[most-1])-1, "") + "…"
	return lines[:most]
}

func missing(in Web, style Style) []string {
	var lines []string
	for _, text := range in.Missing {
		lines = append(lines, indented("", "Not shown, since it could not be read: "+text, style)...)
	}
	return lines
}
