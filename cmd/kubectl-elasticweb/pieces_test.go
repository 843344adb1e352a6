// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

func TestSetPath(t *testing.T) {
	spec := map[string]any{}
	for _, assignment := range []string{
		"totalQPS=9000", "spec.rollout.maxSurge=1", "rollout.maxUnavailable=25%", "replicas=null", "podLabels.team=web",
		`architectures=[{"name": "arm64"}]`, "image=shop:1=2",
	} {
		if err := setPath(spec, assignment); err != nil {
			t.Errorf("%s: %v", assignment, err)
		}
	}
	want := map[string]any{
		"totalQPS": 9000.0, "rollout": map[string]any{"maxSurge": 1.0, "maxUnavailable": "25%"}, "replicas": nil, "podLabels": map[string]any{"team": "web"},
		"architectures": []any{map[string]any{"name": "arm64"}}, "image": "shop:1=2",
	}
	if diff := cmp.Diff(want, spec); diff != "" {
		t.Error(diff)
	}
	for _, assignment := range []string{"totalQPS", "=1", "env[0].value=1", "a={"} {
		if err := setPath(spec, assignment); err == nil {
			t.Errorf("%s is taken", assignment)
		}
	}
}

// TestDemandsExcludeEachOther: a flag that says the demand takes away what says it else.
func TestDemandsExcludeEachOther(t *testing.T) {
	for name, o := range map[string]*planOptions{"totalQPS": {changesQPS: true}, "replicas": {changesCount: true}} {
		o.environment = newEnvironment(genericiooptions.IOStreams{})
		o.flags.APIServer = ptr.To("http://127.0.0.1:1")
		_ = o.complete([]string{"shop"}) // no cluster is needed for it.
		want := map[string]any{"totalQPS": nil, "replicas": nil, "demand": nil}
		want[name] = int32(0)
		if diff := cmp.Diff(want, o.spec); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestNamesOfBenchmarks(t *testing.T) {
	for reference, want := range map[string]string{
		"shop": "shop-benchmark", "registry.example.com:5000/team/Shop_X:1.4": "shop-x-benchmark", "shop@sha256:0123": "shop-benchmark",
		strings.Repeat("a", 42) + "-bcd": strings.Repeat("a", 42) + "-benchmark",
	} {
		if got := benchmarkName(imageName(reference)); got != want || len(got) > longestBenchmark {
			t.Errorf("%s: got %s, want %s", reference, got, want)
		}
	}
}

// TestWaysBack: what is there to be copied leads to the cluster that was meant, whatever the shell makes of names, and tells no secret.
func TestWaysBack(t *testing.T) {
	e := newEnvironment(genericiooptions.IOStreams{})
	o := &benchmarkOptions{environment: e, namespace: "dev"}
	if got, want := o.comeBack("b"), "Follow it with: kubectl elasticweb benchmark -n dev --follow b\nEnd it with: kubectl delete elasticwebbenchmark -n dev b"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e.flags.Context, e.flags.KubeConfig, e.flags.BearerToken = ptr.To("it's $prod"), ptr.To("/etc/kube/config"), ptr.To("very-secret")
	if got, want := e.where("dev"), `-n dev --kubeconfig=/etc/kube/config --context='it'\''s $prod'`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRedraw has a cluster go away and come back. Without a terminal, only what differs is written.
func TestRedraw(t *testing.T) {
	var out bytes.Buffer
	e := newEnvironment(genericiooptions.IOStreams{Out: &out})
	e.now = func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	answers := []struct {
		text string
		err  error
	}{{"one\n", nil}, {"one\n", nil}, {"", errors.New("no\x1banswer")}, {"two\n", nil}}
	at := 0
	err := e.redraw(t.Context(), time.Millisecond, func(context.Context, screen.Style) (string, bool, error) {
		answer := answers[at]
		at++
		return answer.text, at == len(answers), answer.err
	})
	if want := "one\nNot read since 12:00:00: no\uFFFDanswer\n\none\ntwo\n"; err != nil || out.String() != want {
		t.Errorf("%v: %q, want %q", err, out.String(), want)
	}
	failure := errors.New("no cluster")
	if err := e.redraw(t.Context(), time.Millisecond, func(context.Context, screen.Style) (string, bool, error) { return "", false, failure }); !errors.Is(err, failure) {
		t.Errorf("nothing was ever read: %v", err)
	}
	gone, draws := apierrors.NewNotFound(schema.GroupResource{Resource: "elasticwebs"}, "shop"), 0
	err = e.redraw(t.Context(), time.Millisecond, func(context.Context, screen.Style) (string, bool, error) {
		if draws++; draws == 1 {
			return "x", false, nil
		}
		return "", draws > 2, gone
	})
	if !errors.Is(err, gone) || draws != 2 {
		t.Errorf("deleted: %v after %d", err, draws)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := e.redraw(ended, time.Hour, func(context.Context, screen.Style) (string, bool, error) { return "x", false, nil }); err != nil {
		t.Errorf("ended by the user: %v", err)
	}
}

func TestInPlace(t *testing.T) {
	if got := inPlace("a\nb\n", 10, false); got != "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J" {
		t.Errorf("%q", got)
	}
	if got := inPlace(strings.Repeat("a\n", 50), 10, true); strings.Count(got, "\n") != 9 || !strings.Contains(got, "too low") || !strings.HasPrefix(got, "\x1b[2J") {
		t.Errorf("%q", got)
	}
}

func TestErrorsAreHarmless(t *testing.T) {
	var out bytes.Buffer
	code := run(t.Context(), []string{"--server", "http://127.0.0.1:1", "-n", "dev", "status", "--selector", "\x1b[2J=("}, genericiooptions.IOStreams{Out: &out, ErrOut: &out})
	if code != 1 || strings.Contains(out.String(), "\x1b") || !strings.HasPrefix(out.String(), "error: --selector: ") {
		t.Errorf("%d: %q", code, out.String())
	}
	warnings{newEnvironment(genericiooptions.IOStreams{ErrOut: &out})}.HandleWarningHeader(299, "", "a\x1b]0;x\x07")
	if strings.ContainsAny(out.String(), "\x1b\x07") {
		t.Errorf("%q", out.String())
	}
}

func TestTail(t *testing.T) {
	text := strings.Repeat("0123456789", 100_000)
	for _, most := range []int{1005, len(text) - 1, len(text)} {
		got, isCut, err := tail(strings.NewReader(text), most)
		if err != nil || string(got) != text[len(text)-most:] || isCut != (most < len(text)) {
			t.Errorf("%d bytes, cut %t: %v", len(got), isCut, err)
		}
	}
	if _, _, err := tail(failing{}, 10); err == nil {
		t.Error("a failure is not told")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, fmt.Errorf("broken") }

// An output that takes nothing more ends a command with an error: what it wrote is cut off.
func TestOutputThatFails(t *testing.T) {
	var errOut bytes.Buffer
	if code := run(t.Context(), []string{"help"}, genericiooptions.IOStreams{Out: full{}, ErrOut: &errOut}); code == 0 || !strings.Contains(errOut.String(), "write the output: no space left") {
		t.Errorf("it ends with %d: %s", code, errOut.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// An image that is given as nothing is no image that stays.
func TestImageOfNothing(t *testing.T) {
	o := &planOptions{environment: newEnvironment(genericiooptions.IOStreams{}), changesImage: true}
	o.flags.APIServer = ptr.To("http://127.0.0.1:1")
	_ = o.complete([]string{"shop"}) // no cluster is needed for it.
	if diff := cmp.Diff(map[string]any{"image": ""}, o.spec); diff != "" {
		t.Error(diff)
	}
}

// A cluster that does not answer makes no report, and a file that is there is told before anything is read.
func TestReportOfNothing(t *testing.T) {
	for want, file := range map[string]string{"reach the cluster": filepath.Join(t.TempDir(), "new"), "it is there already": t.TempDir()} {
		var errOut bytes.Buffer
		args := []string{"--server", "http://127.0.0.1:1", "-n", "dev", "--cache-dir", t.TempDir(), "report", "--file", file}
		if code := run(t.Context(), args, genericiooptions.IOStreams{Out: &bytes.Buffer{}, ErrOut: &errOut}); code != 1 || !strings.Contains(errOut.String(), want) {
			t.Errorf("it ends with %d: %s", code, errOut.String())
		}
	}
}

// manyEvents gives events in pages, the last of which has the newest.
type manyEvents struct{ client.Client }

func (manyEvents) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	asked, list := &client.ListOptions{}, into.(*corev1.EventList)
	asked.ApplyOptions(options)
	if list.Items, list.Continue = []corev1.Event{{Reason: "Old"}}, "more"; asked.Continue == "more" {
		list.Items, list.Continue = []corev1.Event{{Reason: "New"}}, ""
	}
	return nil
}

func TestLastEventsAreRead(t *testing.T) {
	var reasons []string
	err := eachEvent(t.Context(), manyEvents{}, "dev", "shop", func(event *corev1.Event) { reasons = append(reasons, event.Reason) })
	if diff := cmp.Diff([]string{"Old", "New"}, reasons); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// withoutEvents is a cluster that has nothing, and fails to list events.
type withoutEvents struct{ client.Reader }

func (withoutEvents) Get(_ context.Context, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (withoutEvents) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	if _, isEvents := list.(*corev1.EventList); isEvents {
		return errors.New("it does not answer")
	}
	return nil
}

// Events that could not be read keep nothing else from being shown, and nobody is told that it is for want of rights.
func TestEventsThatAreNotRead(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "dev"}}
	web.Spec = elasticwebv1.ElasticWebSpec{Image: "shop:1", Port: ptr.To[int32](80), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400)}
	shown, err := newEnvironment(genericiooptions.IOStreams{}).look(t.Context(), withoutEvents{}, web)
	if err != nil {
		t.Fatal(err)
	}
	text := screen.Status(shown, screen.Fit(0, false))
	if !strings.Contains(text, "shop in dev") || !strings.Contains(text, "could not be read: list events: it does not answer") {
		t.Error(text)
	}
}
