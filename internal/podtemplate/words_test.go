// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
)

func TestFieldsAreNamedWhereTheUserSaidThem(t *testing.T) {
	words := WordsOf(&runtime.RawExtension{Raw: []byte(`{"metadata": {"labels": {"a": "b"}}, "spec": {
		"initContainers": [{"name": "prepare"}], "hostAliases": [{"ip": "x"}], "nodeSelector": {"disk": "fast"}, "securityContext": {"fsGroup": 1}, "volumes": [{}],
		"containers": [{"name": "logs", "ports": [{}]}, {"name": "web", "env": [{}], "securityContext": {"runAsUser": 1}, "ports": [{"containerPort": 9090}], "lifecycle": null}, {"name": "proxy"}]}}`)})
	for text, want := range map[string]string{
		// As the API server names them in a Deployment, and in a pod.
		"spec.template.spec.initContainers[0].image: Required value":    "spec.podTemplate.spec.initContainers[0].image: Required value",
		"spec.template.spec.hostAliases[0].ip: Invalid value: \"x\"":    "spec.podTemplate.spec.hostAliases[0].ip: Invalid value: \"x\"",
		".spec.template.spec.hostAliases: field not declared in schema": ".spec.podTemplate.spec.hostAliases: field not declared in schema",
		"spec.template.spec.containers[1].image":                        "spec.podTemplate.spec.containers[0].image",
		"spec.template.spec.containers[2].image":                        "spec.podTemplate.spec.containers[2].image",
		"spec.template.spec.containers[0].env[0].name":                  "spec.podTemplate.spec.containers[1].env[0].name",
		"spec.template.spec.containers[0].ports[1].name":                "spec.podTemplate.spec.containers[1].ports[0].name",
		"spec.template.spec.volumes[0].name and spec.containers[2].tty": "spec.podTemplate.spec.volumes[0].name and spec.podTemplate.spec.containers[2].tty",
		`.spec.template.spec.containers[name="proxy"].grpc.mode: no`:    `.spec.podTemplate.spec.containers[2].grpc.mode: no`,
		`.spec.template.spec.containers[name="web"].lifecycle.x: no`:    `.spec.podTemplate.spec.containers[1].lifecycle.x: no`,
		`.spec.template.spec.containers[name="istio"].lifecycle: no`:    `.spec.template.spec.containers[name="istio"].lifecycle: no`,
		"spec.template.labels: Invalid value: \"-\": no":                "spec.podTemplate.metadata.labels: Invalid value: \"-\": no",
		"spec.template.metadata.labels":                                 "spec.podTemplate.metadata.labels",
		"spec.securityContext.runAsUser: Invalid value: -1: no":         "spec.podTemplate.spec.securityContext.runAsUser: Invalid value: -1: no",
		"spec.nodeSelector: Forbidden: set spec.nodeSelector":           "spec.podTemplate.spec.nodeSelector: Forbidden: set spec.podTemplate.spec.nodeSelector",
		// What the operator made, or others added.
		"spec.template.annotations: Invalid value":                "spec.template.annotations: Invalid value",
		"spec.priorityClassName: Forbidden":                       "spec.priorityClassName: Forbidden",
		"spec.template.spec.containers[0].ports[0].containerPort": "spec.template.spec.containers[0].ports[0].containerPort",
		"spec.template.spec.containers[0].image":                  "spec.template.spec.containers[0].image",
		"spec.template.spec.containers[0]":                        "spec.template.spec.containers[0]",
		"spec.template.spec.containers[3].image":                  "spec.template.spec.containers[3].image",
		"spec.template.spec.initContainers[1].image":              "spec.template.spec.initContainers[1].image",
		"spec.template.spec.tolerations[0]":                       "spec.template.spec.tolerations[0]",
		"spec.template.metadata.annotations":                      "spec.template.metadata.annotations",
		"spec.template":                                           "spec.template",
		"spec.replicas":                                           "spec.replicas",
		// As the operator names them.
		"look at spec.nodeSelector, spec.affinity":             "look at spec.podTemplate.spec.nodeSelector, spec.affinity",
		"mend spec.lifecycle.postStart":                        "mend spec.lifecycle.postStart",
		"spec.env or spec.envFrom":                             "spec.podTemplate.spec.containers[1].env or spec.envFrom",
		"spec.podLabels, spec.podSecurityContext.fsGroup":      "spec.podTemplate.metadata.labels, spec.podTemplate.spec.securityContext.fsGroup",
		"set spec.securityContext":                             "set spec.podTemplate.spec.containers[1].securityContext",
		"spec.podTemplate.spec.nodeSelector stays as it is":    "spec.podTemplate.spec.nodeSelector stays as it is",
		"no field of the spec is at fault: spec. and its kind": "no field of the spec is at fault: spec. and its kind",
	} {
		if got := words.Say(text); got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", text, got, want)
		}
		if got := (Words{}).Say(text); got != text {
			t.Errorf("without a template %s becomes %s", text, got)
		}
	}
	for name, want := range map[string]bool{"prepare": true, "proxy": true, "istio-proxy": false} {
		if words.Names(name) != want || WordsOf(nil).Names(name) {
			t.Errorf("of the template is %s: want %t", name, want)
		}
	}
}
