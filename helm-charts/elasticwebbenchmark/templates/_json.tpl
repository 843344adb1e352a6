{{- /*
Copyright The ElasticWeb Authors.
SPDX-License-Identifier: Apache-2.0
*/}}

{{- /*
A value as JSON, on one line. No value gets into a manifest otherwise: as YAML it would become YAML of its own where it holds
what YAML takes for the end of a line, such as U+2028. What YAML takes for that or refuses, and JSON does not escape, is escaped.
*/}}
{{- define "elasticwebbenchmark.json" -}}
{{- $text := toJson . }}
{{- range concat (untilStep 0x7f 0xa0 1) (list 0x2028 0x2029 0xfeff 0xfffe 0xffff) }}
{{- $text = replace (printf "%c" .) (printf "\\u%04x" .) $text }}
{{- end }}
{{- $text }}
{{- end }}
