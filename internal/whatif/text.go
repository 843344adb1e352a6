// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"fmt"
	"strings"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// Text says it to people, in lines of so many columns. The diff, whose lines are as long as they are, comes last.
func (o *Outcome) Text(style screen.Style) string {
	var out strings.Builder
	fmt.Fprintf(&out, "ElasticWeb %s in %s: %s\n", screen.Name(o.Name), screen.Name(o.Namespace), o.headline())
	row := func(label, text string) {
		for i, line := range screen.Lines(text, style.Width-indent) {
			if i > 0 {
				label = ""
			}
			fmt.Fprintf(&out, "  %-*s%s\n", indent-2, label, line)
		}
	}
	row("Pods", o.podsText())
	row("Runs on", o.architecturesText())
	row("Serving", o.ServingText())
	row("Restart", o.restartText())
	for _, text := range o.Refused {
		row("Refused", text)
	}
	for _, text := range o.Notes {
		row("Note", text)
	}
	if o.Diff != "" {
		out.WriteString("\n")
		for line := range strings.Lines(o.Diff) {
			body := strings.TrimLeft(line[1:], " ")
			out.WriteString(line[:len(line)-len(body)] + screen.Line(body, longestLine) + "\n")
		}
	}
	return out.String()
}

const (
	indent      = 12
	longestLine = 2000
)

func (o *Outcome) headline() string {
	switch {
	case len(o.Refused) > 0:
		return "a part is refused"
	case o.IsNew:
		return "new"
	case o.Changes:
		return "changes"
	}
	return "nothing changes"
}

func (o *Outcome) podsText() string {
	number := func(n int32) string { return screen.Number(int64(n)) }
	text := number(o.Pods) + ", as now"
	if o.Pods != o.PodsNow {
		text = number(o.Pods) + ", now " + number(o.PodsNow)
	}
	if o.PodsSettled != o.Pods {
		text += "; " + number(o.PodsSettled) + " once they are on the nodes that are filled first"
	}
	return text
}

// ServingText says what the pods serve together, and by which of them; "" where that is not worked out, or there are none.
func (o *Outcome) ServingText() string {
	if o.Serves == 0 {
		return ""
	}
	text := fmt.Sprintf("up to %s requests per second", screen.Number(o.Serves))
	switch {
	case len(o.Backends) > 1:
		var parts []string
		for _, backend := range o.Backends {
			parts = append(parts, fmt.Sprintf("%s %d", backend.Service, backend.Weight))
		}
		text += ", by weights: " + strings.Join(parts, ", ")
	case len(o.Waiting) > 0:
		text += fmt.Sprintf(", by the pods on %s; those on %s wait without any", strings.Join(o.Joined, ", "), strings.Join(o.Waiting, ", "))
	}
	return text
}

func (o *Outcome) architecturesText() string {
	is, was := order(o.Architectures), order(o.ArchitecturesNow)
	if is == was || o.IsNew || o.PodsNow == 0 {
		return is
	}
	return is + "; now " + was
}

// order names the best first; equal ones are put together by a comma.
func order(levels [][]string) string {
	if len(levels) == 0 {
		return "any architecture"
	}
	var parts []string
	for _, level := range levels {
		parts = append(parts, strings.Join(level, ", "))
	}
	return strings.Join(parts, ", then ")
}

func (o *Outcome) restartText() string {
	switch {
	case o.Restarts:
		return "all pods are replaced, because of " + strings.Join(o.Causes, ", ")
	case o.PodsNow == 0:
		return "there are no pods yet"
	}
	return "no pod is restarted"
}
