// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// watchWork has a page count what it does: elements that come into the list, tasks that block it, and how far apart its pictures are.
const watchWork = `void (() => {
	const work = window.work = { rows: 0, tasks: [], gaps: [], last: performance.now() };
	new MutationObserver((records) => records.forEach((r) => work.rows += [...r.addedNodes].filter((n) => n.classList?.contains('row')).length))
		.observe(document.querySelector('.rows'), { childList: true });
	new PerformanceObserver((list) => list.getEntries().forEach((e) => work.tasks.push(Math.round(e.duration)))).observe({ type: 'longtask' });
	const next = (now) => { work.gaps.push(now - work.last); work.last = now; requestAnimationFrame(next); };
	requestAnimationFrame(next);
})()`

// work is what watchWork counted. Long tasks are those of more than 50 ms.
type work struct {
	Rows            int
	Tasks           []int
	Pictures        int
	Median, Longest float64
}

func (w *window) work() (done work) {
	w.Helper()
	w.eval(`(() => { const g = work.gaps.slice(1).sort((a, b) => a - b);
		return { Rows: work.rows, Tasks: work.tasks, Pictures: g.length, Median: g[Math.floor(g.length / 2)] ?? 0, Longest: g.at(-1) ?? 0 }; })()`, &done)
	return done
}

// A thousand that change all the time cost a page no more than what can be seen of them: no element comes into the list for one that is not
// in sight. How smooth that is depends on the machine, and is told: -v.
func TestLoad(t *testing.T) {
	needsCluster(t)
	webs := newFleet(t, "busy", 1000)
	w := newWindow(t, serve(t, shared.Kubeconfig(), "--namespaces", "busy-a,busy-b"), false)
	w.awaitText(".summary", "1,000 ElasticWebs")
	var ignored any
	w.eval(`(() => { const s = document.getElementById('order'); s.value = 'name'; s.dispatchEvent(new Event('input')); })()`, &ignored)
	w.await("the first by name", "document.querySelector('.rows .row .name').textContent.includes('web-0000')", ".rows")
	var elements int
	if w.eval("document.querySelectorAll('*').length", &elements); elements > mostElements {
		t.Errorf("the page has %d elements, of which %d are enough", elements, mostElements)
	}
	used := w.startWatch(".rows")
	began := time.Now()
	for i := range 600 { // those are not in sight.
		reported(t, webs[400+i], []int32{3200, 1600}[i%2])
	}
	took := time.Since(began)
	w.eval(`void (document.querySelector('.scroll').scrollTop = 1e9)`, &ignored)
	w.await("the last one as it was reported last", "[...document.querySelectorAll('.rows .row')].some((r) => r.textContent.includes('web-0999') && r.textContent.includes('1,600 of 2,400'))", ".rows")
	done := w.work()
	t.Logf("600 changes in %.1fs: %d pictures, %.0f ms apart in the median and %.0f at most; long tasks of %v ms; %d rows were made; %d elements; %s",
		took.Seconds(), done.Pictures, done.Median, done.Longest, done.Tasks, done.Rows, elements, used())
	if done.Rows > mostRows {
		t.Errorf("%d rows were made, of which %d can be seen at the end", done.Rows, mostRows)
	}

	used = w.startWatch(".rows")
	w.eval(`new Promise((done) => { const s = document.querySelector('.scroll'); let steps = 0;
		const step = () => { s.scrollTop = (s.scrollHeight - s.clientHeight) * (1 - ++steps / 120); steps < 120 ? requestAnimationFrame(step) : done(0); }; step(); })`, &ignored)
	done = w.work()
	t.Logf("from the last to the first in 120 steps: %d pictures, %.0f ms apart in the median and %.0f at most; long tasks of %v ms; %d rows were made; %s",
		done.Pictures, done.Median, done.Longest, done.Tasks, done.Rows, used())
	if drawn := w.count(".rows .row"); drawn > mostRows {
		t.Errorf("%d rows are drawn", drawn)
	}
}

const (
	mostElements = 600
	mostRows     = 60
)

// Fifty that hold a stream open, and read nothing, get what 16 may, and the page says so to one more. The program stays small.
func TestManyWindows(t *testing.T) {
	needsCluster(t)
	newFleet(t, "watched", 1000)
	address, pid := serveProcess(t, shared.Kubeconfig(), "--namespaces", "watched-a,watched-b")
	before := residentMiB(t, pid)
	taken, refused := 0, 0
	for range 50 {
		response, err := http.Get(address + "events")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		switch response.StatusCode {
		case http.StatusOK:
			taken++
		case http.StatusServiceUnavailable:
			refused++
		default:
			t.Errorf("one is answered %s", response.Status)
		}
		if response.StatusCode != http.StatusOK {
			_, _ = io.Copy(io.Discard, response.Body)
		}
	}
	if taken != 16 || refused != 34 {
		t.Errorf("%d streams are taken, %d refused", taken, refused)
	}
	w := newWindow(t, address, false)
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.troubles = nil // the browser complains of each answer.
	})
	w.awaitText(".alert", "16 windows")
	t.Logf("%d MiB are resident before, %d with %d streams of 1,000 ElasticWebs that nobody reads", before, residentMiB(t, pid), taken)
}

// processor is how many seconds of a processor the page has used, whatever else the machine does: for scripts, layout and all in all.
func (w *window) processor() (script, layout, all float64) {
	w.Helper()
	w.do(chromedp.ActionFunc(func(ctx context.Context) error {
		metrics, err := performance.GetMetrics().Do(ctx)
		for _, metric := range metrics {
			switch metric.Name {
			case "ScriptDuration":
				script = metric.Value
			case "LayoutDuration", "RecalcStyleDuration":
				layout += metric.Value
			case "TaskDuration":
				all = metric.Value
			}
		}
		return err
	}))
	return script, layout, all
}

// startWatch begins to count what a page does, of which end says how much of a processor it took.
func (w *window) startWatch(of string) (end func() string) {
	w.Helper()
	var ignored any
	w.do(performance.Enable().WithTimeDomain(performance.EnableTimeDomainThreadTicks))
	script, layout, all := w.processor()
	w.eval(strings.ReplaceAll(watchWork, "'.rows'", quoted(of)), &ignored)
	return func() string {
		w.Helper()
		script2, layout2, all2 := w.processor()
		return fmt.Sprintf("%.2f s of a processor, %.2f of it scripts and %.2f layout", all2-all, script2-script, layout2-layout)
	}
}

// residentMiB is how much of a process is in memory.
func residentMiB(t *testing.T, pid int) (kib int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if rest, isThis := strings.CutPrefix(string(line), "VmRSS:"); isThis {
			_, _ = fmt.Sscan(rest, &kib)
		}
	}
	return kib / 1024
}

// Many pods of one: the map is drawn anew as they change, and is bounded.
func TestManyPods(t *testing.T) {
	needsCluster(t)
	web := newWeb(operated, "many", 100)
	web.Spec.SinglePodsQPS, web.Spec.Resources = ptr.To[int32](1), tiny()
	create(t, web)
	awaitWeb(t, web, "ready", func(web *elasticwebv1.ElasticWeb) bool { return web.Status.ReadyReplicas == 100 })
	w := newWindow(t, serve(t, shared.Kubeconfig(), "-n", operated), false)
	w.look("#/web/" + operated + "/many")
	w.await("the pods", "document.querySelectorAll('.pod.serving[data-pod]').length === 100", ".pods-card")
	used := w.startWatch(".pods-card")
	change(t, web, func(web *elasticwebv1.ElasticWeb) { web.Spec.TotalQPS = ptr.To[int32](400) })
	w.await("the pods", "document.querySelectorAll('.pod.serving[data-pod]').length === 400", ".pods-card")
	done := w.work()
	t.Logf("from 100 to 400 pods: %d pictures, %.0f ms apart in the median and %.0f at most; long tasks of %v ms; %s", done.Pictures, done.Median, done.Longest, done.Tasks, used())
}
