// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// TestRightsOfTheDocs: with the role view and the one of docs/kubectl.md nothing is missing to those who look.
func TestRightsOfTheDocs(t *testing.T) {
	b := newBench(t)
	text, err := os.ReadFile("../../docs/kubectl.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```yaml\napiVersion: rbac")
	block, _, _ = strings.Cut(block, "```")
	looker := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict([]byte("apiVersion: rbac"+block), looker); err != nil {
		t.Fatal(err)
	}
	viewer, err := manifests.ReadFile("../../config/rbac/elasticweb_viewer_role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	jim := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "jim"}}
	role := func(name string) rbacv1.RoleRef {
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}
	}
	for _, object := range []client.Object{
		viewer[0], looker, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "jim"}, RoleRef: role(looker.Name), Subjects: jim},
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "jim", Namespace: b.namespace}, RoleRef: role("view"), Subjects: jim},
	} {
		if err := shared.Client.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	web := b.shop()
	web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{
		ParentRefs: []elasticwebv1.GatewayReference{{Name: "public"}}, Hostnames: []elasticwebv1.Hostname{"shop.example.com"}}}
	b.create(web)
	b.settle()
	config, err := shared.UserConfig("jim")
	if err != nil {
		t.Fatal(err)
	}
	his := b.as(config)
	his.eventually("the rights", func() (bool, string) { _, errOut, code := his.run("status"); return code == 0, errOut })
	for _, args := range [][]string{{"status", "shop"}, {"why", "shop"}, {"plan", "shop", "--total-qps", "2400"}} {
		out, errOut, _ := his.run(args...)
		if strings.Contains(out+errOut, "not be read") || strings.Contains(out+errOut, "forbidden") || !strings.Contains(out, "shop") {
			t.Errorf("%v: %s%s", args, out, errOut)
		}
	}
	out := his.want(0, []string{"report", "--file", filepath.Join(t.TempDir(), "r.tar.gz")}, "namespace/HTTPRoute/shop.yaml", "namespace/EndpointSlice/", "Route: the cluster does not have that kind")
	if missing := out[strings.Index(out, "Not in it:"):]; strings.Contains(missing, "namespace/") || strings.Count(missing, "forbidden") != 3 {
		t.Errorf("missing is more than what is of the operator: %s", missing)
	}
}

// TestRightsOfTheTable: with what the table of docs/kubectl.md says beside the rights to look, each command can do all that it does, and without
// it does not.
func TestRightsOfTheTable(t *testing.T) {
	b := newBench(t)
	web := b.shop()
	web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{
		ParentRefs: []elasticwebv1.GatewayReference{{Name: "public"}}, Hostnames: []elasticwebv1.Hostname{"shop.example.com"}}}
	b.create(web, probe())
	b.settle()
	file := filepath.Join(t.TempDir(), "new.yaml")
	lastPort++
	if err := os.WriteFile(file, []byte(manifest("new", shared.image("1"), lastPort, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	const group, denied = "elasticweb.example.com", "may not"
	rule := func(group, resource string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
	}
	for user, tc := range map[string]struct {
		rules    []rbacv1.PolicyRule
		commands [][]string
	}{
		"plans": {[]rbacv1.PolicyRule{
			rule(group, "elasticwebs", "create", "patch"), rule("", "services", "create", "patch"), rule("apps", "deployments", "create", "patch"),
			rule("gateway.networking.k8s.io", "httproutes", "create", "patch"),
		}, [][]string{{"plan", "shop", "--total-qps", "4000"}, {"plan", "-f", file, "--plain-http-registries", shared.Host}}},
		"takes-over": {[]rbacv1.PolicyRule{rule(group, "elasticwebs", "create")}, [][]string{{"from", "deployment/shop", "--single-pods-qps", "800"}}},
		"pauses":     {[]rbacv1.PolicyRule{rule(group, "elasticwebs", "patch")}, [][]string{{"pause", "shop"}, {"resume", "shop"}}},
		"restarts":   {[]rbacv1.PolicyRule{rule("apps", "deployments", "patch")}, [][]string{{"restart", "shop"}}},
		"measures": {[]rbacv1.PolicyRule{rule(group, "elasticwebbenchmarks", "create", "patch")},
			[][]string{{"benchmark", "shop", "--detach"}, {"rerun", "probe"}}},
	} {
		t.Run(user, func(t *testing.T) {
			with, without := b.looker(user, tc.rules), b.looker("only-"+user, nil)
			for _, args := range tc.commands {
				if out, errOut, code := without.run(args...); code == 0 && !strings.Contains(out+errOut, denied) && !strings.Contains(out+errOut, "forbidden") {
					t.Errorf("%v can do it without: %s%s", args, out, errOut)
				}
				out, errOut, code := with.run(args...)
				if code > exitChanges || strings.Contains(out+errOut, denied) || strings.Contains(out+errOut, "forbidden") {
					t.Errorf("%v: %d: %s%s", args, code, out, errOut)
				}
			}
		})
	}
}

// looker is somebody who may look at the namespace, and has these rights in it.
func (b *bench) looker(user string, rules []rbacv1.PolicyRule) *bench {
	b.Helper()
	rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{elasticwebv1.GroupVersion.Group}, Resources: []string{"*"}, Verbs: []string{"get", "list", "watch"}},
		rbacv1.PolicyRule{APIGroups: []string{"gateway.networking.k8s.io", "route.openshift.io"}, Resources: []string{"httproutes", "routes"}, Verbs: []string{"get", "list"}})
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
	ofNodes := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: b.namespace + "-" + user}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list"}}}}
	for _, object := range []client.Object{ofNodes, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: ofNodes.Name}, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: ofNodes.Name}}} {
		if err := shared.Client.Create(b.Context(), object); err != nil {
			b.Fatal(err)
		}
	}
	b.create(&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: rules},
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: user}, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user}},
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: user + "-view"}, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"}})
	config, err := shared.UserConfig(user)
	if err != nil {
		b.Fatal(err)
	}
	his := b.as(config)
	his.eventually("the rights", func() (bool, string) { _, errOut, code := his.run("status", "shop"); return code == 0, errOut })
	return his
}
