// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// specOf reads a spec from the JSON of its fields.
func specOf(t *testing.T, text string) *elasticwebv1.ElasticWebSpec {
	t.Helper()
	spec := &elasticwebv1.ElasticWebSpec{}
	if err := json.Unmarshal([]byte(text), spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestRefusedTemplates(t *testing.T) {
	containers := func(list string, n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"name": "c%d%s", "image": "i"}`, i, list[:1]))
		}
		return fmt.Sprintf(`%q: [%s]`, list, strings.Join(all, ", "))
	}
	for name, test := range map[string]struct{ template, says string }{
		"an unknown field":           {`{"spec": {"contaners": []}}`, "spec.podTemplate.spec.contaners: unknown field"},
		"one in a container":         {`{"spec": {"containers": [{"name": "a"}, {"name": "b", "img": 1}]}}`, "spec.podTemplate.spec.containers[1].img: unknown field"},
		"one at the top":             {`{"specs": {}}`, "spec.podTemplate.specs: unknown field"},
		"one in another case":        {`{"spec": {"Containers": []}}`, "spec.podTemplate.spec.Containers: unknown field"},
		"an object in an unknown":    {`{"spec": {"x": {"y": {"z": [1]}}}}`, "spec.podTemplate.spec.x: unknown field"},
		"a text for a number":        {`{"spec": {"priority": "high"}}`, "spec.podTemplate.spec.priority: a value of another type"},
		"a number for a text":        {`{"spec": {"initContainers": [{"name": "a", "env": [{"name": "A", "value": 1}]}]}}`, "spec.podTemplate.spec.initContainers[0].env[0].value: a value of another type"},
		"an object for a text":       {`{"spec": {"hostname": {"a": 1}}}`, "spec.podTemplate.spec.hostname: a value of another type"},
		"an object for a list":       {`{"spec": {"containers": {"a": {}}}}`, "spec.podTemplate.spec.containers: a value of another type"},
		"a list for an object":       {`{"spec": ["x"]}`, "spec.podTemplate.spec: a value of another type"},
		"more than its type holds":   {`{"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 99999999999}]}]}}`, "spec.podTemplate.spec.containers[0].ports[0].containerPort: a value of another type, or out of range"},
		"no quantity":                {`{"spec": {"overhead": {"cpu": "much"}}}`, "spec.podTemplate.spec.overhead.cpu: a value of another type"},
		"a quantity without end":     {`{"spec": {"overhead": {"cpu": "1e999999999"}}}`, "spec.podTemplate.spec.overhead.cpu: a quantity may have 64 characters, and its exponent two digits"},
		"one with blanks":            {`{"spec": {"overhead": {"cpu": "\u00a01e-999999999\n"}}}`, "spec.podTemplate.spec.overhead.cpu: a quantity may have 64 characters, and its exponent two digits"},
		"one of what is not taken":   {`{"spec": {"containers": [{"name": "web", "resources": {"limits": {"cpu": "1E1000"}}}]}}`, "spec.podTemplate.spec.containers[0].resources.limits.cpu: a quantity may have 64"},
		"no object":                  {`5`, "spec.podTemplate is no object"},
		"no JSON":                    {`{`, "spec.podTemplate cannot be read"},
		"too much":                   {`{"spec": {"hostname": "` + strings.Repeat("a", mostBytes) + `"}}`, "spec.podTemplate has 131096 bytes, and may have 131072: put the largest part of it into a ConfigMap"},
		"$patch":                     {`{"spec": {"containers": [{"name": "web", "$patch": "delete"}]}}`, "spec.podTemplate.spec.containers[0].$patch: directives of a strategic merge patch are not taken"},
		"$retainKeys":                {`{"spec": {"$retainKeys": []}}`, "spec.podTemplate.spec.$retainKeys: directives"},
		"$setElementOrder":           {`{"spec": {"$setElementOrder/containers": []}}`, "spec.podTemplate.spec.$setElementOrder/containers: directives"},
		"a directive in a map":       {`{"spec": {"nodeSelector": {"$patch": "replace"}}}`, "spec.podTemplate.spec.nodeSelector.$patch: directives"},
		"null in a list":             {`{"spec": {"containers": [null]}}`, "spec.podTemplate.spec.containers[0]: null may stand for a field, not in a list or a map; leave it out"},
		"a name":                     {`{"metadata": {"name": "x"}}`, "spec.podTemplate.metadata.name: of the metadata of pods only labels and annotations are the user's"},
		"finalizers":                 {`{"metadata": {"finalizers": ["x/y"]}}`, "spec.podTemplate.metadata.finalizers: of the metadata"},
		"a label of the selector":    {`{"metadata": {"labels": {"app.kubernetes.io/instance": "x"}}}`, "spec.podTemplate.metadata.labels: the operator sets app.kubernetes.io/instance; choose another key"},
		"a label of the operator":    {`{"metadata": {"labels": {"app.kubernetes.io/managed-by": "x"}}}`, "the operator sets app.kubernetes.io/managed-by"},
		"a deletion cost":            {`{"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": ""}}}`, "spec.podTemplate.metadata.annotations: the operator sets controller.kubernetes.io/pod-deletion-cost"},
		"a node":                     {`{"spec": {"nodeName": "n"}}`, "spec.podTemplate.spec.nodeName: the scheduler chooses the node"},
		"pods that end":              {`{"spec": {"restartPolicy": "Never"}}`, "spec.podTemplate.spec.restartPolicy: what serves is always started again"},
		"another system":             {`{"spec": {"os": {"name": "windows"}}}`, "spec.podTemplate.spec.os: the pods run on Linux nodes only"},
		"the account's old name":     {`{"spec": {"serviceAccount": "x"}}`, "spec.podTemplate.spec.serviceAccount: its name of today is serviceAccountName"},
		"an account elsewhere":       {`{"spec": {"serviceAccountName": "../x"}}`, "spec.podTemplate.spec.serviceAccountName is no name of a ServiceAccount"},
		"a Secret elsewhere":         {`{"spec": {"imagePullSecrets": [{"name": "a"}, {"name": "../x"}]}}`, "spec.podTemplate.spec.imagePullSecrets[1].name is no name of a Secret"},
		"too many Secrets":           {`{"spec": {"imagePullSecrets": [` + strings.TrimSuffix(strings.Repeat(`{"name": "a"},`, 17), ",") + `]}}`, "spec.podTemplate.spec.imagePullSecrets has 17 entries, and may have 16"},
		"pods that ended before":     {`{"spec": {"terminationGracePeriodSeconds": -5}}`, "spec.podTemplate.spec.terminationGracePeriodSeconds must be at least 0"},
		"too many constraints":       {`{"spec": {"topologySpreadConstraints": [` + strings.TrimSuffix(strings.Repeat(`{},`, 17), ",") + `]}}`, "spec.podTemplate.spec.topologySpreadConstraints has 17 entries, and may have 16"},
		"a sidecar's variable twice": {`{"spec": {"containers": [{"name": "a", "env": [{"name": "A"}, {"name": "B"}, {"name": "A"}]}]}}`, "spec.podTemplate.spec.containers[0].env[2]: there is another one of the same name; leave one of the two out"},
		"a port twice":               {`{"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 1}, {"containerPort": 1, "protocol": "TCP"}]}]}}`, "spec.podTemplate.spec.containers[0].ports[1]: there is another one of the same containerPort and protocol"},
		"null for a label":           {`{"metadata": {"labels": {"a": null}}}`, "spec.podTemplate.metadata.labels.a: null may stand for a field"},
		"a quantity without an end":  {`{"spec": {"overhead": {"cpu": "` + strings.Repeat("1", 65) + `"}}}`, "spec.podTemplate.spec.overhead.cpu: a quantity may have 64 characters"},
		"a container without a name": {`{"spec": {"containers": [{"image": "i"}]}}`, "spec.podTemplate.spec.containers[0].name: give it a name; that of the operator's own is web"},
		"two of one name":            {`{"spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "a"}]}}`, "spec.podTemplate.spec.initContainers[0].name: there is another one of that name"},
		"web twice":                  {`{"spec": {"containers": [{"name": "web"}, {"name": "web"}]}}`, "spec.podTemplate.spec.containers[1]: there is another one of the same name"},
		"web before the start":       {`{"spec": {"initContainers": [{"name": "web"}]}}`, "spec.podTemplate.spec.initContainers[0].name: web is the name of the container that runs spec.image"},
		"another image":              {`{"spec": {"containers": [{"name": "web", "image": "i"}]}}`, "spec.podTemplate.spec.containers[0].image: the image of this container is spec.image; leave it out"},
		"no image":                   {`{"spec": {"containers": [{"name": "web", "image": null}]}}`, "spec.podTemplate.spec.containers[0].image: the image of this container is spec.image"},
		"web that ends":              {`{"spec": {"containers": [{"name": "web", "restartPolicy": "Never"}]}}`, "spec.podTemplate.spec.containers[0].restartPolicy: what serves"},
		"the Service's port":         {`{"spec": {"containers": [{"name": "web", "ports": [{"name": "http", "containerPort": 1}]}]}}`, "spec.podTemplate.spec.containers[0].ports[0].name: http is the port that the Service sends requests to, which spec.containerPort sets"},
		"it in a sidecar":            {`{"spec": {"initContainers": [{"name": "a", "restartPolicy": "Always", "ports": [{"containerPort": 1}, {"name": "http", "containerPort": 2}]}]}}`, "spec.podTemplate.spec.initContainers[0].ports[1].name: http is the port"},
		"too many containers":        {`{"spec": {` + containers("containers", 17) + `, ` + containers("initContainers", 16) + `}}`, "spec.podTemplate.spec has 33 containers and initContainers, and may have 32"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := &elasticwebv1.ElasticWebSpec{PodSettings: elasticwebv1.PodSettings{PodTemplate: &runtime.RawExtension{Raw: []byte(test.template)}}}
			var err error
			if name == "no JSON" { // which a RawExtension does not marshal.
				_, err = read(spec.PodTemplate.Raw)
			} else {
				_, err = Resolve(spec)
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want %s", err, test.says)
			}
		})
	}
}

// Each field of the spec that has a counterpart in a template, and its value: in both places it means the same, and in both at once it is refused.
var counterparts = map[string]struct{ template, value string }{
	"resources":                     {`{"spec": {"containers": [{"name": "web", "resources": %s}]}}`, `{"limits": {"cpu": "1"}}`},
	"env":                           {`{"spec": {"containers": [{"name": "web", "env": %s}]}}`, `[{"name": "A", "value": "1e10"}]`},
	"envFrom":                       {`{"spec": {"containers": [{"name": "web", "envFrom": %s}]}}`, `[{"secretRef": {"name": "s"}}]`},
	"command":                       {`{"spec": {"containers": [{"name": "web", "command": %s}]}}`, `["/shop"]`},
	"args":                          {`{"spec": {"containers": [{"name": "web", "args": %s}]}}`, `["-v"]`},
	"imagePullPolicy":               {`{"spec": {"containers": [{"name": "web", "imagePullPolicy": %s}]}}`, `"Always"`},
	"imagePullSecrets":              {`{"spec": {"imagePullSecrets": %s}}`, `[{"name": "pull"}]`},
	"serviceAccountName":            {`{"spec": {"serviceAccountName": %s}}`, `"shop"`},
	"automountServiceAccountToken":  {`{"spec": {"automountServiceAccountToken": %s}}`, `false`},
	"readinessProbe":                {`{"spec": {"containers": [{"name": "web", "readinessProbe": %s}]}}`, `{"tcpSocket": {"port": 80}}`},
	"livenessProbe":                 {`{"spec": {"containers": [{"name": "web", "livenessProbe": %s}]}}`, `{"tcpSocket": {"port": "http"}}`},
	"startupProbe":                  {`{"spec": {"containers": [{"name": "web", "startupProbe": %s}]}}`, `{"exec": {"command": ["true"]}}`},
	"lifecycle":                     {`{"spec": {"containers": [{"name": "web", "lifecycle": %s}]}}`, `{"preStop": {"sleep": {"seconds": 3}}}`},
	"terminationGracePeriodSeconds": {`{"spec": {"terminationGracePeriodSeconds": %s}}`, `60`},
	"securityContext":               {`{"spec": {"containers": [{"name": "web", "securityContext": %s}]}}`, `{"runAsNonRoot": true}`},
	"podSecurityContext":            {`{"spec": {"securityContext": %s}}`, `{"fsGroup": 1000}`},
	"volumes":                       {`{"spec": {"volumes": %s}}`, `[{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}]`},
	"volumeMounts":                  {`{"spec": {"containers": [{"name": "web", "volumeMounts": %s}]}}`, `[{"name": "v", "mountPath": "/v"}]`},
	"nodeSelector":                  {`{"spec": {"nodeSelector": %s}}`, `{"kubernetes.io/arch": "arm64"}`},
	"affinity":                      {`{"spec": {"affinity": %s}}`, `{"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "Exists"}]}]}}}`},
	"tolerations":                   {`{"spec": {"tolerations": %s}}`, `[{"operator": "Exists"}]`},
	"topologySpreadConstraints":     {`{"spec": {"topologySpreadConstraints": %s}}`, `[{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]`},
	"priorityClassName":             {`{"spec": {"priorityClassName": %s}}`, `"high"`},
	"podLabels":                     {`{"metadata": {"labels": %s}}`, `{"tier": "front"}`},
	"podAnnotations":                {`{"metadata": {"annotations": %s}}`, `{"a": "b"}`},
}

func TestWhatHasAFieldOfItsOwnMeansTheSameThere(t *testing.T) {
	for field, test := range counterparts {
		t.Run(field, func(t *testing.T) {
			template := fmt.Sprintf(test.template, test.value)
			want := specOf(t, fmt.Sprintf(`{"image": "shop:1", %q: %s}`, field, test.value))
			got, err := Resolve(specOf(t, fmt.Sprintf(`{"image": "shop:1", "podTemplate": %s}`, template)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("in the one place and in the other (-want +got):\n%s", diff)
			}
			both := specOf(t, fmt.Sprintf(`{%q: %s, "podTemplate": %s}`, field, test.value, template))
			if _, err := Resolve(both); err == nil || !strings.Contains(err.Error(), "and spec."+field+" say the same thing; say it in one of the two") {
				t.Errorf("in both: %v", err)
			}
			nothing, err := Resolve(specOf(t, fmt.Sprintf(`{"podTemplate": %s}`, fmt.Sprintf(test.template, "null"))))
			if err != nil || !reflect.ValueOf(nothing.PodSettings).FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, field) }).IsZero() {
				t.Errorf("null makes %+v, %v", nothing.PodSettings, err)
			}
		})
	}
	fields := reflect.TypeFor[elasticwebv1.PodSettings]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if _, isThere := counterparts[name]; !isThere && name != "podTemplate" {
			t.Errorf("spec.%s is not among the fields that a template has, too", name)
		}
	}
}

func TestWhatIsLeftOfATemplateIsCanonical(t *testing.T) {
	for name, test := range map[string]struct{ template, left string }{
		"nothing":               {`null`, ``},
		"an empty one":          {`{}`, ``},
		"empty parts":           {`{"metadata": {"labels": {}}, "spec": {"containers": [], "initContainers": []}}`, ``},
		"web, and no more":      {`{"spec": {"containers": [{"name": "web"}]}}`, ``},
		"blanks and order":      {"{\n \"spec\": {\"runtimeClassName\":\t\"kata\", \"hostname\": \"a\"} }", `{"spec":{"hostname":"a","runtimeClassName":"kata"}}`},
		"escapes":               {`{"spec": {"hostn\u0061me": "\u0061"}}`, `{"spec":{"hostname":"a"}}`},
		"web where all is said": {`{"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "web", "args": ["-v"]}, {"name": "b", "image": "i"}]}}`, `{"spec":{"containers":[{"image":"i","name":"a"},{"image":"i","name":"b"}]}}`},
		"web with more":         {`{"spec": {"containers": [{"name": "web", "args": ["-v"], "ports": [{"containerPort": 9090}]}]}}`, `{"spec":{"containers":[{"name":"web","ports":[{"containerPort":9090}]}]}}`},
		"null":                  {`{"spec": {"containers": [{"name": "web", "lifecycle": null}]}}`, `{"spec":{"containers":[{"lifecycle":null,"name":"web"}]}}`},
	} {
		spec := &elasticwebv1.ElasticWebSpec{PodSettings: elasticwebv1.PodSettings{PodTemplate: &runtime.RawExtension{Raw: []byte(test.template)}}}
		got, err := Resolve(spec)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		left := ""
		if got.PodTemplate != nil {
			left = string(got.PodTemplate.Raw)
		}
		if left != test.left {
			t.Errorf("%s: %s is left, want %s", name, left, test.left)
		}
	}
}

// What is in a cache is shared.
func TestASpecIsNotChanged(t *testing.T) {
	spec := specOf(t, `{"image": "shop:1", "podLabels": {}, "env": [], "podTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {"hostname": "a", "containers": [{"name": "web", "env": [{"name": "A"}]}]}}}`)
	before := spec.DeepCopy()
	got, err := Resolve(spec)
	if err != nil || got.PodLabels["a"] != "b" || len(got.Env) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	got.Image, got.PodTemplate.Raw[0] = "changed", 'x'
	if diff := cmp.Diff(before, spec); diff != "" {
		t.Errorf("the spec changed (-before +after):\n%s", diff)
	}
	without := &elasticwebv1.ElasticWebSpec{PodSettings: elasticwebv1.PodSettings{Env: []corev1.EnvVar{{Name: "A"}}}}
	if got, err := Resolve(without); got != without || err != nil {
		t.Errorf("without a template another spec is made, %v", err)
	}
}
