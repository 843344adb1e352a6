// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

const patience = time.Minute

// shared is the cluster of the tests that leave it as they found it.
var shared *cluster.Cluster

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() || os.Getenv(doomedVariable) != "" {
		os.Exit(m.Run())
	}
	os.Exit(testmain.Run(m, &shared, func(ctx context.Context) (*cluster.Cluster, error) {
		return cluster.Start(ctx, cluster.Options{
			AuditLog:      true,
			HPASyncPeriod: time.Second,
			Nodes:         []cluster.NodePool{{Arch: "amd64", Count: 2}, {Arch: "arm64", Count: 2}},
			Progress:      os.Stderr,
		})
	}))
}

// clientOf returns a client with all rights.
func clientOf(t *testing.T, c *cluster.Cluster) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// newNamespace returns a client of the shared cluster and a namespace for the test alone.
func newNamespace(t *testing.T) (kubernetes.Interface, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a cluster")
	}
	client := clientOf(t, shared)
	namespace, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace has a service account", func(ctx context.Context) (bool, string) {
		_, err := client.CoreV1().ServiceAccounts(namespace.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, fmt.Sprint(err)
	})
	return client, namespace.Name
}

// eventually polls until holds does; what it returns beside that explains a failure.
func eventually(t *testing.T, what string, holds func(context.Context) (bool, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		ok, state := holds(ctx)
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s; last seen: %s", patience, what, state)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
