// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// What the overlays call things. The prefix is the name of the release in a chart.
const (
	prefix     = "elasticweb-"
	namespace  = "elasticweb-system"
	deployment = prefix + "controller-manager"
	account    = prefix + "controller-manager"
	anyImage   = "controller:latest"
)

type object = unstructured.Unstructured

// overlays are what kustomize builds, by kind, name and namespace.
type overlays struct {
	// cluster is for all namespaces, namespaced for one, which is called watched.
	cluster, namespaced map[string]*object
	watched             string
	// optional are objects of cluster that config/default leaves out.
	optional map[string]bool
}

func key(o *object) string { return o.GetKind() + " " + o.GetName() + " " + o.GetNamespace() }

func readManifests(o options) (*overlays, error) {
	result := &overlays{optional: map[string]bool{}}
	var err error
	if result.cluster, err = build(o, "config/default"); err != nil {
		return nil, err
	}
	if result.namespaced, err = build(o, "config/namespaced"); err != nil {
		return nil, err
	}
	for _, part := range []string{"config/prometheus", "config/network-policy", "config/observability", "config/observability/console"} {
		objects, err := build(o, part)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			if !strings.HasPrefix(object.GetName(), prefix) { // a part of other overlays, which say what it is called, and where it is.
				object.SetName(prefix + object.GetName())
				object.SetNamespace(namespace)
			}
			if name := key(object); result.cluster[name] == nil {
				result.cluster[name], result.namespaced[name] = object, object.DeepCopy()
				result.optional[name] = true
			}
		}
	}
	if result.watched, err = watchedNamespace(result.namespaced); err != nil {
		return nil, fmt.Errorf("config/namespaced: %w", err)
	}
	return result, nil
}

func build(o options, overlay string) (map[string]*object, error) {
	command := exec.Command(o.kustomize, "build", filepath.Join(o.source, overlay))
	var complaints bytes.Buffer
	command.Stderr = &complaints
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("kustomize build %s: %w: %s", overlay, err, strings.TrimSpace(complaints.String()))
	}
	list, err := manifests.Decode(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("kustomize build %s: %w", overlay, err)
	}
	objects := map[string]*object{}
	for _, object := range list {
		objects[key(object)] = object
	}
	return objects, nil
}

func watchedNamespace(objects map[string]*object) (string, error) {
	manager := objects["Deployment "+deployment+" "+namespace]
	if manager == nil {
		return "", fmt.Errorf("there is no Deployment %s", deployment)
	}
	for _, variable := range list(container(manager)["env"]) {
		if entry := variable.(map[string]any); entry["name"] == watchVariable && entry["value"] != "" {
			return fmt.Sprint(entry["value"]), nil
		}
	}
	return "", errors.New("the manager watches no namespace")
}

// templates are the generated files of the chart by their names: one for each kind and name.
func (m *overlays) templates() (map[string]string, error) {
	names := map[string]bool{}
	for _, objects := range []map[string]*object{m.cluster, m.namespaced} {
		for name, object := range objects {
			names[name] = true
			if err := m.edit(object); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if err := m.checkConditions(); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		text, err := m.template(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if text != "" {
			parts := strings.Fields(name)
			file := "templates/" + generated + strings.ToLower(parts[0]) + "-" + strings.TrimPrefix(parts[1], prefix) + ".yaml"
			files[file] += text
		}
	}
	return files, nil
}

// template is what becomes of an object of one of the overlays, or of both.
func (m *overlays) template(name string) (string, error) {
	cluster, namespaced := m.cluster[name], m.namespaced[name]
	conditions, object := []string{}, cluster
	switch {
	case cluster == nil:
		conditions, object = append(conditions, "$.Values.watchNamespaces"), namespaced
	case namespaced == nil:
		conditions = append(conditions, "(not $.Values.watchNamespaces)")
	default:
		same, err := equal(cluster, namespaced)
		if err != nil || !same {
			return "", errors.Join(err, errors.New("it differs between config/default and config/namespaced: teach hack/chart what it depends on"))
		}
	}
	if object.GetKind() == "Namespace" { // helm install --create-namespace makes it, and no release may own where it lives.
		return "", nil
	}
	text, err := render(object)
	if err != nil {
		return "", err
	}
	text = "---\n" + text
	if object.GetNamespace() == watchedToken {
		text = "{{- range $namespace := $.Values.watchNamespaces }}\n" + text + "{{- end }}\n"
	}
	switch conditions = append(conditions, m.conditions(object, name)...); len(conditions) {
	case 0:
		return text, nil
	case 1:
		return when(conditions[0], text), nil
	}
	return when("and "+strings.Join(conditions, " "), text), nil
}

func equal(a, b *object) (bool, error) {
	first, err := render(a)
	if err != nil {
		return false, err
	}
	second, err := render(b)
	return first == second, err
}
