// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// TestLogsOfTheOperator: those of a container that was restarted are there from before and since, and what is not there is said.
func TestLogsOfTheOperator(t *testing.T) {
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.URL.Query()
		switch container := asked.Get("container"); {
		case r.URL.Path != "/api/v1/namespaces/system/pods/operator-1/log" || asked.Get("tailLines") == "":
			http.NotFound(w, r)
		case container == "manager" && asked.Get("previous") == "true":
			fmt.Fprint(w, "it ended\n")
		case container == "manager":
			fmt.Fprint(w, "it runs\n")
		case container == "wordy":
			fmt.Fprint(w, strings.Repeat("a\n", mostLogLines))
		case container == "long":
			fmt.Fprint(w, strings.Repeat("b", mostLogBytes+1))
		default:
			http.Error(w, "the node does not answer", http.StatusInternalServerError)
		}
	}))
	defer node.Close()
	logs, err := kubernetes.NewForConfig(&rest.Config{Host: node.URL})
	if err != nil {
		t.Fatal(err)
	}
	o := &reportOptions{logs: logs}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "operator-1"}}
	for _, name := range []string{"manager", "wordy", "long", "away"} {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: name})
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "manager", RestartCount: 1}, {Name: "wordy"}}
	o.addLogs(t.Context(), pod)
	contents := o.archive.Contents()
	for _, line := range []string{
		"       8  operator/system/logs/operator-1.manager.log\n", "       9  operator/system/logs/operator-1.manager.previous.log\n",
		"- operator/system/logs/operator-1.wordy.log: all but the end of it\n", "- operator/system/logs/operator-1.long.log: all but the end of it\n",
		"- operator/system/logs/operator-1.away.log: an error on the server (\"the node does not answer\")",
	} {
		if !strings.Contains(contents, line) {
			t.Errorf("lacks %q:\n%s", line, contents)
		}
	}
	if strings.Count(contents, "\n- ") != 3 || strings.Count(contents, ".previous.log") != 1 {
		t.Errorf("has more:\n%s", contents)
	}
}
