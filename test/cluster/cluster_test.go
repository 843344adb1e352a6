// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

func TestDeploymentBecomesAvailableOnTwoArchitectures(t *testing.T) {
	client, namespace := newNamespace(t)
	createDeployment(t, client, namespace, 8, webTemplate(nil))
	awaitReadyReplicas(t, client, namespace, 8)
	pods, err := podsOf(t.Context(), client, namespace)
	if err != nil {
		t.Fatal(err)
	}
	architectures, addresses := map[string]int{}, map[string]bool{}
	for _, pod := range pods {
		node, err := client.CoreV1().Nodes().Get(t.Context(), pod.Spec.NodeName, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		architectures[node.Labels[corev1.LabelArchStable]]++
		addresses[pod.Status.PodIP] = true
	}
	if architectures["amd64"] == 0 || architectures["arm64"] == 0 {
		t.Errorf("pods by architecture: %v, want both", architectures)
	}
	if len(addresses) != len(pods) || addresses[""] {
		t.Errorf("%d pods have the addresses %v, want one each", len(pods), addresses)
	}
}

func TestClustersSideBySide(t *testing.T) {
	client, namespace := newNamespace(t)
	dir, logs := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kept"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := cluster.Start(t.Context(), cluster.Options{Dir: dir, LogDir: logs, NodePortRange: "10000-10010"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clientOf(t, second).CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace of the first cluster in the second: got error %v, want NotFound", err)
	}
	if err := createNodePort(t, clientOf(t, second), "default", 10003); err != nil {
		t.Errorf("a port of the second cluster's range: %v", err)
	}
	if err := createNodePort(t, client, namespace, 10003); !apierrors.IsInvalid(err) {
		t.Errorf("a port outside the first cluster's range: got error %v, want Invalid", err)
	}
	if _, err := cluster.Start(t.Context(), cluster.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "holds a cluster already") {
		t.Errorf("a third cluster in the second one's folder: got error %v", err)
	}
	for range 2 {
		if err := second.Stop(); err != nil {
			t.Error(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "kept" {
		t.Errorf("after Stop the folder has %v, %v, want only what was in it", entries, err)
	}
	if _, err := os.Stat(filepath.Join(logs, "kube-apiserver.log")); err != nil {
		t.Errorf("the log folder lacks a log: %v", err)
	}
}

func createNodePort(t *testing.T, client kubernetes.Interface, namespace string, port int32) error {
	t.Helper()
	_, err := client.CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80, NodePort: port}}},
	}, metav1.CreateOptions{})
	return err
}

func TestStartFails(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the binaries")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx     context.Context
		options cluster.Options
		want    string
	}{
		"port in use": {
			options: cluster.Options{Port: listener.Addr().(*net.TCPAddr).Port},
			want:    "is in use by another process",
		},
		"crash": {
			options: cluster.Options{ExtraArgs: map[cluster.Component][]string{cluster.Etcd: {"--no-such-flag"}}},
			want:    "flag provided but not defined: -no-such-flag",
		},
		"cancelled": {
			ctx:  cancelled,
			want: context.Canceled.Error(),
		},
		"no architecture": {
			options: cluster.Options{Nodes: []cluster.NodePool{{Count: 1}}},
			want:    "a node pool needs an architecture",
		},
		"no quantity": {
			options: cluster.Options{Nodes: []cluster.NodePool{{Arch: "arm64", Memory: "much"}}},
			want:    `the arm64 nodes cannot have "much"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := test.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			test.options.Dir = filepath.Join(t.TempDir(), "cluster")
			c, err := cluster.Start(ctx, test.options)
			if err == nil {
				_ = c.Stop()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if _, err := os.Stat(test.options.Dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder is left behind: %v", err)
			}
		})
	}
}

func TestServiceAccountConfigHasItsRightsOnly(t *testing.T) {
	client, namespace := newNamespace(t)
	config, err := shared.ServiceAccountConfig(t.Context(), namespace, "default")
	if err != nil {
		t.Fatal(err)
	}
	account, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	review, err := account.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: "get", Resource: "secrets"}},
	}, metav1.CreateOptions{})
	if err != nil || review.Status.Allowed {
		t.Errorf("may the default service account read secrets: got %v, %v, want no", review, err)
	}
	if _, err := client.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("the admin reads secrets: %v", err)
	}
}

func TestAuditLogTellsWhoDidWhat(t *testing.T) {
	client, namespace := newNamespace(t)
	if err := client.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(shared.AuditLogPath())
	if err != nil {
		t.Fatal(err)
	}
	uri := fmt.Sprintf(`"requestURI":"/api/v1/namespaces/%s"`, namespace)
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, uri) && strings.Contains(line, `"verb":"delete"`) && strings.Contains(line, `"username":"admin"`) && strings.Contains(line, `"stage":"ResponseComplete"`) {
			return
		}
	}
	t.Errorf("the audit log does not have the deletion of namespace %s", namespace)
}
