// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// pictures are taken anyway, and left where go test -artifacts has them.
var pictures = flag.Bool("pictures", false, "write those that docs/images has")

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// At every size, in both schemes, both screens fit, and break no rule of accessibility that a program can tell.
func TestLooks(t *testing.T) {
	needsCluster(t)
	rules, err := os.ReadFile("../../web/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("make web installs it: %v", err)
	}
	address := serve(t, shared.Kubeconfig(), "-n", operated)
	newGallery(t) // which is seen to come and to grow.
	for _, isDark := range []bool{false, true} {
		w := newWindow(t, address, isDark)
		w.awaitText(".summary", "7 ElasticWebs")
		var ignored any
		w.eval(string(rules)+";0", &ignored)
		for _, size := range [][2]int64{{360, 780}, {700, 860}, {1280, 860}, {2560, 1300}} {
			w.size(size[0], size[1])
			w.look("#/")
			w.awaitText(".row .name", "checkout")
			w.isFit(fmt.Sprintf("fleet, %d wide, dark %v", size[0], isDark))
			w.picture("page-fleet", size[0], isDark)
			w.look("#/web/" + operated + "/checkout")
			w.awaitText(".bars", "ready")
			w.await("the curves are drawn", "document.querySelector('.chart canvas')", ".chart")
			w.slide("8000")
			w.awaitText(".verdict", "pods; now")
			w.isFit(fmt.Sprintf("one, %d wide, dark %v", size[0], isDark))
			w.picture("page-one", size[0], isDark)
		}
		// As the browser's zoom makes 1280 by 860 of it: 200%, and the 400% that a page has to bear to be called accessible.
		for _, zoom := range []int64{2, 4} {
			w.do(chromedp.EmulateViewport(1280/zoom, 860/zoom, chromedp.EmulateScale(float64(zoom))))
			w.look("#/")
			w.awaitText(".row .name", "checkout")
			w.isFit(fmt.Sprintf("fleet, zoomed %d times, dark %v", zoom, isDark))
			w.picture("page-fleet-zoomed", zoom, isDark)
			w.look("#/web/" + operated + "/checkout")
			w.awaitText(".bars", "ready")
			w.slide("8000")
			w.awaitText(".verdict", "pods; now")
			w.isFit(fmt.Sprintf("one, zoomed %d times, dark %v", zoom, isDark))
			w.picture("page-one-zoomed", zoom, isDark)
		}
	}
}

// newGallery has one of each state, of which checkout had to grow.
func newGallery(t *testing.T) {
	t.Helper()
	checkout := newWeb(operated, "checkout", 3000)
	checkout.Spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)}, {Name: "amd64"}}
	create(t, checkout)
	for i, name := range []string{"search", "cart", "login"} {
		create(t, newWeb(operated, name, int32(1600+800*i)))
	}
	stuck := newWeb(operated, "recommendations", 1600)
	stuck.Spec.Image = "registry.example.com/recommendations:2.0"
	stuck.Spec.NodeSelector = map[string]string{"disktype": "none-has-it"}
	paused := newWeb(operated, "reports", 800)
	paused.Annotations = map[string]string{elasticwebv1.AnnotationPaused: "true"}
	short := newWeb(operated, "pictures", 4000)
	short.Spec.MaxReplicas = ptr.To[int32](3)
	create(t, stuck, paused, short)
	awaitWeb(t, checkout, "ready", func(web *elasticwebv1.ElasticWeb) bool { return web.Status.ReadyReplicas == 3 })
	change(t, checkout, func(web *elasticwebv1.ElasticWeb) { web.Spec.TotalQPS = ptr.To[int32](5000) })
	awaitWeb(t, checkout, "grown", func(web *elasticwebv1.ElasticWeb) bool { return *web.Status.RealQPS >= 5000 })
	awaitWeb(t, short, "ready", func(web *elasticwebv1.ElasticWeb) bool { return web.Status.ReadyReplicas == 3 })
}

// isFit holds that a screen needs no scrolling sideways, and that axe finds nothing.
func (w *window) isFit(screen string) {
	w.Helper()
	var over int
	if w.eval("Math.max(...[...document.querySelectorAll('html, .scroll')].map((e) => e.scrollWidth - e.clientWidth))", &over); over > 0 {
		w.Errorf("%s: it is wider than the window, by %d", screen, over)
	}
	var violations []string
	w.eval(`axe.run(document, {resultTypes: ['violations']}).then((r) => (r.passes.length > 10 ? r.violations : [{id: 'axe', help: 'it looked at nothing', nodes: []}]).map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join('; ')))`, &violations)
	for _, violation := range violations {
		w.Errorf("%s: %.600s", screen, violation)
	}
}

// picture takes one of what is in sight.
func (w *window) picture(name string, width int64, isDark bool) {
	w.Helper()
	var picture []byte
	w.do(chromedp.CaptureScreenshot(&picture))
	file := fmt.Sprintf("%s-%d-%s.png", name, width, map[bool]string{false: "light", true: "dark"}[isDark])
	folder := "../../docs/images"
	if _, err := os.Stat(filepath.Join(folder, file)); err != nil || !*pictures {
		folder = w.ArtifactDir()
	}
	if err := os.WriteFile(filepath.Join(folder, file), picture, 0o644); err != nil {
		w.Fatal(err)
	}
	if len(picture) > 400<<10 || !strings.HasPrefix(string(picture), "\x89PNG") {
		w.Errorf("%s has %d bytes", file, len(picture))
	}
}
