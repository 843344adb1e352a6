// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package nodes_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

const patience = 2 * time.Minute

// shared is the cluster of the tests that leave it as they found it.
var shared *nodes.Cluster

func TestMain(m *testing.M) {
	os.Exit(testmain.Run(m, &shared, func(ctx context.Context) (*nodes.Cluster, error) {
		return nodes.Start(ctx, nodes.Options{
			Nodes: []nodes.Pool{{Arch: runtime.GOARCH, Count: 2}}, Progress: os.Stderr,
		})
	}))
}

// pushWebServer puts the web server into the registry and returns a name that is not the registry's own.
func pushWebServer(t *testing.T) string {
	t.Helper()
	image, err := nodes.Image{
		Packages: map[string]string{"/webserver": "test/nodes/webserver"},
		Config:   v1.Config{Entrypoint: []string{"/webserver"}, User: "65532", ExposedPorts: map[string]struct{}{"8080/tcp": {}}},
	}.Build(t.Context(), runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shared.Registry().Push("elasticweb/webserver:1", image); err != nil {
		t.Fatal(err)
	}
	return "quay.io/elasticweb/webserver:1"
}

func kubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	// Not the test's, which ends before what is cleaned up.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	output, err := shared.Kubectl(ctx, input, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(output)
}

// get returns what a URL answers, once it does so with 200.
func get(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var last string
	for start := time.Now(); time.Since(start) < patience; time.Sleep(100 * time.Millisecond) {
		response, err := client.Get(url)
		if err != nil {
			last = err.Error()
			continue
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err == nil && response.StatusCode == http.StatusOK {
			return strings.TrimSpace(string(body))
		}
		last = fmt.Sprint(response.Status, " ", string(body))
	}
	t.Fatalf("%s does not answer within %s: %s", url, patience, last)
	return ""
}
