// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package supportreport packs what support needs into an archive: objects without what may be secret in them, and texts, all bounded. It
// reads nothing from a cluster.
package supportreport

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// masked stands in the place of a value.
const masked = "(masked)"

// probed is what a kubelet begins an event about a probe with, after its kind.
const probed = " probe failed: "

// Mask is an object as JSON gives it without the values of environment variables, annotations, commands and arguments, headers, queries,
// what messages quote of these, and what else users put secrets into. Nothing else in it is changed, but for managedFields, which are left
// out. Kinds that hold secrets as such are none to give to it.
func Mask(object map[string]any) map[string]any {
	text, _ := json.Marshal(object) // it is JSON already.
	var result map[string]any
	_ = json.Unmarshal(text, &result)
	maskIn(result)
	return result
}

// maskAll are the fields of which every value is masked, however deep; maskText those that are a text of a program.
var (
	maskAll = map[string]bool{
		"command": true, "args": true, "httpHeaders": true, "volumeAttributes": true, "options": true, "sysctls": true,
		"headers": true, "queryParams": true, "requestHeaderModifier": true, "responseHeaderModifier": true, // of an HTTPRoute.
	}
	isLabels = map[string]bool{"labels": true, "podLabels": true, "matchLabels": true, "nodeSelector": true}
	// quoted is what a message quotes: names, and as kubelets and runtimes do commands, queries and addresses.
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	// ofKubelet begins what a kubelet says itself of a probe that failed; all else is what the probe printed, or was answered.
	ofKubelet         = regexp.MustCompile(`^(HTTP probe failed with statuscode|Get |dial tcp|command timed out|timeout|service unhealthy)`)
	annotationsOfOurs = []string{"elasticweb.example.com/", "deployment.kubernetes.io/revision", "controller.kubernetes.io/pod-deletion-cost"}
)

func maskIn(value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			maskIn(item)
		}
	case map[string]any:
		for key, field := range value {
			value[key] = maskedField(key, field)
		}
		delete(value, "managedFields")
	}
}

func maskedField(key string, field any) any {
	if text, isText := field.(string); isText && !maskAll[key] && key != "env" {
		return maskedText(key, text)
	}
	fields, isObject := field.(map[string]any)
	if key == "tls" && isObject { // of a Route, to which somebody may have added a key.
		maskKeys(fields)
	}
	switch {
	case isLabels[key] && isObject: // whatever the keys of the user's are called.
		return fields
	case (key == "annotations" || key == "podAnnotations") && isObject:
		return maskOthers(fields)
	case key == "env":
		return maskValues(field)
	case isLog(key, fields): // the end of a container's log.
		fields["message"] = masked
	case maskAll[key]:
		return maskLeaves(field)
	}
	maskIn(field)
	return field
}

// maskedText is a text without what it quotes where it is a message, and without the query where it has one.
func maskedText(key, text string) string {
	switch key {
	case "message", "note":
		if told, _, isProbe := strings.Cut(text, probed); isProbe && !ofKubelet.MatchString(text[len(told)+len(probed):]) {
			return told + probed + masked
		}
		return quoted.ReplaceAllStringFunc(text, func(said string) string {
			if strings.ContainsAny(said, " \t=?@\\") {
				return `"` + masked + `"`
			}
			return said
		})
	case "path":
		if path, _, hasQuery := strings.Cut(text, "?"); hasQuery {
			return path + "?" + masked
		}
	case "query":
		return masked
	}
	return text
}

// maskOthers keeps the annotations that the operator and Kubernetes decide by.
func maskOthers(annotations map[string]any) map[string]any {
	for name := range annotations {
		if !isOurs(name) {
			annotations[name] = masked
		}
	}
	return annotations
}

func isOurs(annotation string) bool {
	for _, prefix := range annotationsOfOurs {
		if strings.HasPrefix(annotation, prefix) {
			return true
		}
	}
	return false
}

// isLog is true of what is told of a container that ended, with the last that it said.
func isLog(key string, fields map[string]any) bool {
	return key == "terminated" && fields["message"] != nil
}

// maskKeys masks certificates and keys that stand in a field themselves.
func maskKeys(tls map[string]any) {
	for _, name := range []string{"key", "certificate", "caCertificate", "destinationCACertificate"} {
		if _, isThere := tls[name]; isThere {
			tls[name] = masked
		}
	}
}

// maskValues keeps the names of environment variables, and where they come from.
func maskValues(list any) any {
	items, isList := list.([]any)
	if !isList {
		return masked
	}
	for i, item := range items {
		variable, isObject := item.(map[string]any)
		if !isObject {
			items[i] = masked
			continue
		}
		if _, isThere := variable["value"]; isThere {
			variable["value"] = masked
		}
	}
	return items
}

// maskLeaves keeps how much there is, and the names of headers, which are a list: in a map a name may be any key of the user's.
func maskLeaves(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			item, _ := value[i].(map[string]any)
			name, isNamed := item["name"].(string)
			value[i] = maskLeaves(value[i])
			if isNamed {
				item["name"] = name
			}
		}
		return value
	case map[string]any:
		for key := range value {
			value[key] = maskLeaves(value[key])
		}
		return value
	case nil:
		return nil
	default:
		return masked
	}
}

// FileName is a path in the archive out of names of the cluster, which could be anything.
func FileName(parts ...string) string {
	for i, part := range parts {
		part = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
				return r
			}
			return '_'
		}, part)
		if part = strings.TrimLeft(part, "."); part == "" {
			part = "_"
		}
		parts[i] = shortened(part)
	}
	return strings.Join(parts, "/")
}

const longestName = 100

// shortened keeps the ending of a long name.
func shortened(name string) string {
	if len(name) <= longestName {
		return name
	}
	ending := name[max(strings.LastIndexByte(name, '.'), len(name)-10):]
	return name[:longestName-len(ending)] + ending
}

// Note is a line about what is not in the archive.
func Note(what string, err error) string { return fmt.Sprintf("%s: %v", what, err) }
