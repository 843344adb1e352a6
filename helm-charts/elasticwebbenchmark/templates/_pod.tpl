{{- /*
Copyright The ElasticWeb Authors.
SPDX-License-Identifier: Apache-2.0
*/}}

{{- define "elasticwebbenchmark.pod" -}}
{{- $v := .root.Values }}
restartPolicy: Never
terminationGracePeriodSeconds: 5
automountServiceAccountToken: {{ $v.automountServiceAccountToken }}
enableServiceLinks: false
{{- with $v.serviceAccountName }}
serviceAccountName: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
{{- with $v.imagePullSecrets }}
imagePullSecrets: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
{{- with $v.priorityClassName }}
priorityClassName: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
securityContext:
{{- if kindIs "invalid" $v.podSecurityContext }}
  seccompProfile:
    type: RuntimeDefault
{{- else }} {{ include "elasticwebbenchmark.json" $v.podSecurityContext }}
{{- end }}
initContainers:
- {{- include "elasticwebbenchmark.target" . | trim | indent 2 | trimPrefix " " }}
containers:
- {{- include "elasticwebbenchmark.generator" . | trim | indent 2 | trimPrefix " " }}
{{- with $v.volumes }}
volumes: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
{{- with $v.nodeSelector }}
nodeSelector: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
{{- include "elasticwebbenchmark.placement" . | nindent 0 }}
{{- end }}

{{- /* Where the pod may run: on its architecture alone, and if possible where nothing else is measured. */}}
{{- define "elasticwebbenchmark.placement" -}}
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
      - matchExpressions:
        - key: kubernetes.io/arch
          operator: In
          values: [{{ include "elasticwebbenchmark.json" .architecture }}]
        - key: kubernetes.io/os
          operator: In
          values: [linux]
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            app.kubernetes.io/name: elasticwebbenchmark
        namespaceSelector: {}
tolerations:
- key: kubernetes.io/arch
  operator: Equal
  value: {{ include "elasticwebbenchmark.json" .architecture }}
  effect: NoSchedule
{{- range .root.Values.tolerations }}
- {{ include "elasticwebbenchmark.json" . }}
{{- end }}
{{- end }}

{{- /* The application, as a sidecar: the load generator begins when its startup probe succeeds, and it ends with that. */}}
{{- define "elasticwebbenchmark.target" -}}
{{- $v := .root.Values }}
name: target
image: {{ include "elasticwebbenchmark.json" $v.image }}
{{- with $v.imagePullPolicy }}
imagePullPolicy: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
restartPolicy: Always
{{- with $v.command }}
command: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
{{- with $v.args }}
args: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
ports:
- name: http
  containerPort: {{ int64 $v.containerPort }}
  protocol: TCP
{{- include "elasticwebbenchmark.env" .root }}
{{- with $v.envFrom }}
envFrom: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
resources:
{{- if kindIs "invalid" $v.resources }}
  requests:
    cpu: 100m
    memory: 512Mi
  limits:
    cpu: 100m
    memory: 512Mi
{{- else }} {{ include "elasticwebbenchmark.json" $v.resources }}
{{- end }}
startupProbe:
{{- if kindIs "invalid" $v.startupProbe }}
  tcpSocket:
    port: http
  periodSeconds: 1
  failureThreshold: 300
{{- else }} {{ include "elasticwebbenchmark.json" $v.startupProbe }}
{{- end }}
{{- if not (kindIs "invalid" $v.securityContext) }}
securityContext: {{ include "elasticwebbenchmark.json" $v.securityContext }}
{{- end }}
{{- with $v.volumeMounts }}
volumeMounts: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
{{- /* "exec format error" goes to the container's log: so it gets into the pod's status. */}}
terminationMessagePolicy: FallbackToLogsOnError
{{- end }}

{{- /* The proxies' variables come first: so those of env may refer to them. */}}
{{- define "elasticwebbenchmark.env" -}}
{{- $own := list }}
{{- range .Values.env }}
{{- $own = append $own .name }}
{{- end }}
{{- $all := list }}
{{- range .Values.proxy }}
{{- if not (has .name $own) }}
{{- $all = append $all . }}
{{- end }}
{{- end }}
{{- with concat $all .Values.env }}
env: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
{{- end }}

{{- define "elasticwebbenchmark.generator" -}}
{{- $v := .root.Values }}
{{- $g := $v.generator }}
name: loadtest
image: {{ include "elasticwebbenchmark.json" $g.image }}
{{- with $g.imagePullPolicy }}
imagePullPolicy: {{ include "elasticwebbenchmark.json" . }}
{{- end }}
command: {{ include "elasticwebbenchmark.json" $g.command }}
args:
{{- /* Kubernetes would take $(NAME) for a variable, and $$ for a dollar. */}}
- {{ printf "--target=http://127.0.0.1:%d%s" (int64 $v.containerPort) $v.path | replace "$" "$$" | include "elasticwebbenchmark.json" }}
- {{ printf "--architecture=%s" .architecture | include "elasticwebbenchmark.json" }}
- {{ printf "--latency-target=%s" $v.latencyTarget | include "elasticwebbenchmark.json" }}
- --error-rate-target={{ include "elasticwebbenchmark.share" $v.errorRateTarget }}
- {{ printf "--duration=%s" $v.duration | include "elasticwebbenchmark.json" }}
- --max-qps={{ int64 $v.maxQPS }}
- --wait={{ include "elasticwebbenchmark.wait" .root }}
- --output=/dev/termination-log
resources:
{{- if kindIs "invalid" $g.resources }}
  requests:
    cpu: 500m
    memory: 64Mi
  limits:
    memory: 512Mi
{{- else }} {{ include "elasticwebbenchmark.json" $g.resources }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
{{- /* The image's own user, which OpenShift may replace, unless the pod's is root. */}}
{{- with $v.podSecurityContext }}
{{- if and (hasKey . "runAsUser") (eq (int64 .runAsUser) 0) }}
  runAsUser: 65532
{{- end }}
{{- end }}
  seccompProfile:
    type: RuntimeDefault
terminationMessagePath: /dev/termination-log
terminationMessagePolicy: File
{{- end }}
