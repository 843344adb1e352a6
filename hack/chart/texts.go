// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

//go:embed text
var textFiles embed.FS

// facts are what the texts say of the manifests and of the release.
type facts struct {
	Version, KubeVersion, Repository, Digest string
	// Defaults of values, as config has them.
	Replicas                      any
	Resources, Affinity           string
	Tolerations                   string
	ServiceMonitor, NetworkPolicy bool
	// Of Chart.yaml.
	FromCSV, Capabilities         string
	Prerelease                    string
	Images, CRDs, Examples, Links string
	// Of the README.
	Values []value
}

// texts are Chart.yaml, values.yaml and README.md.
func texts(o options, m *overlays) (map[string]string, error) {
	f := facts{Version: o.version, Digest: o.digest, Prerelease: strconv.FormatBool(strings.Contains(o.version, "-"))}
	f.Repository, _ = cutTag(o.image)
	if err := f.readConfig(o, m); err != nil {
		return nil, err
	}
	if err := f.readCSV(o); err != nil {
		return nil, err
	}
	result := map[string]string{}
	for _, name := range []string{"values.yaml", "Chart.yaml", "README.md"} { // the README tells of the values
		made, err := template.ParseFS(textFiles, "text/"+name)
		if err != nil {
			return nil, err
		}
		var text strings.Builder
		if err := made.Execute(&text, f); err != nil {
			return nil, err
		}
		result[name] = text.String()
		if name == "values.yaml" {
			if f.Values, err = explained(text.String()); err != nil {
				return nil, err
			}
		}
	}
	return result, nil
}

// readConfig takes the defaults from a build of its own: in the other one there are directives.
func (f *facts) readConfig(o options, m *overlays) error {
	objects, err := build(o, "config/default")
	if err != nil {
		return err
	}
	manager := objects["Deployment "+deployment+" "+namespace]
	pod := nested(manager.Object, "spec", "template", "spec")
	f.Replicas = nested(manager.Object, "spec")["replicas"]
	f.Resources = indent(part(container(manager)["resources"]), "  ")
	f.Affinity = indent(part(pod["affinity"]), "  ")
	f.Tolerations = part(pod["tolerations"])
	var crds []any
	for name, object := range m.cluster {
		switch object.GetKind() {
		case "ServiceMonitor":
			f.ServiceMonitor = !m.optional[name]
		case "NetworkPolicy":
			f.NetworkPolicy = !m.optional[name]
		}
	}
	for _, name := range []string{"elasticwebs", "elasticwebbenchmarks"} {
		crd := m.cluster["CustomResourceDefinition "+name+".elasticweb.example.com "]
		if crd == nil {
			return fmt.Errorf("config/default has no CRD of %s", name)
		}
		crds = append(crds, described(crd))
	}
	f.CRDs = indent(strings.TrimSuffix(part(crds), "\n"), "    ")
	return f.readExamples(o)
}

func described(crd *object) map[string]any {
	kind := nested(crd.Object, "spec", "names")["kind"]
	version := list(nested(crd.Object, "spec")["versions"])[0].(map[string]any)
	schema := nested(version, "schema", "openAPIV3Schema")
	description, _, _ := strings.Cut(fmt.Sprint(schema["description"]), "\n\n")
	return map[string]any{
		"kind": kind, "version": version["name"], "name": crd.GetName(), "displayName": kind,
		"description": strings.Join(strings.Fields(description), " "),
	}
}

// readExamples takes the first sample of each kind.
func (f *facts) readExamples(o options) error {
	var examples []any
	for _, name := range []string{"elasticweb_v1_elasticweb.yaml", "elasticweb_v1alpha1_elasticwebbenchmark.yaml"} {
		objects, err := manifests.ReadFile(filepath.Join(o.source, "config/samples", name))
		if err != nil {
			return err
		}
		for _, object := range objects {
			examples = append(examples, object.Object)
		}
	}
	f.Examples = indent(strings.TrimSuffix(part(examples), "\n"), "    ")
	return nil
}

// readCSV takes over what users of OLM read.
func (f *facts) readCSV(o options) error {
	text, err := os.ReadFile(filepath.Join(o.source, "config/manifests/bases/elasticweb-operator.clusterserviceversion.yaml"))
	if err != nil {
		return err
	}
	csv := unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &csv.Object); err != nil {
		return err
	}
	spec, annotations := nested(csv.Object, "spec"), csv.GetAnnotations()
	f.KubeVersion, f.Capabilities = fmt.Sprint(spec["minKubeVersion"]), annotations["capabilities"]
	f.FromCSV = strings.TrimSuffix(part(map[string]any{
		"description": annotations["description"], "home": annotations["repository"],
		"sources": []any{annotations["repository"]}, "keywords": spec["keywords"], "maintainers": spec["maintainers"],
	}), "\n")
	var links []any
	for _, link := range list(spec["links"]) {
		links = append(links, map[string]any{"name": link.(map[string]any)["name"], "url": link.(map[string]any)["url"]})
	}
	f.Links = indent(strings.TrimSuffix(part(links), "\n"), "    ")
	image := o.image
	if o.digest != "" {
		image = f.Repository + "@" + o.digest
	}
	f.Images = indent(strings.TrimSuffix(part([]any{map[string]any{"name": chartName, "image": image}}), "\n"), "    ")
	return nil
}
