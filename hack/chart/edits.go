// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	chartName     = "elasticweb-operator"
	watchVariable = "WATCH_NAMESPACE"
	// Argo CD goes by the first where an Application is deleted, and not where the chart has the object no more.
	keepPolicies = "helm.sh/resource-policy: keep\nargocd.argoproj.io/sync-options: Prune=false\n"
)

// Labels that every object of the chart gets from the helper.
var givenLabels = []string{"app.kubernetes.io/name", "app.kubernetes.io/managed-by"}

func include(helper string) string { return `{{ include "` + chartName + "." + helper + `" $ }}` }

// quoted is the same for what stands alone: a name such as 1e3 would be a number.
func quoted(helper string) string {
	return `{{ include "` + chartName + "." + helper + `" $ | quote }}`
}

// edit puts directives where values decide. What it does not know stays as config has it.
func (m *overlays) edit(o *object) error {
	if o.GetKind() == "CustomResourceDefinition" {
		annotations := o.GetAnnotations()
		annotations[block("{{- if $.Values.crds.keep }}\n"+keepPolicies+"{{- end }}\n")] = ""
		o.SetAnnotations(annotations)
		setLabels(o)
		return nil
	}
	o.Object = m.rename(o.Object).(map[string]any)
	setLabels(o)
	switch o.GetKind() {
	case "Deployment":
		return editDeployment(o)
	case "Service":
		return editService(o)
	case "ServiceAccount":
		return editAccount(o)
	case "ServiceMonitor":
		return editMonitor(o)
	case "NetworkPolicy":
		return editPolicy(nested(o.Object, "spec"))
	}
	return nil
}

// rename finds the names, the namespaces and the image wherever they stand.
func (m *overlays) rename(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			value[key] = m.rename(inner)
		}
		if value["kind"] == "ServiceAccount" && value["name"] != nil { // a subject
			value["name"] = inline(quoted("account"))
		}
		return value
	case []any:
		for i := range value {
			value[i] = m.rename(value[i])
		}
		return value
	case string:
		return m.renamed(value)
	}
	return value
}

func (m *overlays) renamed(text string) string {
	switch {
	case text == namespace:
		return inline("{{ $.Release.Namespace | quote }}")
	case text == m.watched:
		return watchedToken
	case text == anyImage:
		return inline(quoted("image"))
	case strings.HasPrefix(text, prefix) && m.isName(text):
		return inline(include("fullname")) + "-" + strings.TrimPrefix(text, prefix)
	}
	return text
}

func (m *overlays) isName(text string) bool {
	for _, objects := range []map[string]*object{m.cluster, m.namespaced} {
		for name := range objects {
			if strings.Fields(name)[1] == text {
				return true
			}
		}
	}
	return false
}

func setLabels(o *object) {
	own := o.GetLabels()
	maps.DeleteFunc(own, func(label, _ string) bool { return slices.Contains(givenLabels, label) })
	text := "labels:\n  {{- include \"" + chartName + ".labels\" $ | nindent NINDENT }}\n"
	if len(own) > 0 {
		text += indent(part(own), "  ")
	}
	switch o.GetKind() {
	case "ServiceMonitor":
		text += more("metrics.serviceMonitor.labels")
	case "PrometheusRule":
		text += more("metrics.alerts.labels")
	case "ConfigMap":
		text += more("metrics.dashboards.labels")
	}
	nested(o.Object, "metadata")["labels"] = block(text)
}

func editAccount(o *object) error {
	metadata := nested(o.Object, "metadata")
	metadata["name"] = inline(quoted("account"))
	metadata["annotations"] = block(with("annotations", "serviceAccount.annotations"))
	return nil
}

func editService(o *object) error {
	for _, port := range list(nested(o.Object, "spec")["ports"]) {
		if port := port.(map[string]any); port["name"] == "https" {
			port["name"] = inline(scheme)
		}
	}
	return nil
}

// scheme of the metrics, and name of their port.
const scheme = "{{ ternary \"https\" \"http\" $.Values.metrics.secure }}"

// editPolicy adds the ports to those that do not reach the metadata services of clouds.
func editPolicy(spec map[string]any) error {
	spec["ingress"] = block(when(metrics, part(map[string]any{"ingress": spec["ingress"]})))
	for _, rule := range list(spec["egress"]) {
		if rule := rule.(map[string]any); rule["to"] != nil {
			rule["ports"] = extended(rule["ports"], "{{- range $.Values.networkPolicy.egressPorts }}\n- port: {{ . }}\n  protocol: TCP\n{{- end }}\n")
			return nil
		}
	}
	return errors.New("no rule for what leaves has a destination: teach hack/chart where networkPolicy.egressPorts belong")
}

func editMonitor(o *object) error {
	for _, endpoint := range list(nested(o.Object, "spec")["endpoints"]) {
		endpoint := endpoint.(map[string]any)
		if endpoint["port"] != "https" || endpoint["scheme"] != "https" {
			return errors.New("an endpoint is not the port https: teach hack/chart what metrics.secure makes of it")
		}
		endpoint["port"], endpoint["scheme"] = inline(scheme), inline(scheme)
		for _, field := range []string{"bearerTokenFile", "tlsConfig"} {
			if value, isThere := endpoint[field]; isThere {
				delete(endpoint, field)
				endpoint[last(when("$.Values.metrics.secure", part(map[string]any{field: value})))] = nil
			}
		}
		endpoint[last(withText("interval", "metrics.serviceMonitor.interval"))] = nil
	}
	return nil
}

func editDeployment(o *object) error {
	spec := nested(o.Object, "spec")
	spec["replicas"] = inline("{{ $.Values.replicas }}")
	template := nested(spec, "template")
	metadata := nested(template, "metadata")
	labels := nested(metadata, "labels")
	labels["app.kubernetes.io/managed-by"] = inline("{{ $.Release.Service | quote }}")
	metadata["labels"] = block("labels:\n" + indent(part(labels), "  ") + more("podLabels"))
	metadata["annotations"] = block("annotations:\n" + indent(part(metadata["annotations"]), "  ") + more("podAnnotations"))
	return editPod(nested(template, "spec"))
}

func editPod(pod map[string]any) error {
	pod["serviceAccountName"] = inline(quoted("account"))
	for _, field := range []string{"affinity", "tolerations", "nodeSelector", "topologySpreadConstraints", "imagePullSecrets"} {
		pod[field] = block(with(field, field))
	}
	pod["priorityClassName"] = block(withText("priorityClassName", "priorityClassName"))
	pod["volumes"] = extendedField("volumes", pod["volumes"])
	containers := list(pod["containers"])
	if len(containers) != 1 {
		return fmt.Errorf("it has %d containers: teach hack/chart which values are whose", len(containers))
	}
	return editContainer(containers[0].(map[string]any))
}

func editContainer(manager map[string]any) error {
	manager["imagePullPolicy"] = block(withText("imagePullPolicy", "image.pullPolicy"))
	manager["resources"] = block(with("resources", "resources"))
	for _, variable := range list(manager["env"]) {
		if entry := variable.(map[string]any); entry["name"] == watchVariable {
			entry["value"] = inline("{{ join \",\" $.Values.watchNamespaces | quote }}")
		}
	}
	manager["env"] = extendedField("env", manager["env"])
	manager["volumeMounts"] = extendedField("volumeMounts", manager["volumeMounts"])
	for i, port := range list(manager["ports"]) {
		if port.(map[string]any)["name"] == "metrics" {
			list(manager["ports"])[i] = block(when("$.Values.metrics.enabled", part([]any{port})))
		}
	}
	return editArguments(manager)
}

func editArguments(manager map[string]any) error {
	const metricsFlag = "--metrics-bind-address="
	arguments, found := list(manager["args"]), false
	for i, argument := range arguments {
		if strings.HasPrefix(fmt.Sprint(argument), metricsFlag) {
			found = true
			arguments[i] = block("{{- if $.Values.metrics.enabled }}\n- " + fmt.Sprint(argument) + "\n{{- else }}\n- " + metricsFlag + "0\n{{- end }}\n")
		}
	}
	if !found {
		return fmt.Errorf("the manager has no argument %s: teach hack/chart what metrics.enabled changes", metricsFlag)
	}
	manager["args"] = extended(arguments,
		when("not $.Values.metrics.secure", "- --metrics-secure=false\n")+
			when("not $.Values.benchmarks.enabled", "- --enable-benchmarks=false\n")+
			items("extraArgs"))
	return nil
}
