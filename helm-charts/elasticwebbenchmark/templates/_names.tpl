{{- /*
Copyright The ElasticWeb Authors.
SPDX-License-Identifier: Apache-2.0
*/}}

{{- /* All that the Jobs depend on: one of another hash is another Job, since what a Job runs cannot be changed. */}}
{{- define "elasticwebbenchmark.hash" -}}
{{- list .Values .Chart.Version .Release.Name | toJson | sha256sum | trunc 8 }}
{{- end }}

{{- define "elasticwebbenchmark.run" -}}
{{- .Values.run | default (.Values | toJson | sha256sum | trunc 8) }}
{{- end }}

{{- /* Name of a Job; at most 54 characters, and without the dots that a release's name may have: pods are hosts. */}}
{{- define "elasticwebbenchmark.name" -}}
{{- $release := .root.Release.Name | replace "." "-" | trunc 36 }}
{{- printf "%s-%s-%s" $release .architecture (include "elasticwebbenchmark.hash" .root) }}
{{- end }}

{{- /* Labels of a pod, and of its Job but for the manager: to that Helm gives its own name in any case. */}}
{{- define "elasticwebbenchmark.labels" -}}
app.kubernetes.io/name: elasticwebbenchmark
app.kubernetes.io/instance: {{ include "elasticwebbenchmark.json" .root.Release.Name }}
app.kubernetes.io/component: benchmark
app.kubernetes.io/managed-by: {{ include "elasticwebbenchmark.json" .managedBy }}
elasticweb.example.com/run: {{ include "elasticwebbenchmark.run" .root | include "elasticwebbenchmark.json" }}
elasticweb.example.com/architecture: {{ include "elasticwebbenchmark.json" .architecture }}
{{- end }}
