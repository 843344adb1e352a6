// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

func needsCluster(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
}

// runningShop is one that the operator has carried out.
func runningShop(t *testing.T, name string) *elasticwebv1.ElasticWeb {
	t.Helper()
	web := newWeb(operated, name, 2400)
	create(t, web)
	awaitWeb(t, web, "ready", func(web *elasticwebv1.ElasticWeb) bool {
		return web.Status.ReadyReplicas == 3 && *web.Status.RealQPS == 2400
	})
	return web
}

// The screen of one shows what the cluster has, and what changes in it; the slider tells what the operator then does, and does nothing itself.
func TestOne(t *testing.T) {
	needsCluster(t)
	web := runningShop(t, "one")
	w := newWindow(t, serve(t, shared.Kubeconfig()), false)
	w.awaitText(".row .name", "one")
	w.do(chromedp.Click(".row a", chromedp.ByQuery))
	w.awaitText(".bars", "2,400 of 2,400 requests per second")
	w.awaitText(".standing .badge", "Well")
	if shown, there := w.pods(), podsOf(t, web); !slices.Equal(shown, there) {
		t.Errorf("shown are the pods %q, and there are %q", shown, there)
	}

	w.awaitText(".whatif label", "Another demand")
	w.slide("9600")
	w.awaitText(".verdict", "12 pods; now 3")
	before := web.Generation
	if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(web), web); err != nil || web.Generation != before {
		t.Errorf("the question changed the ElasticWeb: %v, generation %d, was %d", err, web.Generation, before)
	}

	change(t, web, func(web *elasticwebv1.ElasticWeb) { web.Spec.TotalQPS = ptr.To[int32](9600) })
	w.awaitText(".bars", "9,600 of 9,600 requests per second")
	w.awaitText(".log", "spec.totalQPS: 2400 → 9600")
	w.awaitText(".verdict", "12 pods; now 12") // the question is asked again.
	awaitWeb(t, web, "ready", func(web *elasticwebv1.ElasticWeb) bool { return web.Status.ReadyReplicas == 12 })
	there := podsOf(t, web)
	w.await("the pods", fmt.Sprintf("[...document.querySelectorAll('.pod.serving[data-pod]')].map((e) => e.dataset.pod).sort().join() === %s", quoted(strings.Join(there, ","))), "[data-pod]")

	if err := shared.Client.Delete(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	w.awaitText(".refused", "There is no such ElasticWeb")
	runningShop(t, "one")
	w.await("nothing is said of one that was made anew", "document.querySelectorAll('.refused').length === 0", ".refused")
}

// slide moves the slider as a user does.
func (w *window) slide(value string) {
	w.Helper()
	var ignored any
	w.eval(fmt.Sprintf(`(() => { const s = document.getElementById('whatif-slider'); s.value = %s; s.dispatchEvent(new Event('input', {bubbles: true})); })()`, quoted(value)), &ignored)
}

// pods are those that the page shows as serving.
func (w *window) pods() (names []string) {
	w.Helper()
	w.eval("[...document.querySelectorAll('.pod.serving[data-pod]')].map((e) => e.dataset.pod).sort()", &names)
	return names
}

func podsOf(t *testing.T, web *elasticwebv1.ElasticWeb) (names []string) {
	t.Helper()
	list := &corev1.PodList{}
	if err := shared.Client.List(t.Context(), list, client.InNamespace(web.Namespace), client.MatchingLabels{elasticwebv1.LabelInstance: web.Name}); err != nil {
		t.Fatal(err)
	}
	for _, pod := range list.Items {
		names = append(names, pod.Name)
	}
	slices.Sort(names)
	return names
}

// All of it can be done without a mouse.
func TestKeyboard(t *testing.T) {
	needsCluster(t)
	runningShop(t, "keys")
	w := newWindow(t, serve(t, shared.Kubeconfig(), "-n", operated), false)
	w.awaitText(".row .name", "keys")
	w.do(chromedp.KeyEvent("/"))
	w.await("the search has the focus", "document.activeElement.id === 'search'", "body")
	var ignored any
	w.eval("void (document.activeElement.value = '')", &ignored) // chromedp types what the page has kept from being typed.
	w.do(chromedp.KeyEvent("keys"))
	w.await("one row is left", "document.querySelectorAll('.rows .row').length === 1", ".rows")
	w.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.ArrowDown))
	w.await("its row has the focus", "document.activeElement.matches('.row a')", "body")
	w.do(chromedp.KeyEvent(kb.Enter))
	w.awaitText("h1", "keys")
	w.await("the screen has the focus", "document.activeElement.id === 'main'", "body")
	w.awaitText(".whatif label", "Another demand")
	for range 20 {
		if w.do(chromedp.KeyEvent(kb.Tab)); w.count("#whatif-slider:focus") == 1 {
			break
		}
	}
	w.do(chromedp.KeyEvent(kb.End))
	w.awaitText(".verdict", "12 pods; now 3")
}

// A cluster that does not answer is told, with the age of what is shown, which stays; it comes back by itself.
func TestAway(t *testing.T) {
	needsCluster(t)
	web := runningShop(t, "away")
	w := newWindow(t, serve(t, shared.Kubeconfig()), false)
	w.awaitText("#link", "live")
	w.look("#/web/" + operated + "/away")
	w.awaitText(".bars", "2,400 of 2,400")
	var ignored any
	w.eval("(() => { const now = Date.now; Date.now = () => now() + 2 * 86400e3; })()", &ignored) // the page has been open for days.
	if err := shared.StopComponent(cluster.APIServer); err != nil {
		t.Fatal(err)
	}
	w.awaitText("#link", "cluster away")
	w.awaitText(".alert", "The cluster has not answered since "+time.Now().Format("2006-"))
	if len(w.pods()) != 3 {
		t.Errorf("the pods are no longer shown: %s", w.text(".pods-card"))
	}
	w.look("#/")
	w.awaitText(".row .name", "away")
	w.look("#/web/" + operated + "/away")
	if err := shared.StartComponent(t.Context(), cluster.APIServer); err != nil {
		t.Fatal(err)
	}
	w.awaitText("#link", "live")
	w.await("nothing is said any more", "document.querySelectorAll('.alert').length === 0", ".alert")
	change(t, web, func(web *elasticwebv1.ElasticWeb) { web.Spec.TotalQPS = ptr.To[int32](3200) })
	w.awaitText(".bars", "3,200 of 3,200")
}
