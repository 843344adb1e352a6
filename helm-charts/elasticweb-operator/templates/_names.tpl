{{- /*
Copyright The ElasticWeb Authors.
SPDX-License-Identifier: Apache-2.0
*/ -}}

{{- /* What begins the names of all objects: the longest of them is a Service, whose name may have 63 characters. */ -}}
{{- define "elasticweb-operator.fullname" -}}
{{- $name := .Values.fullnameOverride | default .Release.Name -}}
{{- if gt (len $name) 28 -}}
{{- fail (printf "the name %s has more than 28 characters: set fullnameOverride to a shorter one" $name) -}}
{{- end -}}
{{- /* No number either, as which YAML would read it. */ -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- fail (printf "the name %s cannot begin that of a Service: set fullnameOverride to lower-case letters, digits and hyphens, a letter first" $name) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "elasticweb-operator.account" -}}
{{- if .Values.serviceAccount.name -}}
{{- .Values.serviceAccount.name -}}
{{- else if .Values.serviceAccount.create -}}
{{- include "elasticweb-operator.fullname" . }}-controller-manager
{{- else -}}
{{- fail "serviceAccount.create is false: set serviceAccount.name to the account that the manager is to have" -}}
{{- end -}}
{{- end -}}

{{- define "elasticweb-operator.image" -}}
{{- if .Values.image.digest -}}
{{- .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{- .Values.image.repository }}:{{ .Values.image.tag | default (printf "v%s" .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{- define "elasticweb-operator.labels" -}}
app.kubernetes.io/name: elasticweb-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}
