// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/whatif"
)

// cluster has what a board has, and answers questions when it may.
type cluster struct {
	board *Board
	held  chan struct{} // nil to answer at once.
}

func (c cluster) Look(_ context.Context, key types.NamespacedName) (Sight, error) {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	if known := c.board.webs[key]; known != nil {
		return Sight{Web: screen.Web{Web: known.web}}, nil
	}
	return Sight{}, apierrors.NewNotFound(schema.GroupResource{Resource: "elasticwebs"}, key.Name)
}

func (c cluster) WhatIf(ctx context.Context, key types.NamespacedName, question Question) (whatif.Outcome, error) {
	if c.held != nil {
		select {
		case <-c.held:
		case <-ctx.Done():
			return whatif.Outcome{}, ctx.Err()
		}
	}
	if _, err := c.Look(ctx, key); err != nil {
		return whatif.Outcome{}, err
	}
	return whatif.Outcome{Pods: *question.TotalQPS, Notes: []string{"\x1b[0mnoted"}, Diff: "+a\n-b\n"}, nil
}

func newTestServer(t *testing.T, w *world) (*Server, *httptest.Server) {
	t.Helper()
	s := NewServer(w.Board, cluster{board: w.Board}, nil)
	served := httptest.NewServer(s.Handler())
	t.Cleanup(served.Close)
	return s, served
}

func TestWhoMayLook(t *testing.T) {
	s, served := newTestServer(t, newWorld())
	right := "/" + s.token + "/"
	for name, tc := range map[string]struct {
		method, path, host string
		code               int
	}{
		"the page":                       {"GET", right, "", 200},
		"its script":                     {"GET", right + "page.js", "", 200},
		"the head of it":                 {"HEAD", right, "", 200},
		"by the name localhost":          {"GET", right, "localhost:1234", 200},
		"by IPv6":                        {"GET", right, "[::1]:1234", 200},
		"without the last slash":         {"GET", "/" + s.token, "", 302},
		"without the token":              {"GET", "/", "", 404},
		"a part of the token":            {"GET", "/" + s.token[:10] + "/", "", 404},
		"more than the token":            {"GET", "/" + s.token + "A/", "", 404},
		"another's token":                {"GET", "/" + NewServer(nil, nil, nil).token + "/", "", 404},
		"a script without the token":     {"GET", "/page.js", "", 404},
		"a file that is not of it":       {"GET", right + "server.go", "", 404},
		"a path out of it":               {"GET", right + "..%2fserver.go", "", 404},
		"under a name that leads here":   {"GET", right, "rebound.example.com", 403},
		"a name that only looks like it": {"GET", right, "localhost.example.com:80", 403},
		"an address of a network":        {"GET", right, "10.0.0.1:1234", 403},
		"a change":                       {"POST", right, "", 405},
		"a change of a question":         {"DELETE", right + "whatif?namespace=dev&name=a&totalQPS=1", "", 405},
		"what a site asks beforehand":    {"OPTIONS", right, "", 405},
	} {
		request, err := http.NewRequestWithContext(t.Context(), tc.method, served.URL+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = tc.host
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != tc.code {
			t.Errorf("%s: %s, want %d", name, response.Status, tc.code)
		}
		header := response.Header
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store" || header.Get("Referrer-Policy") != "no-referrer" ||
			header.Get("Access-Control-Allow-Origin") != "" || header.Get("Set-Cookie") != "" {
			t.Errorf("%s: the headers are %v", name, header)
		}
		for _, rule := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "trusted-types 'none'"} {
			if !strings.Contains(header.Get("Content-Security-Policy"), rule) {
				t.Errorf("%s: the policy lacks %s", name, rule)
			}
		}
	}
}

// The page takes nothing from elsewhere, and nothing in its text is a script or a style.
func TestThePageIsWhole(t *testing.T) {
	files := embedded()
	page := string(files["/"].text)
	if !strings.Contains(page, `src="page.js"`) || strings.Contains(page, "<style") || strings.Contains(page, " style=") || strings.Count(page, "<script") != 1 {
		t.Errorf("the page is %s", page)
	}
	for name, file := range files {
		kind := "text/"
		if strings.HasSuffix(name, ".svg") {
			kind = "image/svg+xml"
		}
		if !strings.HasPrefix(file.kind, kind) || len(file.text) == 0 || len(file.text) > 512<<10 {
			t.Errorf("%s is %s of %d bytes", name, file.kind, len(file.text))
		}
	}
	if script := string(files["/page.js"].text); strings.Contains(script, "innerHTML") || strings.Contains(script, "insertAdjacentHTML") || strings.Contains(script, "eval(") {
		t.Error("the script can make markup, or code, of text")
	}
}

func get(t *testing.T, address string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestQuestions(t *testing.T) {
	w := newWorld()
	w.Set(newWeb("a", 1, 1))
	s, served := newTestServer(t, w)
	for query, want := range map[string]int{
		"namespace=dev&name=a&totalQPS=0":                           200,
		"namespace=dev&name=a&totalQPS=2147483647":                  200,
		"namespace=dev&name=a&totalQPS=2147483648":                  400,
		"namespace=dev&name=a&totalQPS=-1":                          400,
		"namespace=dev&name=a&totalQPS=1e3":                         400,
		"namespace=dev&name=a&totalQPS=" + strings.Repeat("9", 999): 400,
		"namespace=dev&name=a":                                      400,
		"namespace=dev&name=a&totalQPS=1&replicas=1":                400,
		"totalQPS=1":                         400,
		"namespace=dev&name=../a&totalQPS=1": 400,
		"namespace=dev&name=gone&totalQPS=1": 404,
	} {
		if code, body := get(t, served.URL+"/"+s.token+"/whatif?"+query); code != want {
			t.Errorf("%.80s: %d, want %d: %s", query, code, want, body)
		}
	}
	_, body := get(t, served.URL+"/"+s.token+"/whatif?namespace=dev&name=a&totalQPS=7")
	var answer Answer
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Pods != 7 || strings.Contains(answer.Notes[0], "\x1b") || !slices.Equal(answer.Diff, []string{"+a", "-b"}) {
		t.Errorf("the answer is %s, %v", body, err)
	}
}

// Who asks much waits, and whoever leaves makes room.
func TestQuestionsTakeTurns(t *testing.T) {
	w := newWorld()
	w.Set(newWeb("a", 1, 1))
	held := make(chan struct{})
	s := NewServer(w.Board, cluster{w.Board, held}, nil)
	served := httptest.NewServer(s.Handler())
	defer served.Close()
	address := served.URL + "/" + s.token + "/whatif?namespace=dev&name=a&totalQPS=1"
	codes := make(chan int)
	for range mostAsked + 1 {
		go func() {
			code, _ := get(t, address)
			codes <- code
		}()
	}
	for len(s.asked) < mostAsked {
		time.Sleep(time.Millisecond)
	}
	close(held)
	for range mostAsked + 1 {
		if code := <-codes; code != 200 {
			t.Errorf("one is answered %d", code)
		}
	}
}

// listener reads server-sent events.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
}

func (s *Server) listen(t *testing.T, served *httptest.Server, query string) *listener {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, served.URL+"/"+s.token+"/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("it is %s, %s", response.Status, kind)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 8<<20)
	return &listener{t, lines}
}

// next is the next event.
func (l *listener) next() (event, data string) {
	l.t.Helper()
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch name {
		case "event":
			event = value
		case "data":
			return event, value
		}
	}
	l.t.Fatalf("the stream ends: %v", l.lines.Err())
	return "", ""
}

// awaitLooked waits until what is looked at was read, and sent if it is another.
func (l *listener) awaitLooked() {
	l.t.Helper()
	for l.lines.Scan() {
		switch line := l.lines.Text(); {
		case line == ":":
			return
		case line != "":
			l.t.Fatalf("sent is what is as it was: %.200s", line)
		}
	}
	l.t.Fatalf("the stream ends: %v", l.lines.Err())
}

// wants holds the next events against their names.
func (l *listener) wants(events ...string) (data string) {
	l.t.Helper()
	for _, want := range events {
		got := ""
		if got, data = l.next(); got != want {
			l.t.Fatalf("the event is %s, want %s: %.200s", got, want, data)
		}
	}
	return data
}

func TestEvents(t *testing.T) {
	w := newWorld()
	var all []*elasticwebv1.ElasticWeb
	for i := range rowsAtOnce + 1 {
		all = append(all, newWeb(fmt.Sprintf("web-%d", i), 1, 1))
	}
	w.Replace(all)
	s, served := newTestServer(t, w)
	l := s.listen(t, served, "")
	var rows []Row
	if data := l.wants("hello", "rows", "rows"); json.Unmarshal([]byte(data), &rows) != nil || len(rows) != 1 {
		t.Errorf("the second lot is %s", data)
	}
	l.wants("cluster")
	w.Set(newWeb("web-0", 5, 1))
	if data := l.wants("rows"); json.Unmarshal([]byte(data), &rows) != nil || len(rows) != 1 || rows[0].Name != "web-0" || rows[0].Serving != 5 {
		t.Errorf("what is told of a change is %s", data)
	}
	w.Remove(types.NamespacedName{Namespace: "dev", Name: "web-0"})
	if data := l.wants("gone"); data != `[{"namespace":"dev","name":"web-0"}]` {
		t.Errorf("what is told of one that is gone is %s", data)
	}
	w.Away("no route")
	if data := l.wants("cluster"); !strings.Contains(data, "no route") {
		t.Errorf("what is told of the cluster is %s", data)
	}
}

func TestEventsOfOne(t *testing.T) {
	w := newWorld()
	w.Replace([]*elasticwebv1.ElasticWeb{newWeb("a", 1, 1, condition("Ready", metav1.ConditionTrue))})
	s, served := newTestServer(t, w)
	l := s.listen(t, served, "?namespace=dev&name=a")
	var detail Detail
	if data := l.wants("hello", "rows", "cluster", "web"); json.Unmarshal([]byte(data), &detail) != nil || detail.Name != "a" || len(detail.Samples) != 1 || detail.Message != "of this" {
		t.Errorf("it is %s", data)
	}
	l.awaitLooked()
	w.Touch(types.NamespacedName{Namespace: "dev", Name: "a"}) // which changed nothing that is shown.
	l.awaitLooked()
	w.at = w.at.Add(time.Minute)
	w.Set(newWeb("a", 2, 1, condition("Ready", metav1.ConditionTrue)))
	if data := l.wants("rows", "web"); json.Unmarshal([]byte(data), &detail) != nil || len(detail.Samples) != 2 || detail.Changes[0].Text != "Serving: 1 → 2" {
		t.Errorf("changed it is %s", data)
	}
	w.Remove(types.NamespacedName{Namespace: "dev", Name: "a"})
	l.wants("gone", "missing")
}

func TestStreamsThatAreTooMany(t *testing.T) {
	w := newWorld()
	s, served := newTestServer(t, w)
	for range mostStreams {
		w.join(types.NamespacedName{})
	}
	if code, body := get(t, served.URL+"/"+s.token+"/events"); code != http.StatusServiceUnavailable {
		t.Errorf("one more is answered %d: %s", code, body)
	}
	if code, _ := get(t, served.URL+"/"+s.token+"/events?namespace=dev&name=<b>"); code != http.StatusBadRequest {
		t.Errorf("a name that is none is answered %d", code)
	}
}

// stuckWriter is a browser that reads nothing any more.
type stuckWriter struct {
	http.ResponseWriter
	deadline time.Time
}

func (w *stuckWriter) SetWriteDeadline(deadline time.Time) error { w.deadline = deadline; return nil }
func (w *stuckWriter) FlushError() error                         { return nil }
func (w *stuckWriter) Write([]byte) (int, error) {
	if w.deadline.IsZero() {
		return 0, fmt.Errorf("it would wait for ever")
	}
	return 0, context.DeadlineExceeded
}

// A browser that does not read loses its stream, and its place is free.
func TestSlowBrowsersAreLeft(t *testing.T) {
	w := newWorld()
	s := NewServer(w.Board, cluster{board: w.Board}, nil)
	out := &stuckWriter{ResponseWriter: httptest.NewRecorder()}
	s.serveStream(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil))
	if w.IsWatched() || out.deadline.IsZero() {
		t.Errorf("it is still told of news: %v", out.deadline)
	}
}

// Serve ends with its context, streams included.
func TestServeEnds(t *testing.T) {
	w := newWorld()
	s := NewServer(w.Board, cluster{board: w.Board}, nil)
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, on) }()
	address := s.Address(on.Addr())
	if code, body := get(t, address); code != 200 || !strings.Contains(body, "<title>ElasticWebs") {
		t.Errorf("at %s is %d, %s", address, code, body)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, response.Body) // ends as well.
}
