// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"
)

func TestVersionsThatFit(t *testing.T) {
	builds, err := Request{Names: All()}.builds(tools, runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]*build{}
	for _, b := range builds {
		for _, name := range b.names {
			of[name] = b
		}
	}
	of[Kubectl].version, of[Etcd].version, of[Kwok].version = "v1.37.0", "v3.6.5", "v0.8.0"
	for _, test := range []struct {
		name, version string
		fits          bool
	}{
		{KubeAPIServer, "v1.37.5", true},
		{KubeAPIServer, "v1.36.9", false}, // older than the controllers that are built
		{KubeAPIServer, "v1.38.0", false},
		{KubeScheduler, "v1.36.0", false},
		{Kubectl, "v1.36.0", true},
		{Kubectl, "v1.38.1", true},
		{Kubectl, "v1.35.0", false},
		{Kubectl, "v1.39.0", false},
		{Kubectl, "v2.37.0", false},
		{Kubectl, "", false},
		{Kubectl, "v1.37", false},
		{Etcd, "3.5.0", true},
		{Etcd, "3.4.30", false},
		{Kwok, "v0.8.1", true},
		{Kwok, "v0.7.0", false},
	} {
		if why := of[test.name].unfit(test.name, test.version); (why == "") != test.fits {
			t.Errorf("%s %s: got %q, fits: %t", test.name, test.version, why, test.fits)
		}
	}
}

func TestVersionsAsTheyAreTold(t *testing.T) {
	for says, want := range map[string]string{
		"Kubernetes v1.37.0":                                   "v1.37.0",
		"etcd Version: 3.6.5\nGo Version: go1.25.1":            "3.6.5",
		"Client Version: v1.36.3\nKustomize Version: v5.7.1":   "v1.36.3",
		"kwok version v0.8.0 go1.26.8 (linux/amd64)":           "v0.8.0",
		"Client Version: v1.37.1-eks-113cf36\nKustomize: v5.7": "v1.37.1-eks-113cf36",
		"usage: etcd": "",
	} {
		_, path := program(t, Etcd, says)
		if got := versionOf(t.Context(), Etcd, path); got != want {
			t.Errorf("%q: got %q, want %q", says, got, want)
		}
	}
}

func TestAScriptThatHangsIsNotWaitedFor(t *testing.T) {
	_, path := program(t, Kubectl, "Client Version: v1.37.0")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nsleep 60\necho Client Version: v1.37.0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if got := versionOf(ctx, Kubectl, path); got != "" {
		t.Errorf("it told %s", got)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it was waited for: %s", took)
	}
}
