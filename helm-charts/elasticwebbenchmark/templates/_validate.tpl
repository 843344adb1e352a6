{{- /*
Copyright The ElasticWeb Authors.
SPDX-License-Identifier: Apache-2.0
*/}}

{{- /* What the schema cannot say, or not in words that help. */}}
{{- define "elasticwebbenchmark.validate" -}}
{{- $v := .Values }}
{{- include "elasticwebbenchmark.validateImage" (list "image" $v.image) }}
{{- include "elasticwebbenchmark.validateImage" (list "generator.image" $v.generator.image) }}
{{- if not (regexMatch `^/[!-"$-~]*$` $v.path) }}
{{- printf "path %q must begin with a slash and hold neither blanks nor a fragment: write it like /search?q=shoes, and escape other characters with %%" $v.path | fail }}
{{- end }}
{{- include "elasticwebbenchmark.validateSpan" (list "latencyTarget" $v.latencyTarget "1ms" "1m") }}
{{- include "elasticwebbenchmark.validateSpan" (list "duration" $v.duration "10s" "1h") }}
{{- include "elasticwebbenchmark.validateSpan" (list "startTimeout" $v.startTimeout "10s" "24h") }}
{{- if ge (include "elasticwebbenchmark.nanoseconds" $v.latencyTarget | int64) (include "elasticwebbenchmark.nanoseconds" $v.duration | int64) }}
{{- printf "latencyTarget %s is not below duration %s: lower latencyTarget or raise duration" $v.latencyTarget $v.duration | fail }}
{{- end }}
{{- if hasKey $v.nodeSelector "kubernetes.io/arch" }}
{{- fail "nodeSelector must not name kubernetes.io/arch: a pod is measured on each architecture; restrict them with architectures" }}
{{- end }}
{{- range $key, $_ := $v.podLabels }}
{{- if regexMatch `^(app[.]kubernetes[.]io/(name|instance|component|managed-by)|(elasticweb[.]example[.]com|batch[.]kubernetes[.]io)/.*|job-name|controller-uid)$` $key }}
{{- printf "podLabels must not hold %s: the chart or Kubernetes sets it; choose another key" $key | fail }}
{{- end }}
{{- end }}
{{- $probe := $v.startupProbe | default dict }}
{{- if not (or (kindIs "invalid" $v.startupProbe) $probe.exec $probe.grpc $probe.httpGet $probe.tcpSocket) }}
{{- fail "startupProbe does not say what to probe: add exec, grpc, httpGet or tcpSocket" }}
{{- end }}
{{- end }}

{{- define "elasticwebbenchmark.validateImage" -}}
{{- $field := index . 0 }}
{{- $image := index . 1 }}
{{- $label := "([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])" }}
{{- $host := printf "(%s([.]%s)*|[[][a-fA-F0-9:]+[]])(:[0-9]{1,5})?" $label $label }}
{{- $part := "[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*" }}
{{- $tag := ":[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}" }}
{{- $digest := "@(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})" }}
{{- if not (regexMatch (printf "^(%s/)?%s(/%s)*(%s)?(%s)?$" $host $part $part $tag $digest) $image) }}
{{- printf "%s %q is not an image reference: write it like registry.example.com/shop:1.4 or registry.example.com/shop@sha256:<64 hex digits>, without a scheme or blanks, the repository in lower case" $field $image | fail }}
{{- end }}
{{- end }}

{{- define "elasticwebbenchmark.validateSpan" -}}
{{- $span := include "elasticwebbenchmark.nanoseconds" (index . 1) | int64 }}
{{- $least := include "elasticwebbenchmark.nanoseconds" (index . 2) | int64 }}
{{- $most := include "elasticwebbenchmark.nanoseconds" (index . 3) | int64 }}
{{- if or (lt $span $least) (gt $span $most) }}
{{- printf "%s %s must be from %s to %s" (index . 0) (index . 1) (index . 2) (index . 3) | fail }}
{{- end }}
{{- end }}
