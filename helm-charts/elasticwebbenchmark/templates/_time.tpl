{{- /*
Copyright The ElasticWeb Authors.
SPDX-License-Identifier: Apache-2.0
*/}}

{{- /* Nanoseconds of a time span in Go's notation, such as 1m30s or 1.5h. */}}
{{- define "elasticwebbenchmark.nanoseconds" -}}
{{- $units := dict "ms" 1000000 "s" 1000000000 "m" 60000000000 "h" 3600000000000 }}
{{- $sum := 0.0 }}
{{- range regexFindAll "[0-9.]+[a-z]+" . -1 }}
{{- $sum = addf $sum (mulf (regexFind "[0-9.]+" .) (get $units (regexFind "[a-z]+" .))) }}
{{- end }}
{{- ceil $sum | printf "%.0f" }}
{{- end }}

{{- /* The same in seconds, rounded up. */}}
{{- define "elasticwebbenchmark.seconds" -}}
{{- div (include "elasticwebbenchmark.nanoseconds" . | int64 | add 999999999) 1000000000 }}
{{- end }}

{{- /*
Seconds that a Job has. The load generator ends by itself before that: after its wait for a first answer, the duration,
30 s for the last answers, and the longest time that it gives a request. The rest is for ending the containers.
*/}}
{{- define "elasticwebbenchmark.deadline" -}}
{{- $start := include "elasticwebbenchmark.seconds" .Values.startTimeout | int64 }}
{{- $wait := include "elasticwebbenchmark.wait" . | include "elasticwebbenchmark.seconds" | int64 }}
{{- $duration := include "elasticwebbenchmark.seconds" .Values.duration | int64 }}
{{- $request := include "elasticwebbenchmark.seconds" .Values.latencyTarget | int64 | mul 2 | max 10 }}
{{- add $start $wait $duration 30 $request 30 }}
{{- end }}

{{- /* How long the load generator waits for a first answer. The startup probe succeeded by then. */}}
{{- define "elasticwebbenchmark.wait" -}}
60s
{{- end }}

{{- /* Share of a percentage: 0.005 of 0.5%. */}}
{{- define "elasticwebbenchmark.share" -}}
{{- divf (trimSuffix "%" .) 100 | printf "%.5f" | trimAll "0" | trimSuffix "." | printf "0%s" }}
{{- end }}
