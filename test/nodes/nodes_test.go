// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package nodes_test

import (
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// webServers are two pods that are to be on two nodes, and a Service before them.
const webServers = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
      terminationGracePeriodSeconds: 1
      containers:
      - name: web
        image: IMAGE
        env: [{name: VERSION, value: one}, {name: SSL_CERT_FILE, value: /registry/ca.crt}]
        volumeMounts: [{name: registry, mountPath: /registry}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
      volumes: [{name: registry, configMap: {name: registry}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
`

func TestPodsRunAndReachEachOther(t *testing.T) {
	manifest := strings.ReplaceAll(webServers, "IMAGE", pushWebServer(t))
	kubectl(t, "", "create", "configmap", "registry", "--from-literal=ca.crt="+string(shared.Registry().CertificateAuthority))
	t.Cleanup(func() { kubectl(t, "", "delete", "configmap", "registry") })
	kubectl(t, manifest, "apply", "-f", "-")
	t.Cleanup(func() { kubectl(t, manifest, "delete", "--wait", "-f", "-") })
	kubectl(t, "", "rollout", "status", "deployment/web", "--timeout=2m")
	pods := strings.Fields(kubectl(t, "", "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}"))
	if len(pods) != 2 {
		t.Fatalf("got the pods %q, want two", pods)
	}

	t.Run("every node answers on the node port, for the pods of all nodes", func(t *testing.T) {
		for _, address := range strings.Fields(kubectl(t, "", "get", "nodes", "-o", "jsonpath={.items[*].status.addresses[?(@.type=='InternalIP')].address}")) {
			answered := map[string]bool{}
			// A pod that has just become ready is not known on every node yet.
			for start := time.Now(); len(answered) < len(pods) && time.Since(start) < patience; {
				fields := strings.Fields(get(t, "http://"+address+":30080/"))
				if len(fields) != 3 || fields[1] != runtime.GOARCH || fields[2] != "one" {
					t.Fatalf("got the answer %q", fields)
				}
				answered[fields[0]] = true
			}
			for _, pod := range pods {
				if !answered[pod] {
					t.Errorf("%s never answered behind %s", pod, address)
				}
			}
		}
	})
	t.Run("a pod knows a Service by name, and reaches itself through it", func(t *testing.T) {
		pod := kubectl(t, "", "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].status.podIP}")
		for attempt := range 20 {
			answer := get(t, "http://"+pod+":8080/fetch?url="+url.QueryEscape("http://web.default.svc.cluster.local/"))
			if !slices.Contains(pods, strings.Fields(answer)[0]) {
				t.Fatalf("attempt %d: got %q", attempt, answer)
			}
		}
	})
	t.Run("a pod reaches the registry by the names of public ones", func(t *testing.T) {
		pod := kubectl(t, "", "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].status.podIP}")
		for _, registry := range []string{"index.docker.io", "quay.io"} {
			answer := get(t, "http://"+pod+":8080/fetch?url="+url.QueryEscape("https://"+registry+"/v2/elasticweb/webserver/tags/list"))
			if answer != `{"name":"elasticweb/webserver","tags":["1"]}` {
				t.Errorf("%s answered %q", registry, answer)
			}
		}
	})
	t.Run("logs", func(t *testing.T) {
		for _, pod := range pods {
			if got := kubectl(t, "", "logs", pod); got != "serving" {
				t.Errorf("%s logged %q", pod, got)
			}
		}
	})
	t.Run("a node is drained", func(t *testing.T) {
		node := kubectl(t, "", "get", "pod", pods[0], "-o", "jsonpath={.spec.nodeName}")
		kubectl(t, "", "drain", node, "--ignore-daemonsets", "--timeout=1m", "--pod-selector=app=web")
		t.Cleanup(func() { kubectl(t, "", "uncordon", node) })
		left := kubectl(t, "", "get", "pods", "-l", "app=web", "--field-selector=spec.nodeName="+node, "-o", "name")
		if left != "" {
			t.Errorf("%s is still on %s", left, node)
		}
	})
}

func TestPodsOfAnImageThatIsMissing(t *testing.T) {
	kubectl(t, "", "run", "missing", "--image=docker.io/nobody/nothing:1", "--restart=Never")
	t.Cleanup(func() { kubectl(t, "", "delete", "pod", "missing", "--now") })
	kubectl(t, "", "wait", "pod/missing", "--timeout=2m", "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull")
	message := kubectl(t, "", "get", "pod", "missing", "-o", "jsonpath={.status.containerStatuses[0].state.waiting.message}")
	if !strings.Contains(message, "not found") {
		t.Errorf("got %q", message)
	}
}
