// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is for what a page takes to show something, on a machine that has other work to do.
const patience = time.Minute

// window is a window of a real browser.
type window struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	troubles []string
}

// newWindow opens an address in a browser of its own. Whatever goes wrong in the page fails the test.
func newWindow(t *testing.T, address string, isDark bool) *window {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1280, 800), chromedp.Flag("disable-gpu", true),
		chromedp.Flag("force-device-scale-factor", "1"), chromedp.WSURLReadTimeout(patience))
	if program := os.Getenv("CHROMIUM"); program != "" {
		options = append(options, chromedp.ExecPath(program))
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	w := &window{T: t, ctx: ctx}
	chromedp.ListenTarget(ctx, w.listen)
	scheme := "light"
	if isDark {
		scheme = "dark"
	}
	w.do(cdplog.Enable(), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}), chromedp.Navigate(address))
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, trouble := range w.troubles {
			t.Errorf("in the page: %s", trouble)
		}
	})
	return w
}

// listen notes dialogs, exceptions, and what the browser complains of, such as what the page's policy forbids.
func (w *window) listen(event any) {
	trouble := ""
	switch event := event.(type) {
	case *cdppage.EventJavascriptDialogOpening:
		trouble = "a dialog: " + event.Message
		go func() { _ = chromedp.Run(w.ctx, cdppage.HandleJavaScriptDialog(true)) }()
	case *cdpruntime.EventExceptionThrown:
		trouble = event.ExceptionDetails.Error()
	case *cdplog.EventEntryAdded:
		if event.Entry.Level == cdplog.LevelError && !strings.Contains(event.Entry.Text, "net::ERR_") { // which are how a server is away.
			trouble = event.Entry.Text + " " + event.Entry.URL
		}
	}
	if trouble != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.troubles = append(w.troubles, trouble)
	}
}

func (w *window) do(actions ...chromedp.Action) {
	w.Helper()
	ctx, stop := context.WithTimeout(w.ctx, patience)
	defer stop()
	if w.ctx.Err() == nil && chromedp.FromContext(w.ctx).Target == nil { // the first has no deadline: that would be the browser's.
		ctx = w.ctx
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		w.Fatal(err)
	}
}

// eval gives what an expression comes to.
func (w *window) eval(expression string, into any) {
	w.Helper()
	w.do(chromedp.Evaluate(expression, into, func(p *cdpruntime.EvaluateParams) *cdpruntime.EvaluateParams { return p.WithAwaitPromise(true) }))
}

func (w *window) text(selector string) (text string) {
	w.Helper()
	w.eval(fmt.Sprintf("[...document.querySelectorAll(%s)].map((e) => e.textContent).join(' | ')", quoted(selector)), &text)
	return text
}

func (w *window) count(selector string) (count int) {
	w.Helper()
	w.eval(fmt.Sprintf("document.querySelectorAll(%s).length", quoted(selector)), &count)
	return count
}

func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

// await waits until an expression is true, of which says is what is told where it does not become so.
func (w *window) await(what, expression, says string) {
	w.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		is := false
		if w.eval("Boolean("+expression+")", &is); is {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("%s: the page has %q", what, w.text(says))
		}
	}
}

// awaitText waits until an element says something.
func (w *window) awaitText(selector, text string) {
	w.Helper()
	w.await(fmt.Sprintf("%s says %q", selector, text),
		fmt.Sprintf("[...document.querySelectorAll(%s)].some((e) => e.textContent.includes(%s))", quoted(selector), quoted(text)), selector)
}

func (w *window) size(width, height int64) {
	w.Helper()
	w.do(chromedp.EmulateViewport(width, height))
}

// look opens a screen of the page.
func (w *window) look(hash string) {
	w.Helper()
	var ignored any
	w.eval("void (location.hash = "+quoted(hash)+")", &ignored)
}
