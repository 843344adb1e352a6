// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"strings"
	"testing"
)

// Every refusal names the value, and says what is right.
func TestRefusals(t *testing.T) {
	for name, refused := range map[string]struct {
		change string
		words  []string
	}{
		"no image":                       {"image: null", []string{"missing property 'image'"}},
		"an empty image":                 {`image: ""`, []string{"/image", "minLength"}},
		"an image with a scheme":         {"image: https://registry.example.com/shop", []string{`image "https://registry.example.com/shop" is not an image reference`, "without a scheme"}},
		"an image in upper case":         {"image: Shop", []string{`image "Shop" is not an image reference`, "in lower case"}},
		"an image with a line break":     {`image: "shop\nargs: [x]"`, []string{"is not an image reference"}},
		"an image that is no text":       {"image: 5", []string{"/image", "want string"}},
		"no architectures":               {"architectures: null", []string{"missing property 'architectures'"}},
		"an empty list":                  {"architectures: []", []string{"/architectures", "minItems"}},
		"an architecture twice":          {"architectures: [arm64, arm64]", []string{"/architectures", "are equal"}},
		"an unknown architecture":        {"architectures: [x86_64]", []string{"/architectures/0", "'amd64', 'arm64'"}},
		"no load generator":              {"generator: null", []string{"/generator", "missing property 'image'"}},
		"no image of it":                 {"generator: {image: null}", []string{"/generator", "missing property 'image'"}},
		"an invalid image of it":         {"generator: {image: a b}", []string{`generator.image "a b" is not an image reference`}},
		"no command of it":               {"generator: {command: []}", []string{"/generator/command", "minItems"}},
		"a limit that it has not":        {"generator: {replicas: 2}", []string{"/generator", "'replicas' not allowed"}},
		"a misspelt value":               {"latencyTarge: 1s", []string{"'latencyTarge' not allowed"}},
		"port 0":                         {"containerPort: 0", []string{"/containerPort", "minimum"}},
		"a high port":                    {"containerPort: 65536", []string{"/containerPort", "maximum"}},
		"a port's name":                  {"containerPort: http", []string{"/containerPort", "want integer"}},
		"no path":                        {`path: ""`, []string{"/path", "minLength"}},
		"a relative path":                {"path: search", []string{`path "search" must begin with a slash`}},
		"a path with a blank":            {"path: /a b", []string{`path "/a b" must`, "escape other characters with %"}},
		"a path with a fragment":         {`path: "/a#b"`, []string{`path "/a#b" must`}},
		"a path with a letter to escape": {"path: /ä", []string{"escape other characters with %"}},
		"no unit":                        {`duration: "5"`, []string{"/duration", "(ms|s|m|h)"}},
		"a number as time":               {"duration: 300", []string{"/duration", "want string"}},
		"a short search":                 {"duration: 9s", []string{"duration 9s must be from 10s to 1h"}},
		"a long search":                  {"duration: 1h1ms", []string{"duration 1h1ms must be from 10s to 1h"}},
		"a short latency":                {"latencyTarget: 0.9ms", []string{"latencyTarget 0.9ms must be from 1ms to 1m"}},
		"a long latency":                 {"latencyTarget: 1m1s", []string{"latencyTarget 1m1s must be from 1ms to 1m"}},
		"a start without end":            {"startTimeout: 99999999999999999999999h", []string{"startTimeout 99999999999999999999999h must be from 10s to 24h"}},
		"a latency above the duration":   {"{latencyTarget: 10s, duration: 10s}", []string{"latencyTarget 10s is not below duration 10s: lower latencyTarget or raise duration"}},
		"a short start":                  {"startTimeout: 9999ms", []string{"startTimeout 9999ms must be from 10s to 24h"}},
		"a long start":                   {"startTimeout: 25h", []string{"startTimeout 25h must be from 10s to 24h"}},
		"errors without percent":         {`errorRateTarget: "1"`, []string{"/errorRateTarget", "%$"}},
		"all may fail":                   {"errorRateTarget: 100%", []string{"/errorRateTarget", "%$"}},
		"a rate of nothing":              {"maxQPS: 0", []string{"/maxQPS", "minimum"}},
		"a rate too high":                {"maxQPS: 10000001", []string{"/maxQPS", "maximum"}},
		"a broken rate":                  {"maxQPS: 0.5", []string{"/maxQPS"}},
		"an unknown pull policy":         {"imagePullPolicy: Sometimes", []string{"/imagePullPolicy", "'IfNotPresent'"}},
		"a pull secret without name":     {"imagePullSecrets: [registry]", []string{"/imagePullSecrets/0", "want object"}},
		"a variable without name":        {"env: [{value: x}]", []string{"/env/0", "missing property 'name'"}},
		"variables as a map":             {"env: {A: b}", []string{"/env", "want array"}},
		"a proxy without name":           {"proxy: [{value: x}]", []string{"/proxy/0", "missing property 'name'"}},
		"a command as text":              {"command: /shop --serve", []string{"/command", "want array"}},
		"a number as an argument":        {"args: [8080]", []string{"/args/0", "want string"}},
		"a mount without path":           {"volumeMounts: [{name: a}]", []string{"/volumeMounts/0", "missing property 'mountPath'"}},
		"a volume without name":          {"volumes: [{emptyDir: {}}]", []string{"/volumes/0", "missing property 'name'"}},
		"resources as text":              {"resources: 100m", []string{"/resources"}},
		"a request that is a list":       {"resources: {requests: {cpu: [1]}}", []string{"/resources/requests/cpu"}},
		"a probe of nothing":             {"startupProbe: {failureThreshold: 5}", []string{"startupProbe", "add exec, grpc, httpGet or tcpSocket"}},
		"an empty probe":                 {"startupProbe: {}", []string{"startupProbe", "add exec, grpc, httpGet or tcpSocket"}},
		"a node selector of its own":     {"nodeSelector: {kubernetes.io/arch: arm64}", []string{"nodeSelector must not name kubernetes.io/arch", "restrict them with architectures"}},
		"a node selector of numbers":     {"nodeSelector: {disk: 1}", []string{"/nodeSelector/disk", "want string"}},
		"a label of the chart":           {"podLabels: {app.kubernetes.io/name: x}", []string{"podLabels must not hold app.kubernetes.io/name", "choose another key"}},
		"the label of the instance":      {"podLabels: {app.kubernetes.io/instance: x}", []string{"podLabels must not hold app.kubernetes.io/instance"}},
		"the label of the component":     {"podLabels: {app.kubernetes.io/component: x}", []string{"podLabels must not hold app.kubernetes.io/component"}},
		"the label of the manager":       {"podLabels: {app.kubernetes.io/managed-by: x}", []string{"podLabels must not hold app.kubernetes.io/managed-by"}},
		"the label of the run":           {"podLabels: {elasticweb.example.com/run: x}", []string{"podLabels must not hold elasticweb.example.com/run"}},
		"a label of the Job controller":  {"podLabels: {batch.kubernetes.io/job-name: x}", []string{"podLabels must not hold batch.kubernetes.io/job-name"}},
		"its old label":                  {"podLabels: {controller-uid: x}", []string{"podLabels must not hold controller-uid"}},
		"annotations that are no text":   {"podAnnotations: {a: true}", []string{"/podAnnotations/a", "want string"}},
		"a run that is no label":         {"run: a b", []string{"/run", "does not match pattern"}},
		"a number as run":                {"run: 5", []string{"/run", "want string"}},
		"a long run":                     {"run: " + strings.Repeat("a", 64), []string{"/run", "maxLength"}},
		"nobody as manager":              {`managedBy: ""`, []string{"/managedBy", "does not match pattern"}},
	} {
		t.Run(name, func(t *testing.T) {
			given := values(t, least, refused.change)
			_, err := render(loadChart(t), "shop", given)
			if err == nil {
				t.Fatalf("%s was accepted", refused.change)
			}
			for _, words := range refused.words {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q does not say %q", err, words)
				}
			}
		})
	}
}

func TestUnusualValuesAreAccepted(t *testing.T) {
	for name, change := range map[string]string{
		"a label of one's own":    "podLabels: {app.kubernetes.io/part-of: shop, job-name.example.com/x: z}",
		"a digest":                "image: shop:1@sha256:" + strings.Repeat("0", 64),
		"a registry's port":       "image: localhost:5000/shop",
		"an address":              `image: "[::1]:5000/shop"`,
		"the narrowest limits":    "{latencyTarget: 1ms, duration: 10s, startTimeout: 10s, errorRateTarget: 0%, maxQPS: 1}",
		"the widest limits":       "{latencyTarget: 60s, duration: 60m, startTimeout: 1440m, errorRateTarget: 99.999%, maxQPS: 10000000}",
		"numbers as quantities":   "resources: {limits: {cpu: 2, memory: 1e9}}",
		"a default taken back":    "{resources: null, startupProbe: null, securityContext: null, podSecurityContext: null}",
		"every visible character": `path: "/!\"$%&'()*+,-.:;<=>?@[\\]^_{|}~` + "`" + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := render(loadChart(t), "shop", values(t, least, change)); err != nil {
				t.Error(err)
			}
		})
	}
}
