// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// reported is what an operator would say of an ElasticWeb that nobody carries out.
func reported(t *testing.T, web *elasticwebv1.ElasticWeb, serving int32) {
	t.Helper()
	met, ready := metav1.ConditionTrue, "AsPlanned"
	if serving < *web.Spec.TotalQPS {
		met, ready = metav1.ConditionFalse, "PodsNotReady"
	}
	now := metav1.Now()
	change := client.MergeFrom(web.DeepCopy())
	web.Status = elasticwebv1.ElasticWebStatus{
		ObservedGeneration: web.Generation, RealQPS: ptr.To(serving), Replicas: 3, ReadyReplicas: serving / 800, PodsByArchitecture: "arm64=2,amd64=1",
		Conditions: []metav1.Condition{
			{Type: "Ready", Status: met, Reason: ready, Message: "the test says so", LastTransitionTime: now},
			{Type: "CapacityMet", Status: met, Reason: ready, Message: "the test says so", LastTransitionTime: now},
		},
	}
	if err := shared.Client.Status().Patch(t.Context(), web, change); err != nil {
		t.Error(err)
	}
}

// newFleet makes many, of which each hundredth is short, in two namespaces.
func newFleet(t *testing.T, name string, count int) (webs []*elasticwebv1.ElasticWeb) {
	t.Helper()
	namespaces := []string{newNamespace(t, name+"-a"), newNamespace(t, name+"-b")}
	for i := range count {
		webs = append(webs, newWeb(namespaces[i%2], fmt.Sprintf("web-%04d", i), 2400))
	}
	var making sync.WaitGroup
	for part := range 8 {
		making.Go(func() {
			for i := part; i < count; i += 8 {
				if err := shared.Client.Create(t.Context(), webs[i]); err != nil {
					t.Error(err)
					return
				}
				reported(t, webs[i], []int32{2400, 1600}[min(1, (100-i%100)/100)])
			}
		})
	}
	making.Wait()
	t.Cleanup(func() {
		for _, namespace := range namespaces {
			_ = shared.Client.DeleteAllOf(context.WithoutCancel(t.Context()), &elasticwebv1.ElasticWeb{}, client.InNamespace(namespace))
		}
	})
	return webs
}

// A thousand are listed as one is: those that need a look first, as many rows as can be seen, and what changes is told alone.
func TestFleet(t *testing.T) {
	needsCluster(t)
	webs := newFleet(t, "fleet", 1000)
	w := newWindow(t, serve(t, shared.Kubeconfig()), false)
	w.awaitText(".summary", "1,000 ElasticWebs")
	w.awaitText(".count.short b", "10")
	w.awaitText(".count.well b", "990")
	if first := w.text(".rows .row:first-child"); !strings.Contains(first, "web-0000") || !strings.Contains(first, "1,600 of 2,400") {
		t.Errorf("the first row is %q", first)
	}
	if drawn := w.count(".rows .row"); drawn > 60 {
		t.Errorf("%d rows are drawn", drawn)
	}

	var ignored any
	w.eval(`void (document.querySelector('.scroll').scrollTop = 1e9)`, &ignored)
	w.awaitText(".rows .row .name", "web-0999")
	if drawn := w.count(".rows .row"); drawn > 60 {
		t.Errorf("%d rows are drawn at the end", drawn)
	}
	w.eval(`void (document.querySelector('.scroll').scrollTop = 0)`, &ignored)

	// A row that is drawn stays the same element: nothing is drawn anew for the change of another.
	w.awaitText(".rows .row .name", "web-0000")
	w.eval(`void ([...document.querySelectorAll('.rows .row')].find((r) => r.textContent.includes('web-0000')).kept = true)`, &ignored)
	reported(t, webs[500], 800)
	reported(t, webs[100], 2400)
	w.awaitText(".count.short b", "9") // 500 was short before.
	w.awaitText(".rows .row .amount", "800 of 2,400")
	w.await("the row stays", `[...document.querySelectorAll('.rows .row')].find((r) => r.textContent.includes('web-0000')).kept`, ".rows")

	w.eval(`(() => { const s = document.getElementById('namespace'); s.value = 'fleet-b'; s.dispatchEvent(new Event('input')); })()`, &ignored)
	w.awaitText(".summary", "500 of 1,000 ElasticWebs")
	w.eval(`(() => { const s = document.getElementById('search'); s.value = 'web-0501'; s.dispatchEvent(new Event('input')); })()`, &ignored)
	w.awaitText(".summary", "1 of 1,000 ElasticWebs")
	w.eval(`(() => { const s = document.getElementById('search'); s.value = ''; s.dispatchEvent(new Event('input')); document.querySelector('.count.short').click(); })()`, &ignored)
	w.awaitText(".summary", "0 of 1,000 ElasticWebs") // the short ones are even, and in the other namespace.

	if err := shared.Client.Delete(t.Context(), webs[1]); err != nil {
		t.Fatal(err)
	}
	w.awaitText(".summary", "0 of 999 ElasticWebs")
}

// Who may look into one namespace alone sees that one, and is told of the others.
func TestRights(t *testing.T) {
	needsCluster(t)
	runningShop(t, "allowed")
	locked := newNamespace(t, "locked")
	create(t, newWeb(locked, "secret", 800))
	const user = "reader"
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "page-reader"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"elasticweb.example.com"}, Resources: []string{"elasticwebs"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments", "replicasets"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list", "watch"}},
	}}
	lister := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "page-lister"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"list"}}}}
	subjects := []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: user}}
	create(t, role, lister,
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: operated, Name: user}, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name}},
		&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "page-" + user}, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: lister.Name}})
	config, err := shared.UserConfig(user)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, config); err != nil {
		t.Fatal(err)
	}
	w := newWindow(t, serve(t, kubeconfig), false)
	w.awaitText(".row .name", "allowed")
	w.awaitText(".alert", "you may not list or watch elasticwebs in namespace "+locked)
	if strings.Contains(w.text("body"), "secret") {
		t.Error("what may not be read is shown")
	}
	w.look("#/web/" + operated + "/allowed")
	w.awaitText(".bars", "2,400 of 2,400")
	w.awaitText(".refused", "nodes")
	w.awaitText(".refused", "events")
	w.await("the pods are there", "document.querySelectorAll('.pod[data-pod]').length === 3", ".pods-card")
}
