{{- /*
Copyright The ElasticWeb Authors.
SPDX-License-Identifier: Apache-2.0
*/}}

{{- define "elasticwebbenchmark.pod" -}}
{{- $v := .root.Values }}
restartPolicy: Never
terminationGracePeriodSeconds: 5
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $v.serviceAccountName }}
serviceAccountName: {{ . | quote }}
{{- end }}
{{- with $v.imagePullSecrets }}
imagePullSecrets:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with $v.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
securityContext:
{{- if kindIs "invalid" $v.podSecurityContext }}
  seccompProfile:
    type: RuntimeDefault
{{- else }}
{{- toYaml $v.podSecurityContext | nindent 2 }}
{{- end }}
initContainers:
- {{- include "elasticwebbenchmark.target" . | trim | indent 2 | trimPrefix " " }}
containers:
- {{- include "elasticwebbenchmark.generator" . | trim | indent 2 | trimPrefix " " }}
{{- with $v.volumes }}
volumes:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with $v.nodeSelector }}
nodeSelector:
{{- toYaml . | nindent 2 }}
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
          values: [{{ .architecture | quote }}]
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
  value: {{ .architecture | quote }}
  effect: NoSchedule
{{- with .root.Values.tolerations }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{- /* The application, as a sidecar: the load generator begins when its startup probe succeeds, and it ends with that. */}}
{{- define "elasticwebbenchmark.target" -}}
{{- $v := .root.Values }}
name: target
image: {{ $v.image | quote }}
{{- with $v.imagePullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
restartPolicy: Always
{{- with $v.command }}
command:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with $v.args }}
args:
{{- toYaml . | nindent 0 }}
{{- end }}
ports:
- name: http
  containerPort: {{ int64 $v.containerPort }}
  protocol: TCP
{{- with include "elasticwebbenchmark.env" .root }}
env:
{{- . | nindent 0 }}
{{- end }}
{{- with $v.envFrom }}
envFrom:
{{- toYaml . | nindent 0 }}
{{- end }}
resources:
{{- if kindIs "invalid" $v.resources }}
  requests:
    cpu: 100m
    memory: 512Mi
  limits:
    cpu: 100m
    memory: 512Mi
{{- else }}
{{- toYaml $v.resources | nindent 2 }}
{{- end }}
startupProbe:
{{- if kindIs "invalid" $v.startupProbe }}
  tcpSocket:
    port: http
  periodSeconds: 1
  failureThreshold: 300
{{- else }}
{{- toYaml $v.startupProbe | nindent 2 }}
{{- end }}
{{- with $v.securityContext }}
securityContext:
{{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.volumeMounts }}
volumeMounts:
{{- toYaml . | nindent 0 }}
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
{{- toYaml . }}
{{- end }}
{{- end }}

{{- define "elasticwebbenchmark.generator" -}}
{{- $v := .root.Values }}
{{- $g := $v.generator }}
name: loadtest
image: {{ $g.image | quote }}
{{- with $g.imagePullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
command:
{{- toYaml $g.command | nindent 0 }}
args:
{{- /* Kubernetes would take $(NAME) for a variable, and $$ for a dollar. */}}
- {{ printf "--target=http://127.0.0.1:%d%s" (int64 $v.containerPort) $v.path | replace "$" "$$" | quote }}
- --architecture={{ .architecture }}
- --latency-target={{ $v.latencyTarget }}
- --error-rate-target={{ include "elasticwebbenchmark.share" $v.errorRateTarget }}
- --duration={{ $v.duration }}
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
{{- else }}
{{- toYaml $g.resources | nindent 2 }}
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
