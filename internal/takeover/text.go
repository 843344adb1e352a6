// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// width of the comments. Commands are not wrapped: they are there to be copied.
const (
	width          = 100
	longestCommand = 1000
)

// Manifest is the ElasticWeb as YAML, with what else is to be said in comments.
func (r Result) Manifest() (string, error) {
	text, err := json.Marshal(r.Web)
	if err != nil {
		return "", fmt.Errorf("marshal the ElasticWeb: %w", err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return "", fmt.Errorf("read the ElasticWeb: %w", err)
	}
	delete(fields, "status")
	manifest, err := yaml.Marshal(fields)
	if err != nil {
		return "", fmt.Errorf("marshal the ElasticWeb: %w", err)
	}
	var out strings.Builder
	if len(r.Lost) > 0 {
		out.WriteString("# Not carried over:\n")
		for _, lost := range r.Lost {
			comment(&out, "- ", lost)
		}
	}
	out.WriteString("# To change over without an outage:\n")
	for i, step := range r.Steps {
		comment(&out, fmt.Sprintf("%d. ", i+1), step.Text)
		if step.Command != "" {
			out.WriteString("#        " + screen.Line(step.Command, longestCommand) + "\n")
		}
	}
	return out.String() + string(manifest), nil
}

// comment wraps a text.
func comment(out *strings.Builder, bullet, text string) {
	for _, line := range screen.Lines(text, width) {
		out.WriteString("# " + bullet + line + "\n")
		bullet = strings.Repeat(" ", len(bullet))
	}
}
