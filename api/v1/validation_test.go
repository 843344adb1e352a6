// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// newManifest is the walk-through's sample with the given changes to its spec, a JSON object in which null
// removes a field.
func newManifest(t *testing.T, namespace, name, changes string) *unstructured.Unstructured {
	t.Helper()
	spec := map[string]any{"image": "nginx:1.17.1", "port": int64(30003), "singlePodsQPS": int64(800), "totalQPS": int64(2400)}
	changed := map[string]any{}
	if changes != "" {
		if err := json.Unmarshal([]byte(changes), &changed); err != nil {
			t.Fatalf("%s: %v", changes, err)
		}
	}
	for field, value := range changed {
		spec[field] = value
		if value == nil {
			delete(spec, field)
		}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "elasticweb.example.com/v1",
		"kind":       "ElasticWeb",
		"metadata":   map[string]any{"namespace": namespace, "name": name},
		"spec":       spec,
	}}
}

// refusals are the causes that the API server gives, one a line: the field and the message.
func refusals(t *testing.T, err error) string {
	t.Helper()
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) {
		t.Fatalf("not refused as invalid: %v", err)
	}
	lines := []string{}
	for _, cause := range status.Status().Details.Causes {
		lines = append(lines, cause.Field+": "+cause.Message)
	}
	return strings.Join(lines, "\n")
}

// checkRefused checks that one cause names the field and says what is to be done.
// The words of older API servers stand behind " / ".
func checkRefused(t *testing.T, err error, field, message string) {
	t.Helper()
	said := refusals(t, err)
	for line := range strings.Lines(said) {
		// Newer ones name the field of a number that does not fit its format in the text alone.
		isOfField := strings.HasPrefix(line, field+": ") || strings.HasPrefix(line, "<nil>: ") && strings.Contains(line, " in "+field)
		for words := range strings.SplitSeq(message, " / ") {
			if isOfField && strings.Contains(line, words) {
				return
			}
		}
	}
	t.Errorf("no refusal of %s that says %q; the API server says:\n%s", field, message, said)
}

func TestRefusedSpecs(t *testing.T) {
	const atLeast, atMost = "should be greater than or equal to ", "should be less than or equal to "
	for name, test := range map[string]struct{ spec, field, message string }{
		"port missing":                     {`{"port": null}`, "spec.port", "Required value"},
		"port 0":                           {`{"port": 0}`, "spec.port", atLeast + "1"},
		"port negative":                    {`{"port": -1}`, "spec.port", atLeast + "1"},
		"port 65536":                       {`{"port": 65536}`, "spec.port", atMost + "65535"},
		"port in quotes":                   {`{"port": "30003"}`, "spec.port", "must be of type integer"},
		"singlePodsQPS missing":            {`{"singlePodsQPS": null}`, "spec.singlePodsQPS", "Required value"},
		"singlePodsQPS 0":                  {`{"singlePodsQPS": 0}`, "spec.singlePodsQPS", atLeast + "1"},
		"singlePodsQPS negative":           {`{"singlePodsQPS": -800}`, "spec.singlePodsQPS", atLeast + "1"},
		"singlePodsQPS above int32":        {`{"singlePodsQPS": 2147483648}`, "spec.singlePodsQPS", "must be of type integer with format int32 / should be less than or equal to 2147483647"},
		"singlePodsQPS no whole number":    {`{"singlePodsQPS": 0.5}`, "spec.singlePodsQPS", "must be of type int32 / must be of type integer"},
		"totalQPS negative":                {`{"totalQPS": -1}`, "spec.totalQPS", atLeast + "0"},
		"totalQPS above int32":             {`{"totalQPS": 2147483648}`, "spec.totalQPS", "must be of type integer with format int32 / should be less than or equal to 2147483647"},
		"totalQPS and replicas":            {`{"replicas": 3}`, "spec.replicas", "keep totalQPS to let the operator work out the pods, or replicas to set them"},
		"totalQPS 0 and replicas 0":        {`{"totalQPS": 0, "replicas": 0}`, "spec.replicas", "totalQPS and replicas exclude each other"},
		"demand and totalQPS":              {`{"demand": {"prometheus": {"query": "up"}}}`, "spec.totalQPS", "demand and totalQPS exclude each other: keep demand to have the traffic read, or totalQPS to say what it is"},
		"demand and replicas":              {`{"totalQPS": null, "replicas": 0, "demand": {"prometheus": {"query": "up"}}}`, "spec.replicas", "keep demand to have the pods follow the traffic, or replicas to set them"},
		"replicas negative":                {`{"totalQPS": null, "replicas": -1}`, "spec.replicas", atLeast + "0"},
		"minReplicas 0":                    {`{"minReplicas": 0}`, "spec.minReplicas", atLeast + "1"},
		"maxReplicas 0":                    {`{"maxReplicas": 0}`, "spec.maxReplicas", atLeast + "1"},
		"minReplicas above maxReplicas":    {`{"minReplicas": 5, "maxReplicas": 4}`, "spec.minReplicas", "lower minReplicas or raise maxReplicas"},
		"headroomPercent negative":         {`{"headroomPercent": -1}`, "spec.headroomPercent", atLeast + "0"},
		"headroomPercent 1001":             {`{"headroomPercent": 1001}`, "spec.headroomPercent", atMost + "1000"},
		"containerPort 0":                  {`{"containerPort": 0}`, "spec.containerPort", atLeast + "1"},
		"containerPort 65536":              {`{"containerPort": 65536}`, "spec.containerPort", atMost + "65535"},
		"architectures empty":              {`{"architectures": []}`, "spec.architectures", "should have at least 1 items"},
		"architecture twice":               {`{"architectures": [{"name": "arm64"}, {"name": "arm64"}]}`, "spec.architectures[1]", "Duplicate value"},
		"architecture unknown":             {`{"architectures": [{"name": "aarch64"}]}`, "spec.architectures[0].name", `supported values: "amd64", "arm64", "ppc64le", "s390x"`},
		"architecture without a name":      {`{"architectures": [{"weight": 1}]}`, "spec.architectures[0].name", "Required value"},
		"architecture with 0 QPS":          {`{"architectures": [{"name": "arm64", "singlePodsQPS": 0}]}`, "spec.architectures[0].singlePodsQPS", atLeast + "1"},
		"weight 0":                         {`{"architectures": [{"name": "arm64", "weight": 0}]}`, "spec.architectures[0].weight", atLeast + "1"},
		"weight 101":                       {`{"architectures": [{"name": "amd64"}, {"name": "arm64", "weight": 101}]}`, "spec.architectures[1].weight", atMost + "100"},
		"benchmarkRef without a name":      {`{"benchmarkRef": {"name": ""}}`, "spec.benchmarkRef.name", "should be at least 1 chars long"},
		"service type unknown":             {`{"service": {"type": "ExternalName"}}`, "spec.service.type", `supported values: "NodePort", "LoadBalancer", "ClusterIP"`},
		"service annotation of ours":       {`{"service": {"annotations": {"elasticweb.example.com/paused": "true"}}}`, "spec.service.annotations", "belong to the operator: choose another key"},
		"podLabels with the name":          {`{"podLabels": {"app.kubernetes.io/name": "x"}}`, "spec.podLabels", "the operator sets these; choose other keys"},
		"podLabels with the instance":      {`{"podLabels": {"app.kubernetes.io/instance": "x"}}`, "spec.podLabels", "the operator sets these; choose other keys"},
		"podLabels with the component":     {`{"podLabels": {"app.kubernetes.io/component": "x"}}`, "spec.podLabels", "the operator sets these; choose other keys"},
		"a deletion cost":                  {`{"podAnnotations": {"controller.kubernetes.io/pod-deletion-cost": "100"}}`, "spec.podAnnotations", "the operator sets it"},
		"a deletion cost of nothing":       {`{"podAnnotations": {"a": "b", "controller.kubernetes.io/pod-deletion-cost": ""}}`, "spec.podAnnotations", "say with the weights of spec.architectures"},
		"podLabels with the manager":       {`{"podLabels": {"app.kubernetes.io/managed-by": "x"}}`, "spec.podLabels", "the operator sets these; choose other keys"},
		"imagePullPolicy unknown":          {`{"imagePullPolicy": "Sometimes"}`, "spec.imagePullPolicy", `supported values: "Always", "IfNotPresent", "Never"`},
		"grace period negative":            {`{"terminationGracePeriodSeconds": -1}`, "spec.terminationGracePeriodSeconds", atLeast + "0"},
		"a rollout with no room":           {`{"rollout": {"maxSurge": 0}}`, "spec.rollout.maxUnavailable", "maxSurge and maxUnavailable must not both be 0"},
		"a rollout with none in percent":   {`{"rollout": {"maxSurge": "0%", "maxUnavailable": 0}}`, "spec.rollout.maxUnavailable", "raise one of them"},
		"coming home with no room":         {`{"rebalance": {"mode": "Surge", "maxSurge": 0}}`, "spec.rebalance.maxSurge", "to leave pods where they are, set mode to Never"},
		"coming home with none in percent": {`{"rebalance": {"mode": "Surge", "maxSurge": "0%"}}`, "spec.rebalance.maxSurge", "from 1% to 100%"},
		"coming home in quotes":            {`{"rebalance": {"mode": "Surge", "maxSurge": "5"}}`, "spec.rebalance.maxSurge", "from 1% to 100%"},
		"restarts without coming home":     {`{"rebalance": {"mode": "Never", "restartForTemplate": true}}`, "spec.rebalance.restartForTemplate", "set mode to Surge, or take restartForTemplate out"},
		"restarts by default":              {`{"rebalance": {"restartForTemplate": true}}`, "spec.rebalance.restartForTemplate", "needs mode Surge"},
		"restarts in words":                {`{"rebalance": {"mode": "Surge", "restartForTemplate": "yes"}}`, "spec.rebalance.restartForTemplate", "must be of type boolean"},
		"coming home by another way":       {`{"rebalance": {"mode": "Evict"}}`, "spec.rebalance.mode", `supported values: "Never", "Surge"`},
		"a surge below 0":                  {`{"rollout": {"maxSurge": -1}}`, "spec.rollout.maxSurge", "must be a number of pods from 0 to 100000, or a percentage"},
		"a surge that adds up to none":     {`{"rollout": {"maxSurge": 2147483647}}`, "spec.rollout.maxSurge", "from 0 to 100000"},
		"more missing than there can be":   {`{"rollout": {"maxUnavailable": 100001}}`, "spec.rollout.maxUnavailable", "from 0 to 100000"},
		"a surge above 100%":               {`{"rollout": {"maxSurge": "101%"}}`, "spec.rollout.maxSurge", "a percentage from 0% to 100%"},
		"a surge in quotes":                {`{"rollout": {"maxSurge": "1"}}`, "spec.rollout.maxSurge", "a percentage from 0% to 100%"},
		"more than all unavailable":        {`{"rollout": {"maxUnavailable": "200%"}}`, "spec.rollout.maxUnavailable", "a percentage from 0% to 100%"},
		"unavailable below 0":              {`{"rollout": {"maxUnavailable": -1}}`, "spec.rollout.maxUnavailable", "from 0 to 100000"},
		"a warm-up below 0":                {`{"rollout": {"minReadySeconds": -1}}`, "spec.rollout.minReadySeconds", atLeast + "0"},
		"a warm-up of more than a day":     {`{"rollout": {"minReadySeconds": 86401, "progressDeadlineSeconds": 90000}}`, "spec.rollout.minReadySeconds", atMost + "86400"},
		"a deadline of 0":                  {`{"rollout": {"progressDeadlineSeconds": 0}}`, "spec.rollout.progressDeadlineSeconds", atLeast + "1"},
		"a deadline of more than a week":   {`{"rollout": {"progressDeadlineSeconds": 604801}}`, "spec.rollout.progressDeadlineSeconds", atMost + "604800"},
		"a warm-up as long as the default": {`{"rollout": {"minReadySeconds": 600}}`, "spec.rollout.progressDeadlineSeconds", "must be above minReadySeconds"},
		"a warm-up beyond the deadline":    {`{"rollout": {"minReadySeconds": 61, "progressDeadlineSeconds": 60}}`, "spec.rollout.progressDeadlineSeconds", "raise the one, or lower the other"},
		"a template that is no object":     {`{"podTemplate": "x"}`, "spec.podTemplate", "must be of type object"},
		"a template with a kind":           {`{"podTemplate": {"kind": "PodTemplate", "metadata": {}, "spec": {}}}`, "spec.podTemplate", "must have at most 2 items"},
		"environment variable twice":       {`{"env": [{"name": "A"}, {"name": "A"}]}`, "spec.env[1]", "Duplicate value"},
		"volume twice":                     {`{"volumes": [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]}`, "spec.volumes[1]", "Duplicate value"},
		"two volumes at the same place":    {`{"volumeMounts": [{"name": "a", "mountPath": "/x"}, {"name": "b", "mountPath": "/x"}]}`, "spec.volumeMounts[1]", "Duplicate value"},
		"everything wrong, all is listed":  {`{"port": 0, "singlePodsQPS": 0, "totalQPS": -1}`, "spec.totalQPS", atLeast + "0"},
	} {
		t.Run(name, func(t *testing.T) {
			needsAPIServer(t)
			checkRefused(t, k8s.Create(t.Context(), newManifest(t, metav1.NamespaceDefault, "shop", test.spec), client.DryRunAll), test.field, test.message)
		})
	}
}

func TestRefusedDemands(t *testing.T) {
	const one, name = "set exactly one of prometheus, external and object", "it holds no / and no %"
	const described = `"describedObject": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "shop"}`
	for title, test := range map[string]struct{ demand, field, message string }{
		"no source":                    {`{}`, "", one},
		"bounds without a source":      {`{"minQPS": 1}`, "", one},
		"two sources":                  {`{"prometheus": {"query": "up"}, "external": {"metric": {"name": "requests"}}}`, "", one},
		"three sources":                {`{"prometheus": {"query": "up"}, "external": {"metric": {"name": "requests"}}, "object": {"metric": {"name": "requests"}, ` + described + `}}`, "", one},
		"no query":                     {`{"prometheus": {}}`, ".prometheus.query", "Required value"},
		"an empty query":               {`{"prometheus": {"query": ""}}`, ".prometheus.query", "should be at least 1 chars long"},
		"a query without end":          {`{"prometheus": {"query": "` + strings.Repeat("a", 4097) + `"}}`, ".prometheus.query", "may not be more than 4096 / may not be longer than 4096"},
		"no metric":                    {`{"external": {}}`, ".external.metric", "Required value"},
		"a metric of another path":     {`{"external": {"metric": {"name": "../secrets"}}}`, ".external.metric.name", name},
		"a metric that hides a path":   {`{"external": {"metric": {"name": "a%2fb"}}}`, ".external.metric.name", name},
		"a metric that leads up":       {`{"external": {"metric": {"name": ".."}}}`, ".external.metric.name", name},
		"a metric that leads nowhere":  {`{"object": {"metric": {"name": "."}, ` + described + `}}`, ".object.metric.name", name},
		"a long metric":                {`{"external": {"metric": {"name": "` + strings.Repeat("a", 254) + `"}}}`, ".external.metric.name", "may not be more than 253 / may not be longer than 253"},
		"an object without a name":     {`{"object": {"metric": {"name": "requests"}, "describedObject": {"apiVersion": "v1", "kind": "Service"}}}`, ".object.describedObject.name", "Required value"},
		"an object of another path":    {`{"object": {"metric": {"name": "requests"}, "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "../x"}}}`, ".object.describedObject.name", "use lower case letters, digits, dashes and dots"},
		"a kind of another path":       {`{"object": {"metric": {"name": "requests"}, "describedObject": {"apiVersion": "v1", "kind": "a/b", "name": "x"}}}`, ".object.describedObject.kind", "write it like Ingress"},
		"an apiVersion with two parts": {`{"object": {"metric": {"name": "requests"}, "describedObject": {"apiVersion": "a/b/v1", "kind": "Ingress", "name": "x"}}}`, ".object.describedObject.apiVersion", "write it like networking.k8s.io/v1"},
		"minQPS negative":              {`{"prometheus": {"query": "up"}, "minQPS": -1}`, ".minQPS", "should be greater than or equal to 0"},
		"maxQPS 0":                     {`{"prometheus": {"query": "up"}, "maxQPS": 0}`, ".maxQPS", "should be greater than or equal to 1"},
		"fallbackQPS 0":                {`{"prometheus": {"query": "up"}, "fallbackQPS": 0}`, ".fallbackQPS", "should be greater than or equal to 1"},
		"maxQPS above int32":           {`{"prometheus": {"query": "up"}, "maxQPS": 2147483648}`, ".maxQPS", "must be of type integer with format int32 / should be less than or equal to 2147483647"},
		"minQPS above maxQPS":          {`{"prometheus": {"query": "up"}, "minQPS": 5, "maxQPS": 4}`, ".minQPS", "lower minQPS or raise maxQPS"},
		"a window below 0":             {`{"prometheus": {"query": "up"}, "behavior": {"scaleDown": {"stabilizationWindowSeconds": -1}}}`, ".behavior.scaleDown.stabilizationWindowSeconds", "should be greater than or equal to 0"},
		"a window above an hour":       {`{"prometheus": {"query": "up"}, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 3601}}}`, ".behavior.scaleDown.stabilizationWindowSeconds", "should be less than or equal to 3600"},
		"a forecast that is none":      {`{"prometheus": {"query": "up"}, "forecast": "On"}`, ".forecast", `supported values: "Auto", "Off"`},
	} {
		t.Run(title, func(t *testing.T) {
			needsAPIServer(t)
			spec := `{"totalQPS": null, "demand": ` + test.demand + `}`
			checkRefused(t, k8s.Create(t.Context(), newManifest(t, metav1.NamespaceDefault, "shop", spec), client.DryRunAll), "spec.demand"+test.field, test.message)
		})
	}
}

func TestAcceptedSpecs(t *testing.T) {
	for name, spec := range map[string]string{
		"the four fields":             ``,
		"no demand":                   `{"totalQPS": null}`,
		"totalQPS 0":                  `{"totalQPS": 0}`,
		"the least port":              `{"port": 1}`,
		"the greatest port":           `{"port": 65535}`,
		"replicas":                    `{"totalQPS": null, "replicas": 3}`,
		"replicas 0":                  `{"totalQPS": null, "replicas": 0}`,
		"minReplicas for autoscalers": `{"totalQPS": null, "minReplicas": 1}`,
		"demand": `{"totalQPS": null, "minReplicas": 2, "maxReplicas": 40, "headroomPercent": 20, "demand": {"prometheus": {"query": "sum(rate(http_requests_total{service=\"shop\"}[1m]))"},
			"minQPS": 400, "maxQPS": 20000, "fallbackQPS": 2400, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}, "forecast": "Auto"}}`,
		"demand, a query alone":         `{"totalQPS": null, "demand": {"prometheus": {"query": "up"}}}`,
		"demand, the longest query":     `{"totalQPS": null, "demand": {"prometheus": {"query": "` + strings.Repeat("a", 4096) + `"}}}`,
		"demand, an external metric":    `{"totalQPS": null, "demand": {"external": {"metric": {"name": "requests-per-second", "selector": {"matchLabels": {"service": "shop"}, "matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}}}, "forecast": "Off"}}`,
		"demand, an object":             `{"totalQPS": null, "demand": {"object": {"metric": {"name": "requests_per_second"}, "describedObject": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "shop"}}}}`,
		"demand, a DatadogMetric":       `{"totalQPS": null, "demand": {"external": {"metric": {"name": "datadogmetric@dev:shop"}}}}`,
		"demand, a metric of Pub/Sub":   `{"totalQPS": null, "demand": {"external": {"metric": {"name": "pubsub.googleapis.com|subscription|num_undelivered_messages"}}}}`,
		"demand, a name like a query":   `{"totalQPS": null, "demand": {"external": {"metric": {"name": "a?b=c&d#e"}}}}`,
		"demand, the least bounds":      `{"totalQPS": null, "demand": {"prometheus": {"query": "up"}, "minQPS": 0, "maxQPS": 1, "fallbackQPS": 1, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}}`,
		"demand, the greatest bounds":   `{"totalQPS": null, "demand": {"prometheus": {"query": "up"}, "minQPS": 2147483647, "maxQPS": 2147483647, "fallbackQPS": 2147483647, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 3600}}}}`,
		"demand, with empty behavior":   `{"totalQPS": null, "demand": {"prometheus": {"query": "up"}, "behavior": {"scaleDown": {}}}}`,
		"minReplicas is maxReplicas":    `{"minReplicas": 4, "maxReplicas": 4}`,
		"replicas beyond the limits":    `{"totalQPS": null, "replicas": 100, "minReplicas": 2, "maxReplicas": 4}`,
		"the greatest headroom":         `{"headroomPercent": 1000}`,
		"MaxInt32 for QPS":              `{"singlePodsQPS": 2147483647, "totalQPS": 2147483647, "minReplicas": 2147483647, "maxReplicas": 2147483647, "architectures": [{"name": "amd64", "singlePodsQPS": 2147483647}]}`,
		"MaxInt32 for replicas":         `{"totalQPS": null, "replicas": 2147483647, "terminationGracePeriodSeconds": 2147483647}`,
		"all architectures":             `{"architectures": [{"name": "amd64"}, {"name": "arm64"}, {"name": "ppc64le"}, {"name": "s390x"}, {"name": "riscv64"}, {"name": "loong64"}, {"name": "mips64le"}, {"name": "arm"}, {"name": "386"}]}`,
		"the least and greatest weight": `{"architectures": [{"name": "arm64", "weight": 100}, {"name": "amd64", "weight": 1}]}`,
		"like weights":                  `{"architectures": [{"name": "arm64", "weight": 7}, {"name": "amd64", "weight": 7}]}`,
		"a benchmark":                   `{"benchmarkRef": {"name": "shop-capacity"}}`,
		"a load balancer":               `{"service": {"type": "LoadBalancer", "annotations": {"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"}}}`,
		"ClusterIP":                     `{"service": {"type": "ClusterIP"}}`,
		"no rollout settings":           `{"rollout": {}}`,
		"coming home":                   `{"rebalance": {"mode": "Surge", "maxSurge": "100%"}}`,
		"coming home by pods":           `{"rebalance": {"mode": "Surge", "maxSurge": 100000}}`,
		"coming home with a restart":    `{"rebalance": {"mode": "Surge", "restartForTemplate": true}}`,
		"a restart that is not wanted":  `{"rebalance": {"mode": "Never", "restartForTemplate": false}}`,
		"coming home by default":        `{"rebalance": {}}`,
		"a rollout with no room more":   `{"rollout": {"maxSurge": 0, "maxUnavailable": 1}}`,
		"a rollout of all at once":      `{"rollout": {"maxSurge": "0%", "maxUnavailable": "100%"}}`,
		"a rollout of very many":        `{"rollout": {"maxSurge": 100000, "maxUnavailable": 100000}}`,
		"a blue-green rollout":          `{"rollout": {"maxSurge": "100%", "maxUnavailable": 0}}`,
		"a warm-up":                     `{"rollout": {"minReadySeconds": 599}}`,
		"the longest warm-up":           `{"rollout": {"minReadySeconds": 86400, "progressDeadlineSeconds": 604800}}`,
		"the least deadline":            `{"rollout": {"progressDeadlineSeconds": 1}}`,
		"an empty template":             `{"podTemplate": {}}`,
		"a template":                    `{"podTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {"initContainers": [{"name": "prepare", "image": "busybox"}], "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db"]}], "containers": [{"name": "web", "lifecycle": null}]}}}`,
		"labels of one's own":           `{"podLabels": {"app.kubernetes.io/part-of": "shop", "app.kubernetes.io/version": "1.4"}, "podAnnotations": {"prometheus.io/scrape": "true", "controller.kubernetes.io/other": "1"}}`,
		"the words of PodSpec": `{"resources": {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"cpu": 1}},
			"env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
			"envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "secrets", "optional": true}}],
			"command": ["/shop"], "args": ["--verbose"], "imagePullPolicy": "Always", "imagePullSecrets": [{"name": "pull"}], "serviceAccountName": "shop", "automountServiceAccountToken": false,
			"readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1}, "livenessProbe": {"tcpSocket": {"port": 8080}},
			"startupProbe": {"exec": {"command": ["true"]}, "failureThreshold": 30}, "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
			"terminationGracePeriodSeconds": 60, "securityContext": {"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}}, "podSecurityContext": {"fsGroup": 1000},
			"volumes": [{"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}}, {"name": "claim", "persistentVolumeClaim": {"claimName": "data"}}], "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
			"nodeSelector": {"kubernetes.io/arch": "arm64"}, "priorityClassName": "high",
			"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}}},
			"tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
			"topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			needsAPIServer(t)
			// Strict: a field that the schema lacks would be dropped without a word.
			err := k8s.Create(t.Context(), newManifest(t, metav1.NamespaceDefault, "shop", spec), client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNames(t *testing.T) {
	const remedy = "use at most 63 lower case letters, digits and dashes, beginning with a letter"
	for name, test := range map[string]struct{ field, message string }{
		"a":                     {},
		"shop":                  {},
		"shop-2":                {},
		strings.Repeat("a", 63): {},
		strings.Repeat("a", 64): {"metadata", remedy},
		"shop.example":          {"metadata", remedy},
		"2shop":                 {"metadata", remedy},
		// What no object of Kubernetes may be called.
		"Shop":  {"metadata.name", "lower case alphanumeric characters"},
		"shop-": {"metadata.name", "must start and end with an alphanumeric character"},
		"-shop": {"metadata.name", "must start and end with an alphanumeric character"},
	} {
		t.Run(name, func(t *testing.T) {
			needsAPIServer(t)
			err := k8s.Create(t.Context(), newManifest(t, metav1.NamespaceDefault, name, ""), client.DryRunAll)
			switch {
			case test.message != "":
				checkRefused(t, err, test.field, test.message)
			case err != nil:
				t.Error(err)
			}
		})
	}
}

func TestImages(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	const remedy = "write it like registry.example.com/shop:1.4"
	for image, refused := range map[string]string{
		"nginx":                                                "",
		"nginx:1.17.1":                                         "",
		"library/nginx":                                        "",
		"docker.io/library/nginx:1.27-alpine":                  "",
		"registry.example.com/team/shop:1.4":                   "",
		"registry.example.com:5000/shop":                       "",
		"localhost/shop":                                       "",
		"localhost:5000/shop:v1_2.3-rc":                        "",
		"127.0.0.1:5000/shop":                                  "",
		"[2001:db8::1]/shop":                                   "",
		"[::1]:5000/shop:1.4":                                  "",
		"Registry.Example.com/shop":                            "",
		"a__b/c-d/e.f":                                         "",
		"shop:" + strings.Repeat("t", 128):                     "",
		"shop@" + digest:                                       "",
		"registry.example.com/shop:1.4@" + digest:              "",
		"shop@sha512:" + strings.Repeat("0123456789abcdef", 8): "",
		"registry.example.com/" + strings.Repeat("deep/", 40) + "app": "",

		"":                                    "should be at least 1 chars long",
		strings.Repeat("a", 513):              "may not be more than 512 / may not be longer than 512",
		" ":                                   remedy,
		"nginx 1.17.1":                        remedy,
		" nginx":                              remedy,
		"nginx\n":                             remedy,
		"https://registry.example.com/shop":   remedy,
		"docker://nginx":                      remedy,
		"registry.example.com/Shop":           remedy,
		"Shop":                                remedy,
		"nginx:":                              remedy,
		"nginx:1.17:1":                        remedy,
		"nginx:-tag":                          remedy,
		"shop:" + strings.Repeat("t", 129):    remedy,
		"shop@sha256:abc":                     remedy,
		"shop@" + strings.ToUpper(digest):     remedy,
		"shop@" + digest + "0":                remedy,
		"shop@md5:" + strings.Repeat("0", 32): remedy,
		"shop@":                               remedy,
		"/shop":                               remedy,
		"shop/":                               remedy,
		"team//shop":                          remedy,
		"registry.example.com:port/shop":      remedy,
		"registry.example.com:5000":           "",
		"::1/shop":                            remedy,
		"-registry/shop":                      remedy,
		"shop_":                               remedy,
		"${IMAGE}":                            remedy,
	} {
		t.Run(image, func(t *testing.T) {
			needsAPIServer(t)
			err := k8s.Create(t.Context(), newManifest(t, metav1.NamespaceDefault, "shop", fmt.Sprintf(`{"image": %q}`, image)), client.DryRunAll)
			switch {
			case refused != "":
				checkRefused(t, err, "spec.image", refused)
			case err != nil:
				t.Error(err)
			}
		})
	}
}
