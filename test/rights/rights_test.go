// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/elasticweb/elasticweb-operator/test/overlays"
)

// SECURITY.md says so: Secrets are read by name, and in no other way, however the operator is installed.
func TestSecretsAreReadByNameAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("needs bin/kustomize")
	}
	granted, err := Granted()
	if err != nil {
		t.Fatal(err)
	}
	if len(granted) != 6 {
		t.Errorf("%d ways to install", len(granted))
	}
	for installation, of := range granted {
		verbs := []string{}
		for _, right := range of {
			// Resources of the metrics APIs are the names of metrics.
			if isOfMetrics := strings.HasSuffix(right.Group, ".metrics.k8s.io"); right.Verb == "*" || right.Group == "*" || right.Resource == "*" && !isOfMetrics {
				t.Errorf("%s grants %s", installation, right)
			}
			if right.Resource == "secrets" {
				verbs = append(verbs, right.Verb)
			}
		}
		if !slices.Equal(verbs, []string{"get"}) {
			t.Errorf("%s grants %v of Secrets", installation, verbs)
		}
		if hasJobs := slices.ContainsFunc(of, func(r Right) bool { return r.Resource == "jobs" }); hasJobs == strings.Contains(installation, "without benchmarks") {
			t.Errorf("%s grants Jobs: %t", installation, hasJobs)
		}
	}
}

// The table in SECURITY.md names each right, and no other.
func TestSecurityNamesTheRights(t *testing.T) {
	if testing.Short() {
		t.Skip("needs bin/kustomize")
	}
	granted, err := Granted()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for _, right := range granted["config/default"] {
		if !slices.Contains(want[right.Resource], right.Verb) {
			want[right.Resource] = append(want[right.Resource], right.Verb)
		}
	}
	page, err := os.ReadFile(filepath.Join(overlays.Root(), "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| resource | rights | why |\n| --- | --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	got := map[string][]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		for resource := range strings.SplitSeq(strings.TrimPrefix(cells[0], "| "), ", ") {
			got[resource] = strings.Split(cells[1], ", ")
		}
	}
	sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := cmp.Diff(want, got, sorted); diff != "" {
		t.Errorf("the roles grant another (-granted +SECURITY.md):\n%s", diff)
	}
}

const auditLog = `
{"verb":"list","user":{"username":"system:serviceaccount:elasticweb-system:elasticweb-controller-manager"},"objectRef":{"resource":"pods","namespace":"dev","apiVersion":"v1"},"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by RoleBinding \"a/b\" of Role \"c\" to ServiceAccount \"x\""}}
{"verb":"list","user":{"username":"system:serviceaccount:elasticweb-system:elasticweb-controller-manager"},"objectRef":{"resource":"pods","namespace":"prod","apiVersion":"v1"},"annotations":{"authorization.k8s.io/decision":"allow"}}
{"verb":"watch","user":{"username":"system:serviceaccount:elasticweb-system:controller-manager"},"objectRef":{"resource":"nodes","apiVersion":"v1"},"annotations":{"authorization.k8s.io/decision":"forbid"}}
{"verb":"patch","user":{"username":"system:serviceaccount:elasticweb-system:controller-manager"},"objectRef":{"resource":"elasticwebs","subresource":"status","namespace":"elasticweb-system","apiGroup":"elasticweb.example.com"},"responseStatus":{"code":200},"annotations":{"authorization.k8s.io/decision":"allow"}}
{"verb":"patch","user":{"username":"system:serviceaccount:elasticweb-system:controller-manager"},"objectRef":{"resource":"services","namespace":"dev"},"responseStatus":{"code":201},"annotations":{"authorization.k8s.io/decision":"allow"}}
{"verb":"get","user":{"username":"system:serviceaccount:elasticweb-system:controller-manager"},"requestURI":"/version","annotations":{"authorization.k8s.io/decision":"allow"}}
{"verb":"create","user":{"username":"system:serviceaccount:elasticweb-system:controller-manager"},"objectRef":{"resource":"selfsubjectreviews","apiGroup":"authentication.k8s.io"},"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by ClusterRoleBinding \"system:basic-user\" of ClusterRole \"system:basic-user\" to Group \"system:authenticated\""}}
{"verb":"list","user":{"username":"system:serviceaccount:kube-system:deployment-controller"},"objectRef":{"resource":"secrets"},"annotations":{"authorization.k8s.io/decision":"allow"}}
{"verb":"list","us{"verb":"cut off","user":{}}
{"verb":"list","user":{"username":"elasticweb-admin"},"objectRef":{"resource":"secrets"},"annotations":{"authorization.k8s.io/decision":"allow"}}
{"verb":"delete","user":{"username":"system:serv`

func TestWhatIsReadOfAnAuditLog(t *testing.T) {
	folder := t.TempDir()
	log := filepath.Join(folder, "audit.log")
	if err := os.WriteFile(log, []byte(auditLog), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // of two control planes.
		if err := Record(log, filepath.Join(folder, "rights")); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Requests(filepath.Join(folder, "rights"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Request{
		{"list", "", "pods", Watched, true},
		{"watch", "", "nodes", Cluster, false},
		{"patch", "elasticweb.example.com", "elasticwebs/status", Own, true},
		{"patch", "", "services", Watched, true},
		{"create", "", "services", Watched, true},
	}
	if diff := cmp.Diff(append(want, want...), got); diff != "" {
		t.Error(diff)
	}
}

func TestComplaints(t *testing.T) {
	granted := map[string][]Right{
		"wide":   {{"list", "", "nodes", Cluster}, {"watch", "", "nodes", Cluster}, {"patch", "", "pods", Cluster}, {"get", "", "secrets", Cluster}, {"update", "e", "webs/finalizers", Cluster}},
		"narrow": {{"list", "", "pods", Watched}, {"patch", "", "pods", Cluster}, {"update", "c", "leases", Own}},
	}
	requests := []Request{
		{"watch", "", "nodes", Cluster, true},
		{"list", "", "pods", Watched, false},
		{"get", "", "secrets", Watched, false}, // it was tried, and that uses no right.
		{"update", "c", "leases", Own, true},
		{"update", "c", "leases", Watched, false},
		{"get", "operators.coreos.com", "operatorconditions", Own, true},
	}
	want := []string{
		`no right allows to update leases of the group "c" in watched namespaces, which was asked for`,
		`no suite uses the right to get secrets of the group "" in the cluster, granted by wide`,
		`no suite uses the right to list pods of the group "" in watched namespaces, granted by narrow`,
		`no suite uses the right to patch pods of the group "" in the cluster, granted by narrow; wide`,
	}
	if diff := cmp.Diff(want, Complaints(granted, requests)); diff != "" {
		t.Error(diff)
	}
}
