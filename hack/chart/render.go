// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// generated begins the names of the templates that this program makes.
const generated = "generated-"

// In the place of what is to be a directive, objects hold tokens, which are YAML: inline ones within a line, block ones
// instead of the line that they are in, as far to the right.
var (
	inlineToken = regexp.MustCompile(`INLINE(\d+)TOKEN`)
	blockToken  = regexp.MustCompile(`^( *)(?:- )?.*BLOCK(\d+)TOKEN`)
	// In the first line of an item a block would take the item's dash away.
	misplacedToken = regexp.MustCompile(`(?m)^ *- .*:.*BLOCK\d+TOKEN`)
	directives     []string
	tokenOf        = map[string]string{}
	watchedToken   = inline("{{ $namespace | quote }}")
)

func inline(directive string) string { return token("INLINE", directive) }
func block(directive string) string  { return token("BLOCK", directive) }

// last is a field that comes after all others.
func last(directive string) string { return "zz" + block(directive) }

// token is the same for the same directive, so that objects can be compared.
func token(kind, directive string) string {
	name := kind + " " + directive
	if tokenOf[name] == "" {
		directives = append(directives, directive)
		tokenOf[name] = kind + strconv.Itoa(len(directives)-1) + "TOKEN"
	}
	return tokenOf[name]
}

func directiveOf(number string) string {
	index, _ := strconv.Atoi(number) // the expression matches digits alone.
	return directives[index]
}

// render writes an object as a template.
func render(o *object) (string, error) {
	text, err := yaml.Marshal(o.Object)
	if err != nil {
		return "", err
	}
	if line := misplacedToken.Find(text); line != nil {
		return "", fmt.Errorf("a directive is the first field of an item, where it cannot stand: %s", line)
	}
	return fill(strings.ReplaceAll(string(text), "{{", "{{ `{{` }}")), nil
}

func fill(text string) string {
	var result strings.Builder
	for line := range strings.Lines(text) {
		if match := blockToken.FindStringSubmatch(line); match != nil {
			result.WriteString(fill(indent(directiveOf(match[2]), match[1])))
			continue
		}
		result.WriteString(inlineToken.ReplaceAllStringFunc(line, func(token string) string {
			return directiveOf(inlineToken.FindStringSubmatch(token)[1])
		}))
	}
	return result.String()
}

// indent moves lines to the right, and tells directives how far they are then, or one level more.
func indent(text, by string) string {
	var result strings.Builder
	for line := range strings.Lines(text) {
		line = strings.ReplaceAll(line, "NINDENT", strconv.Itoa(len(by)+2))
		result.WriteString(by + strings.ReplaceAll(line, "ALIGNED", strconv.Itoa(len(by))))
	}
	return result.String()
}

// part writes a value as it stands within an object.
func part(value any) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("what was read as YAML cannot be written: %v", err))
	}
	return string(text)
}
