// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// nested is a map within another one. What is not there is made.
func nested(from map[string]any, path ...string) map[string]any {
	for _, field := range path {
		inner, isMap := from[field].(map[string]any)
		if !isMap {
			inner = map[string]any{}
			from[field] = inner
		}
		from = inner
	}
	return from
}

func list(value any) []any {
	result, _ := value.([]any)
	return result
}

func container(deployment *object) map[string]any {
	containers := list(nested(deployment.Object, "spec", "template", "spec")["containers"])
	if len(containers) == 0 {
		return map[string]any{}
	}
	first, _ := containers[0].(map[string]any)
	return first
}

// with is a field whose whole content is a value, and which is not there where the value is empty.
func with(field, value string) string {
	return fmt.Sprintf("{{- with $.Values.%s }}\n%s:\n  {{- toYaml . | nindent NINDENT }}\n{{- end }}\n", value, field)
}

// withText is the same for a value that is a text.
func withText(field, value string) string {
	return fmt.Sprintf("{{- with $.Values.%s }}\n%s: {{ . | quote }}\n{{- end }}\n", value, field)
}

// when is what is there under a condition.
func when(condition, text string) string {
	return "{{- if " + condition + " }}\n" + text + "{{- end }}\n"
}

// more are the entries that a value adds to a map.
func more(value string) string {
	return "  {{- with $.Values." + value + " }}\n  {{- toYaml . | nindent NINDENT }}\n  {{- end }}\n"
}

// extended is a list with a directive after its items.
func extended(items any, directive string) []any { return append(list(items), block(directive)) }

// extendedField is a list that a value of the same name adds to.
func extendedField(field string, given any) any {
	if len(list(given)) == 0 {
		return block(with(field, field))
	}
	return extended(given, items(field))
}

// items are those of a value that is a list, beside others.
func items(value string) string {
	return "{{- with $.Values." + value + " }}\n{{- toYaml . | nindent ALIGNED }}\n{{- end }}\n"
}
