// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestGates(t *testing.T) {
	b := newScene(t).load(t)
	for _, gate := range Gates {
		t.Run(gate.Name, func(t *testing.T) {
			for _, mistake := range gate.Check(b) {
				t.Error(mistake)
			}
		})
	}
}

func annotate(key string, value any) func(map[string]any) {
	return func(csv map[string]any) { set(table(csv, "metadata", "annotations"), key, value) }
}

// set removes the key where the value is nil.
func set(values map[string]any, key string, value any) {
	if value == nil {
		delete(values, key)
		return
	}
	values[key] = value
}

func specField(key string, value any) func(map[string]any) {
	return func(csv map[string]any) { set(table(csv, "spec"), key, value) }
}

// relate lists a further image.
func relate(image string) func(map[string]any) {
	return func(csv map[string]any) {
		spec := table(csv, "spec")
		list, _ := spec["relatedImages"].([]any)
		spec["relatedImages"] = append(list, map[string]any{"name": "other", "image": image})
	}
}

func manager(csv map[string]any) map[string]any {
	return table(csv, "spec", "install", "spec", "deployments", 0, "spec", "template", "spec", "containers", 0)
}

func podContext(csv map[string]any) map[string]any {
	return table(csv, "spec", "install", "spec", "deployments", 0, "spec", "template", "spec", "securityContext")
}

// dropDescriptor takes the descriptor of a path away from the first kind.
func dropDescriptor(list, path string) func(map[string]any) {
	return func(csv map[string]any) {
		owned := table(csv, "spec", "customresourcedefinitions", "owned", 0)
		owned[list] = slices.DeleteFunc(owned[list].([]any), func(d any) bool { return at(d, "path") == path })
	}
}

// addFile puts another object into the bundle.
func addFile(t *testing.T, s *scene, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.root, "bundle/manifests/added.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestBrokenBundlesAreFound breaks the bundle in one place at a time.
func TestBrokenBundlesAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the bundle some thirty times")
	}
	for name, given := range map[string]struct {
		change func(csv map[string]any)
		gate   string
		says   string
	}{
		"no minKubeVersion":                {specField("minKubeVersion", nil), "validators", "minKubeVersion"},
		"no provider":                      {specField("provider", nil), "validators", "Provider"},
		"an unknown category":              {annotate("categories", "Nonsense"), "validators", "Nonsense"},
		"an unknown capability":            {annotate("capabilities", "Magic"), "required fields", "Magic"},
		"no requests of resources":         {func(csv map[string]any) { delete(manager(csv), "resources") }, "validators", "resource requests"},
		"an image without a tag":           {annotate("containerImage", "quay.io/elasticweb/elasticweb-operator"), "required fields", "containerImage"},
		"a time that is none":              {annotate("createdAt", "yesterday"), "required fields", "createdAt"},
		"a long tile":                      {annotate("description", strings.Repeat("long ", 40)), "required fields", "135"},
		"no icon":                          {specField("icon", nil), "required fields", "spec.icon"},
		"an icon that is none":             {specField("icon", []any{map[string]any{"base64data": "PHN2Zz4=", "mediatype": "image/svg+xml"}}), "required fields", "no SVG"},
		"no example":                       {annotate("alm-examples", "[]"), "required fields", "has no ElasticWeb"},
		"no support":                       {annotate("support", nil), "required fields", "support"},
		"another name":                     {func(csv map[string]any) { table(csv, "metadata")["name"] = "elasticweb-operator.v9.9.9" }, "metadata", "v9.9.9"},
		"an older Kubernetes":              {specField("minKubeVersion", "1.29.0"), "metadata", "OpenShift 4.16"},
		"an image out of relatedImages":    {specField("relatedImages", nil), "related images", "is missing in spec.relatedImages"},
		"a related image of nobody":        {relate("quay.io/elasticweb/other:v1"), "related images", "nothing uses it"},
		"disconnected, with tags":          {annotate(featurePrefix+"disconnected", "true"), "related images", "disconnected"},
		"replaces alone":                   {specField("replaces", "elasticweb-operator.v0.0.9"), "upgrade edges", "both or neither"},
		"skipRange alone":                  {annotate("olm.skipRange", ">=0.0.9 <0.1.0"), "upgrade edges", "both or neither"},
		"a range without what is replaced": {edges("0.0.8", ">=0.0.9 <0.1.0"), "upgrade edges", "leaves out 0.0.8"},
		"a range with this version":        {edges("0.0.9", ">=0.0.9 <=0.1.0"), "upgrade edges", "upgrade itself"},
		"an install mode less":             {func(csv map[string]any) { table(csv, "spec", "installModes", 2)["supported"] = false }, "install modes", "MultiNamespace"},
		"a manager that watches all":       {func(csv map[string]any) { delete(manager(csv), "env") }, "install modes", "olm.targetNamespaces"},
		"secrets of the whole cluster":     {func(csv map[string]any) { widen(csv, "secrets") }, "install modes", "secrets are in namespaces"},
		"no descriptor":                    {dropDescriptor("specDescriptors", "totalQPS"), "nested descriptors", "spec.totalQPS"},
		"no nested descriptor":             {dropDescriptor("specDescriptors", "architectures[0].weight"), "nested descriptors", "spec.architectures[0].weight"},
		"no descriptor of the status":      {dropDescriptor("statusDescriptors", "image.digest"), "nested descriptors", "status.image.digest"},
		"a fixed user":                     {func(csv map[string]any) { podContext(csv)["runAsUser"] = 65532 }, "restricted pods", "restricted-v2"},
		"no seccomp profile":               {func(csv map[string]any) { delete(podContext(csv), "seccompProfile") }, "restricted pods", "seccomp"},
		"privileges":                       {func(csv map[string]any) { delete(manager(csv), "securityContext") }, "restricted pods", "may gain privileges"},
		"no word on a feature":             {annotate(featurePrefix+"cnf", nil), "features", "cnf"},
		"a claim that is not true":         {annotate(featurePrefix+"fips-compliant", "true"), "features", "fips-compliant"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.edit(t, given.change)
			expect(t, s, given.gate, given.says)
		})
	}
}

func edges(replaces, skipRange string) func(map[string]any) {
	return func(csv map[string]any) {
		specField("replaces", "elasticweb-operator.v"+replaces)(csv)
		annotate("olm.skipRange", skipRange)(csv)
	}
}

// widen makes a right on the resource one on the whole cluster.
func widen(csv map[string]any, resource string) {
	permission := table(csv, "spec", "install", "spec", "clusterPermissions", 0)
	permission["rules"] = append(permission["rules"].([]any), map[string]any{
		"apiGroups": []any{""}, "resources": []any{resource}, "verbs": []any{"get"},
	})
}

// expect wants the gate to find the mistake.
func expect(t *testing.T, s *scene, gate, says string) {
	t.Helper()
	for _, g := range Gates {
		if g.Name != gate {
			continue
		}
		mistakes := g.Check(s.load(t))
		if !slices.ContainsFunc(mistakes, func(mistake string) bool { return strings.Contains(mistake, says) }) {
			t.Errorf("the gate %q does not speak of %q, it found %q", gate, says, mistakes)
		}
		return
	}
	t.Fatalf("there is no gate %q", gate)
}

func TestForeignObjectsAreFound(t *testing.T) {
	for kind, text := range map[string]string{
		"NetworkPolicy":  "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: fence}\nspec: {podSelector: {}}\n",
		"ServiceMonitor": "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: scrape}\nspec: {selector: {}, endpoints: []}\n",
		"a namespace":    "apiVersion: v1\nkind: Service\nmetadata: {name: other, namespace: elsewhere}\nspec: {ports: [{port: 80}]}\n",
	} {
		t.Run(kind, func(t *testing.T) {
			s := newScene(t)
			addFile(t, s, text)
			expect(t, s, "kinds", strings.TrimPrefix(kind, "a "))
		})
	}
}

func TestLabelsOfTheImageThatDifferAreFound(t *testing.T) {
	s := newScene(t)
	path := filepath.Join(s.root, "bundle.Dockerfile")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "LABEL "+openShiftVersions+"=", "LABEL ", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, s, "metadata", openShiftVersions)
}
