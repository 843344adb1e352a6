// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const crdPath = "../../config/crd/bases/elasticweb.example.com_elasticwebs.yaml"

// The API server of all tests, which has the CRD, and a client with all rights. Both nil with -short.
var (
	apiServer *cluster.Cluster
	k8s       client.Client
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := 0
	if testing.Short() {
		code = m.Run()
	} else if err := runOnCluster(func() { code = m.Run() }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runOnCluster(run func()) (err error) {
	ctx := context.Background()
	if apiServer, err = cluster.Start(ctx, cluster.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, apiServer.Stop()) }()
	// As a user does it, which proves that the CRD fits into kubectl's annotation.
	if _, err := kubectl("apply", "-f", crdPath); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), elasticwebv1.AddToScheme(scheme)); err != nil {
		return err
	}
	if k8s, err = client.New(apiServer.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	if err := awaitServed(ctx); err != nil {
		return err
	}
	run()
	return nil
}

// awaitServed waits until the API server answers for the kind, which it does a moment after the CRD is Established. kubectl
// wait would not do: it fails where the CRD has no conditions yet.
func awaitServed(ctx context.Context) error {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := k8s.List(ctx, &elasticwebv1.ElasticWebList{})
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

func kubectl(args ...string) (string, error) {
	command := exec.Command(apiServer.KubectlPath(), append([]string{"--kubeconfig", apiServer.Kubeconfig()}, args...)...)
	stdout, stderr := &bytes.Buffer{}, &bytes.Buffer{}
	command.Stdout, command.Stderr = stdout, stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", command, err, stderr)
	}
	return stdout.String(), nil
}

func needsAPIServer(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs an API server")
	}
}

// newNamespace makes a namespace for one test.
func newNamespace(t *testing.T) string {
	t.Helper()
	needsAPIServer(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := k8s.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}
