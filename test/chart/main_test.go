// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package chart_test renders the chart, and installs it into a real control plane.
package chart_test

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
	"k8s.io/client-go/rest"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

// patience is how long to wait for what must come.
const patience = 2 * time.Minute

// controlPlane has two nodes of each architecture; those of arm64 let no other pods in, as some clouds have it.
var controlPlane *cluster.Cluster

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	os.Exit(testmain.Run(m, &controlPlane, func(ctx context.Context) (*cluster.Cluster, error) {
		return cluster.Start(ctx, cluster.Options{
			Nodes: []cluster.NodePool{
				{Arch: "amd64", Count: 2},
				{Arch: "arm64", Count: 2, Taints: []corev1.Taint{{Key: corev1.LabelArchStable, Value: "arm64", Effect: corev1.TaintEffectNoSchedule}}},
			},
			Progress: os.Stderr,
		})
	}))
}

// newNamespace returns a client with all rights, and a namespace with a service account for the test alone.
func newNamespace(t *testing.T, labels map[string]string) (kubernetes.Interface, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	config := controlPlane.RESTConfig()
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	namespace, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "chart-", Labels: labels},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // not with t.Context(), which is over by then
		if err := client.CoreV1().Namespaces().Delete(context.Background(), namespace.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
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
