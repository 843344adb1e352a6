// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// values returns those of YAML documents, each over the ones before it.
func values(t *testing.T, documents ...string) map[string]any {
	t.Helper()
	merged := map[string]any{}
	for _, document := range documents {
		read, err := chartutil.ReadValues([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		merged = chartutil.CoalesceTables(read.AsMap(), merged)
	}
	return merged
}

// render does what helm template does.
func render(t *testing.T, name string, documents ...string) (*helmrelease.Release, error) {
	t.Helper()
	return renderIn(t, releaseNamespace, name, documents...)
}

func renderIn(t *testing.T, namespace, name string, documents ...string) (*helmrelease.Release, error) {
	t.Helper()
	loaded, err := loader.Load(chartPath)
	if err != nil {
		t.Fatal(err)
	}
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	install.ReleaseName, install.Namespace = name, namespace
	install.DryRun, install.ClientOnly, install.Replace = true, true, true
	install.KubeVersion = &chartutil.KubeVersion{Version: "v1.30.0", Major: "1", Minor: "30"}
	return install.Run(loaded, values(t, documents...))
}

type objects map[string]*unstructured.Unstructured

func (o objects) kinds() map[string]int {
	kinds := map[string]int{}
	for _, object := range o {
		kinds[object.GetKind()]++
	}
	return kinds
}

func byName(t *testing.T, text string) objects {
	t.Helper()
	list, err := manifests.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	result := objects{}
	for _, object := range list {
		name := object.GetKind() + " " + object.GetName() + " " + object.GetNamespace()
		if result[name] != nil {
			t.Errorf("%s is there twice", name)
		}
		result[name] = object
	}
	return result
}

func rendered(t *testing.T, documents ...string) objects {
	t.Helper()
	made, err := render(t, release, documents...)
	if err != nil {
		t.Fatal(err)
	}
	return byName(t, made.Manifest)
}

func kustomized(t *testing.T, overlay string) objects {
	t.Helper()
	kustomize, err := filepath.Abs(filepath.Join(root, "bin", "kustomize"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), kustomize, "build", filepath.Join(root, "config", overlay)).Output()
	if err != nil {
		t.Fatalf("%v: build it first: make bin/kustomize", err)
	}
	return byName(t, string(text))
}

// labelsOfTheChart are those of the chart's objects that kustomize does not give, or gives otherwise.
var labelsOfTheChart = []string{
	"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart",
}

// withoutHelm takes off what the chart is meant to have in other words than kustomize.
func withoutHelm(o objects) map[string]any {
	result := map[string]any{}
	for name, object := range o {
		if object.GetKind() == "Namespace" { // helm install --create-namespace
			continue
		}
		object = object.DeepCopy()
		for _, label := range labelsOfTheChart {
			unstructured.RemoveNestedField(object.Object, "metadata", "labels", label)
		}
		if len(object.GetLabels()) == 0 {
			object.SetLabels(nil)
		}
		unstructured.RemoveNestedField(object.Object, "spec", "template", "metadata", "labels", "app.kubernetes.io/managed-by")
		for policy := range keeps {
			unstructured.RemoveNestedField(object.Object, "metadata", "annotations", policy)
		}
		result[name] = object.Object
	}
	return result
}

// anyImage is what config calls the image.
const anyImage = "image: {repository: controller, tag: latest}"

func TestTheChartIsWhatKustomizeMakes(t *testing.T) {
	for overlay, given := range map[string]string{"default": "", "namespaced": "watchNamespaces: [dev]"} {
		t.Run(overlay, func(t *testing.T) {
			made, want := rendered(t, anyImage, given), kustomized(t, overlay)
			if len(made) < 15 {
				t.Fatalf("only %d objects", len(made))
			}
			if diff := cmp.Diff(withoutHelm(want), withoutHelm(made)); diff != "" {
				t.Errorf("kustomize -, the chart +: make chart, or teach hack/chart\n%s", diff)
			}
		})
	}
}

func TestTheChartHasTheAlertsAndDashboardsOfKustomize(t *testing.T) {
	made := rendered(t, "metrics: {alerts: {enabled: true}, dashboards: {grafana: true, openshift: true}}")
	maps.DeleteFunc(made, func(_ string, o *unstructured.Unstructured) bool {
		return o.GetKind() != "PrometheusRule" && o.GetKind() != "ConfigMap"
	})
	want := kustomized(t, "observability")
	maps.Copy(want, kustomized(t, "observability-openshift"))
	if diff := cmp.Diff(withoutHelm(want), withoutHelm(made)); diff != "" || len(made) != 4 {
		t.Errorf("%d objects; kustomize -, the chart +: make chart, or teach hack/chart\n%s", len(made), diff)
	}
}

func TestEveryObjectTellsItsRelease(t *testing.T) {
	for name, object := range rendered(t, "watchNamespaces: [one, two]", everything) {
		for _, label := range labelsOfTheChart {
			if object.GetLabels()[label] == "" {
				t.Errorf("%s has no label %s", name, label)
			}
		}
	}
}

// everything switches on what is off by default.
const everything = `
metrics:
  serviceMonitor: {enabled: true, labels: {release: prometheus}, interval: 30s}
  alerts: {enabled: true, labels: {release: prometheus}}
  dashboards: {grafana: true, openshift: true, labels: {team: web}}
networkPolicy: {enabled: true, egressPorts: [8081]}
`

func TestValuesSwitchObjects(t *testing.T) {
	for name, test := range map[string]struct {
		given string
		kinds map[string]int // how many there are; those that are not named do not matter.
	}{
		"by default":              {"", map[string]int{"CustomResourceDefinition": 2, "ClusterRole": 7, "ClusterRoleBinding": 3, "Service": 1, "ServiceMonitor": 0, "PrometheusRule": 0, "ConfigMap": 0}},
		"everything":              {everything, map[string]int{"ServiceMonitor": 1, "PrometheusRule": 1, "ConfigMap": 3, "NetworkPolicy": 1}},
		"no CRDs":                 {"crds: {enabled: false}", map[string]int{"CustomResourceDefinition": 0}},
		"no roles for users":      {"rbac: {userRoles: false}", map[string]int{"ClusterRole": 4}},
		"no rights":               {"rbac: {create: false}", map[string]int{"ClusterRole": 0, "ClusterRoleBinding": 0, "Role": 0, "RoleBinding": 0}},
		"no account":              {"serviceAccount: {create: false, name: mine}", map[string]int{"ServiceAccount": 0}},
		"metrics off":             {"metrics: {enabled: false, serviceMonitor: {enabled: true}, alerts: {enabled: true}, dashboards: {grafana: true, openshift: true}}", map[string]int{"Service": 0, "ServiceMonitor": 0, "PrometheusRule": 0, "ConfigMap": 0, "ClusterRole": 5, "ClusterRoleBinding": 2}},
		"metrics in plain text":   {"metrics: {secure: false}", map[string]int{"Service": 1, "ClusterRole": 5, "ClusterRoleBinding": 2}},
		"two namespaces":          {"watchNamespaces: [one, two]\nrbac: {userRoles: false}", map[string]int{"ClusterRole": 3, "ClusterRoleBinding": 2, "Role": 5, "RoleBinding": 5}},
		"two without benchmarks":  {"watchNamespaces: [one, two]\nbenchmarks: {enabled: false}", map[string]int{"Role": 3, "RoleBinding": 3}},
		"all, without benchmarks": {"benchmarks: {enabled: false}", map[string]int{"ClusterRole": 6, "ClusterRoleBinding": 2, "Role": 1, "RoleBinding": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			kinds := rendered(t, test.given).kinds()
			for kind, want := range test.kinds {
				if kinds[kind] != want {
					t.Errorf("%d of the kind %s, want %d", kinds[kind], kind, want)
				}
			}
		})
	}
}

func TestValuesReachTheManager(t *testing.T) {
	made := rendered(t, everything, `
fullnameOverride: web
image: {repository: registry.example.com/operator, digest: "sha256:`+strings.Repeat("0", 64)+`", pullPolicy: Always}
imagePullSecrets: [{name: regcred}]
replicas: 2
resources: {limits: {memory: 1Gi}}
watchNamespaces: [one, two]
extraArgs: [--look-up-images=false]
env: [{name: HTTPS_PROXY, value: "http://proxy:3128"}]
benchmarks: {enabled: false}
metrics: {secure: false}
serviceAccount: {name: mine, annotations: {a: b}}
podLabels: {team: web}
podAnnotations: {c: d}
nodeSelector: {e: f}
tolerations: [{key: g, operator: Exists}]
affinity: {podAntiAffinity: {}}
topologySpreadConstraints: [{maxSkew: 1}]
priorityClassName: system-cluster-critical
volumes: [{name: ca}]
volumeMounts: [{name: ca, mountPath: /ca}]
`)
	manager := made["Deployment web-controller-manager "+releaseNamespace]
	if manager == nil {
		t.Fatalf("no Deployment among %v", made.kinds())
	}
	text := fmt.Sprint(manager.Object)
	image := "registry.example.com/operator@sha256:" + strings.Repeat("0", 64)
	for _, want := range []string{
		"replicas:2", "image:" + image, "imagePullPolicy:Always", "imagePullSecrets:[map[name:regcred]]", "memory:1Gi",
		"name:WATCH_NAMESPACE value:one,two", "name:RELATED_IMAGE_LOADTEST value:" + image, "value:http://proxy:3128",
		"--metrics-secure=false --enable-benchmarks=false --look-up-images=false]",
		"serviceAccountName:mine", "team:web", "c:d", "nodeSelector:map[e:f]", "tolerations:[map[key:g operator:Exists]]",
		"podAntiAffinity:map[]", "kubernetes.io/arch", "maxSkew:1", "priorityClassName:system-cluster-critical",
		"volumes:[map[name:ca]]", "volumeMounts:[map[mountPath:/ca name:ca]]",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the Deployment lacks %s: %s", want, text)
		}
	}
	for name, want := range map[string][]string{
		"ServiceAccount mine " + releaseNamespace:                                   {"annotations:map[a:b]"},
		"RoleBinding web-manager-rolebinding two":                                   {"name:mine", "name:web-manager-role"},
		"Service web-controller-manager-metrics-service " + releaseNamespace:        {"name:http "},
		"ServiceMonitor web-controller-manager-metrics-monitor " + releaseNamespace: {"port:http ", "scheme:http]", "interval:30s", "release:prometheus"},
		"NetworkPolicy web-controller-manager " + releaseNamespace:                  {"port:8081"},
	} {
		object := made[name]
		if object == nil {
			t.Errorf("no %s", name)
			continue
		}
		for _, text := range want {
			if !strings.Contains(fmt.Sprint(object.Object), text) {
				t.Errorf("%s lacks %s: %s", name, text, object.Object)
			}
		}
	}
}

func TestTheNetworkPolicyOpensWhatIsServed(t *testing.T) {
	for given, want := range map[string]int{"": 1, "metrics: {enabled: false}": 0} {
		policy := rendered(t, given)["NetworkPolicy "+release+"-controller-manager "+releaseNamespace]
		if rules, _, _ := unstructured.NestedSlice(policy.Object, "spec", "ingress"); len(rules) != want {
			t.Errorf("%q: it lets in %v", given, rules)
		}
	}
}

// Ports that are added must not lead to the metadata services of clouds.
func TestAddedPortsAreOfARuleWithDestinations(t *testing.T) {
	policy := rendered(t, "networkPolicy: {egressPorts: [8081]}")["NetworkPolicy "+release+"-controller-manager "+releaseNamespace]
	rules, _, _ := unstructured.NestedSlice(policy.Object, "spec", "egress")
	found := false
	for _, rule := range rules {
		if rule := rule.(map[string]any); strings.Contains(fmt.Sprint(rule["ports"]), "port:8081 ") {
			found = true
			if !strings.Contains(fmt.Sprint(rule["to"]), "169.254.0.0/16") {
				t.Errorf("it leads everywhere: %v", rule)
			}
		}
	}
	if !found {
		t.Errorf("no rule has the port: %v", rules)
	}
}

// keeps are the annotations by which a CRD stays: Helm goes by the one, Argo CD by the other where it prunes.
var keeps = map[string]string{"helm.sh/resource-policy": "keep", "argocd.argoproj.io/sync-options": "Prune=false"}

func TestTheCRDsAreKeptUnlessToldOtherwise(t *testing.T) {
	for given, isKept := range map[string]bool{"": true, "crds: {keep: false}": false} {
		for name, object := range rendered(t, given) {
			if object.GetKind() != "CustomResourceDefinition" {
				continue
			}
			for policy, want := range keeps {
				got, isThere := object.GetAnnotations()[policy]
				if isThere != isKept || isKept && got != want {
					t.Errorf("%q: %s of %s is %q", given, policy, name, got)
				}
			}
		}
	}
}

func TestWhatLooksWrongAndIsNot(t *testing.T) {
	for _, given := range []string{
		`image: {repository: "localhost:5000/a"}`, `image: {repository: "[fd00::1]:5000/a/b__c"}`, "image: {repository: a}", "image: {repository: Registry.example.com/a-b.c/d}",
		"extraArgs: [--metrics-cert-path=/certificates, --leader-election-namespace=elsewhere]",
		"{resources: null, affinity: null, tolerations: null}",
	} {
		if _, err := render(t, release, given); err != nil {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func TestWhatIsWrongIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ release, given, says string }{
		"a value that does not exist":   {release, "replicaCount: 2", "replicaCount"},
		"one further down":              {release, "metrics: {serviceMonitor: {enable: true}}", "enable"},
		"another type":                  {release, "watchNamespaces: dev", "watchNamespaces"},
		"no name of a namespace":        {release, "watchNamespaces: [Dev]", "watchNamespaces"},
		"no digest":                     {release, "image: {digest: latest}", "digest"},
		"no flag":                       {release, "extraArgs: [look-up-images=false]", "extraArgs"},
		"another address of metrics":    {release, "extraArgs: [\"--metrics-bind-address=:9090\"]", "set metrics.enabled"},
		"metrics in plain text":         {release, "extraArgs: [--metrics-secure=false]", "set metrics.secure"},
		"no leader":                     {release, "extraArgs: [--look-up-images, --leader-elect=false]", "replicas need it"},
		"benchmarks against the rights": {release, "benchmarks: {enabled: false}\nextraArgs: [--enable-benchmarks]", "set benchmarks.enabled"},
		"probes elsewhere":              {release, "extraArgs: [--health-probe-bind-address=0]", "the probes need theirs"},
		"a manager that tests":          {release, "extraArgs: [--test-in=dev]", "run helm test"},
		"a manager that ends":           {release, "extraArgs: [--version]", "leave it out"},
		"a monitor's label twice":       {release, "metrics: {serviceMonitor: {labels: {control-plane: mine}}}", "control-plane"},
		"a label of the sidecar":        {release, "metrics: {dashboards: {labels: {grafana_dashboard: no}}}", "grafana_dashboard"},
		"a quoted image":                {release, `image: {repository: '"q"'}`, "repository"},
		"an alias for an image":         {release, `image: {repository: "*a"}`, "repository"},
		"an anchor for an image":        {release, `image: {repository: "&a"}`, "repository"},
		"an image with its tag":         {release, `image: {repository: "quay.io/a/b:c"}`, "repository"},
		"a name with a dot":             {"my.rel", "", "set fullnameOverride to lower-case letters"},
		"a name that begins with 1":     {"1e3", "", "set fullnameOverride to lower-case letters"},
		"a variable of the chart":       {release, "env: [{name: WATCH_NAMESPACE, value: dev}]", "another value stands for WATCH_NAMESPACE: set watchNamespaces"},
		"a label of the selector":       {release, "podLabels: {control-plane: mine}", "control-plane"},
		"a long name":                   {strings.Repeat("a", 29), "", "set fullnameOverride to a shorter one"},
		"no account":                    {release, "serviceAccount: {create: false}", "set serviceAccount.name"},
		"a port that is none":           {release, "networkPolicy: {egressPorts: [70000]}", "egressPorts"},
		"a pull policy that is none":    {release, "image: {pullPolicy: Sometimes}", "pullPolicy"},
		"resources of containers alone": {release, "resources: {limit: {}}", "resources"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := render(t, test.release, test.given); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %s", err, test.says)
			}
		})
	}
}

// Helm takes an object for that of the release which made it, and refuses another one that has it, too.
func TestReleasesOfTwoNamesShareNoObject(t *testing.T) {
	shops, err := renderIn(t, "shops-operator", "shops", everything, "watchNamespaces: [shops]")
	if err != nil {
		t.Fatal(err)
	}
	blogs, err := renderIn(t, "blogs-operator", "blogs", everything, "watchNamespaces: [blogs]\ncrds: {enabled: false}")
	if err != nil {
		t.Fatal(err)
	}
	others := byName(t, blogs.Manifest)
	for name := range byName(t, shops.Manifest) {
		if others[name] != nil {
			t.Errorf("both have %s", name)
		}
	}
}

// A schema that says nothing of a value refuses it, and one that leaves a map open lets misspelled values pass.
func TestTheSchemaKnowsEveryValue(t *testing.T) {
	loaded, err := loader.Load(chartPath)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := chartutil.ReadValues(loaded.Schema)
	if err != nil {
		t.Fatal(err)
	}
	open := []string{"global"}
	var check func(path string, schema, given map[string]any)
	check = func(path string, schema, given map[string]any) {
		properties, _ := schema["properties"].(map[string]any)
		if schema["additionalProperties"] != false {
			t.Errorf("the schema of %s takes any value", path)
		}
		for name := range given {
			if properties[name] == nil {
				t.Errorf("the schema does not know %s%s", path, name)
			}
		}
		for name, inner := range properties {
			inner := inner.(map[string]any)
			if _, isThere := given[name]; !isThere && !slices.Contains(open, name) && path != "resources." && path != "affinity." {
				t.Errorf("values.yaml does not tell of %s%s", path, name)
			}
			if child, isMap := given[name].(map[string]any); isMap && inner["properties"] != nil {
				check(path+name+".", inner, child)
			}
		}
	}
	check("", schema, loaded.Values)
}

func TestTheNotesTellWhatIsSpecial(t *testing.T) {
	for given, says := range map[string]string{
		"":                             "watches all namespaces",
		"watchNamespaces: [one]":       "watches the namespace one.",
		"watchNamespaces: [one, two]":  "watches the namespaces one, two.",
		"watchNamespaces: [dev]":       "Install another operator, for other namespaces, elsewhere than in " + releaseNamespace,
		"benchmarks: {enabled: false}": "ElasticWebBenchmarks are switched off",
		"crds: {enabled: false}":       "The CRDs are not a part of this release",
		"crds: {keep: false}":          "kubectl delete elasticwebbenchmarks,elasticwebs --all",
		"rbac: {create: false}":        "needs the roles of",
	} {
		made, err := render(t, release, given)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(made.Info.Notes, says) {
			t.Errorf("%q: the notes do not say %q:\n%s", given, says, made.Info.Notes)
		}
	}
}
