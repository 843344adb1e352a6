// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const manifests = `apiVersion: v1
kind: Service
metadata: {name: other}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: elasticweb-helm-release-role, namespace: elasticweb-system}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: elasticweb-helm-release-rolebinding, namespace: elasticweb-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: elasticweb-helm-release-role}
subjects: [{kind: ServiceAccount, name: elasticweb-controller-manager, namespace: elasticweb-system}]
---
apiVersion: v1
kind: Service
metadata: {name: last}
`

func TestTheRightsToReleasesBecomeObjectsOfTheBundle(t *testing.T) {
	rest, rights, err := cutReleaseRights([]byte(manifests))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(rest); strings.Contains(text, "secrets") || strings.Contains(text, "RoleBinding") ||
		!strings.Contains(text, "other") || !strings.Contains(text, "last") {
		t.Errorf("operator-sdk gets:\n%s", text)
	}
	work := t.TempDir()
	if err := os.MkdirAll(filepath.Join(work, "bundle/manifests"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeReleaseRights(rights, work); err != nil {
		t.Fatal(err)
	}
	for file, words := range map[string]string{
		"elasticweb-helm-release-role_rbac.authorization.k8s.io_v1_role.yaml":               "- secrets",
		"elasticweb-helm-release-rolebinding_rbac.authorization.k8s.io_v1_rolebinding.yaml": "name: elasticweb-controller-manager",
	} {
		text, err := os.ReadFile(filepath.Join(work, "bundle/manifests", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), words) || strings.Contains(string(text), "namespace") {
			t.Errorf("%s:\n%s", file, text)
		}
	}
}

func TestRightsToReleasesThatAreMissingAreNamed(t *testing.T) {
	if _, _, err := cutReleaseRights([]byte(strings.Replace(manifests, "kind: Role\nmetadata: {name: elasticweb-helm", "kind: Role\nmetadata: {name: another", 1))); err == nil ||
		!strings.Contains(err.Error(), "elasticweb-helm-release-role") {
		t.Errorf("got %v", err)
	}
}
