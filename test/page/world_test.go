// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package page looks at the page of kubectl elasticweb dashboard in a real browser, with a real API server behind it.
package page

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/operator"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

// operated is the namespace that the operator watches; in others the tests write what it would.
const operated = "shop"

// world is a cluster with the operator, which all tests share, and the plugin.
type world struct {
	*operator.World
	folder string
}

var shared *world

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	os.Exit(testmain.Run(m, &shared, startWorld))
}

func startWorld(ctx context.Context) (*world, error) {
	folder, err := os.MkdirTemp("", "elasticweb-page-")
	if err != nil {
		return nil, err
	}
	started, err := operator.Start(ctx, operator.Options{Nodes: []cluster.NodePool{{Arch: "amd64", Count: 3}, {Arch: "arm64", Count: 2}}, Namespaces: []string{operated}})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	w := &world{started, folder}
	if err := errors.Join(w.Push(w.image(), 8080, "amd64", "arm64"), w.compile(ctx)); err != nil {
		return nil, errors.Join(err, w.Stop())
	}
	return w, nil
}

// Stop ends all that was started.
func (w *world) Stop() error { return errors.Join(w.World.Stop(), os.RemoveAll(w.folder)) }

// image is one for both architectures of the nodes.
func (w *world) image() string { return w.Host + "/shop:1.4" }

// given is a plugin that is there already.
var given = flag.String("plugin", "", "the kubectl-elasticweb to look at; empty compiles it")

func (w *world) plugin() string { return cmp.Or(*given, filepath.Join(w.folder, "kubectl-elasticweb")) }

// compile makes the plugin: the page is looked at as users have it.
func (w *world) compile(ctx context.Context) error {
	if *given != "" {
		return nil
	}
	return compile.Native(ctx, "cmd/kubectl-elasticweb", w.plugin())
}

// serve runs kubectl elasticweb dashboard until the test ends, and gives its address.
func serve(t *testing.T, kubeconfig string, flags ...string) string {
	t.Helper()
	address, _ := serveProcess(t, kubeconfig, flags...)
	return address
}

// serveProcess gives the number of its process as well.
func serveProcess(t *testing.T, kubeconfig string, flags ...string) (address string, pid int) {
	t.Helper()
	args := append([]string{"dashboard", "--no-browser", "--kubeconfig", kubeconfig, "--cache-dir", t.TempDir()}, flags...)
	command := exec.Command(shared.plugin(), args...)
	command.Env = append(os.Environ(), "GOMAXPROCS=2")
	var said strings.Builder
	command.Stderr = &said
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGINT)
		if err := command.Wait(); err != nil {
			t.Errorf("kubectl elasticweb dashboard: %v: %s", err, said.String())
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, isFound := strings.CutPrefix(lines.Text(), "The page is at "); isFound {
			return address, command.Process.Pid
		}
	}
	t.Fatalf("no address was printed: %s", said.String())
	return "", 0
}

func create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		if err := shared.Client.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = shared.Client.Delete(context.WithoutCancel(t.Context()), object) })
	}
}

func newNamespace(t *testing.T, name string) string {
	t.Helper()
	create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	return name
}

// tiny is what so many pods may ask for that hundreds have room.
func tiny() *corev1.ResourceRequirements {
	return &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m"), corev1.ResourceMemory: resource.MustParse("1Mi")}}
}

var lastPort int32 = 20000

// newWeb is one that the operator can carry out.
func newWeb(namespace, name string, totalQPS int32) *elasticwebv1.ElasticWeb {
	lastPort++
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	web.Spec = elasticwebv1.ElasticWebSpec{Image: shared.image(), Port: ptr.To(lastPort), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To(totalQPS)}
	return web
}

// change changes an object, whatever others change in it meanwhile.
func change[O client.Object](t *testing.T, object O, edit func(O)) {
	t.Helper()
	before := object.DeepCopyObject().(O)
	edit(object)
	if err := shared.Client.Patch(t.Context(), object, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

func awaitWeb(t *testing.T, web *elasticwebv1.ElasticWeb, what string, holds func(*elasticwebv1.ElasticWeb) bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := shared.Client.Get(ctx, client.ObjectKeyFromObject(web), web)
		return err == nil && web.Status.ObservedGeneration == web.Generation && holds(web), err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w: %+v", what, err, web.Status))
	}
}
