// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is a row of the README.
type value struct{ Path, Default, Meaning string }

// longest default that fits a table.
const longest = 60

// explained reads the comments of values.yaml. A value that has none is an error: nobody would know what it is for.
func explained(text string) ([]value, error) {
	document := yaml.Node{}
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("values.yaml: %w", err)
	}
	return explainedIn(document.Content[0], "")
}

func explainedIn(node *yaml.Node, path string) ([]value, error) {
	var found []value
	for i := 0; i < len(node.Content); i += 2 {
		name, content := node.Content[i], node.Content[i+1]
		// The comment of the file is above the first value, and belongs to no one.
		paragraphs := strings.Split(name.HeadComment, "\n\n")
		comment := strings.Join(strings.Fields(strings.ReplaceAll(paragraphs[len(paragraphs)-1], "# ", " ")), " ")
		if comment == "" && content.Kind == yaml.MappingNode && len(content.Content) > 0 {
			inner, err := explainedIn(content, path+name.Value+".")
			if err != nil {
				return nil, err
			}
			found = append(found, inner...)
			continue
		}
		if comment == "" {
			return nil, fmt.Errorf("values.yaml: no comment explains %s%s", path, name.Value)
		}
		standard, err := standardOf(content)
		if err != nil {
			return nil, err
		}
		found = append(found, value{path + name.Value, standard, comment})
	}
	return found, nil
}

func standardOf(node *yaml.Node) (string, error) {
	var content any
	if err := node.Decode(&content); err != nil {
		return "", err
	}
	text, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	if len(text) > longest {
		return "see `values.yaml`", nil
	}
	return "`" + string(text) + "`", nil
}
