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
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
	"github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/compile"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

// operated is the namespace that the operator watches; in others the tests write what it would.
const operated = "shop"

// world is a cluster with the operator, which all tests share, and the plugin.
type world struct {
	*cluster.Cluster
	client           client.Client
	folder, registry string
	stops            []func() error
}

var shared *world

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	os.Exit(testmain.Run(m, &shared, startWorld))
}

func startWorld(ctx context.Context) (_ *world, err error) {
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard)))
	w := &world{}
	if w.folder, err = os.MkdirTemp("", "elasticweb-page-"); err != nil {
		return nil, err
	}
	w.stops = append(w.stops, func() error { return os.RemoveAll(w.folder) })
	w.Cluster, err = cluster.Start(ctx, cluster.Options{Nodes: []cluster.NodePool{{Arch: "amd64", Count: 3}, {Arch: "arm64", Count: 2}}, NodePortRange: "10000-60000"})
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	w.registry = strings.TrimPrefix(server.URL, "http://")
	w.stops = append(w.stops, func() error { server.Close(); return nil })
	for _, start := range []func(context.Context) error{w.install, w.startOperator, w.push, w.compile} {
		if err := start(ctx); err != nil {
			return nil, errors.Join(err, w.Stop())
		}
	}
	return w, nil
}

// Stop ends all that was started.
func (w *world) Stop() (err error) {
	for _, stop := range w.stops {
		err = errors.Join(err, stop())
	}
	return errors.Join(err, w.Cluster.Stop())
}

func (w *world) install(ctx context.Context) error {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), elasticwebv1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme), way.AddToScheme(scheme)); err != nil {
		return err
	}
	first, err := client.New(w.RESTConfig(), client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	for _, kind := range []string{"elasticwebs", "elasticwebbenchmarks"} {
		objects, err := manifests.ReadFile("../../config/crd/bases/elasticweb.example.com_" + kind + ".yaml")
		if err != nil {
			return err
		}
		for _, object := range objects {
			if err := first.Create(ctx, object); err != nil {
				return err
			}
		}
	}
	if err := first.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operated}}); err != nil {
		return err
	}
	config := w.RESTConfig()
	config.QPS = -1
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		w.client, err = client.New(config, client.Options{Scheme: scheme}) // a mapper that has learnt the kinds.
		return err == nil && w.client.List(ctx, &elasticwebv1.ElasticWebList{}) == nil, nil
	})
}

func (w *world) startOperator(context.Context) error {
	mgr, err := ctrl.NewManager(w.RESTConfig(), ctrl.Options{
		Scheme: w.client.Scheme(), Cache: caches.Options([]string{operated}), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	})
	if err != nil {
		return err
	}
	resolved := make(chan event.GenericEvent)
	resolver, err := platforms.New(platforms.Options{PlainHTTPRegistries: []string{w.registry}, Notify: images.Requeue(elasticweb.Kind, resolved)})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	reconciler := &elasticweb.Reconciler{
		Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(), Events: mgr.GetEventRecorder(controllers.FieldManager),
		Images: resolver, ImageWait: 10 * time.Second, WatchesNodes: true, Concurrency: 4, Clock: clock.RealClock{},
	}
	if err := errors.Join(mgr.Add(resolver), reconciler.SetupWithManager(ctx, mgr, resolved)); err != nil {
		stop()
		return err
	}
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	w.stops = append(w.stops, func() error { stop(); return <-done })
	return nil
}

// image is one for both architectures of the nodes.
func (w *world) image() string { return w.registry + "/shop:1.4" }

func (w *world) push(context.Context) error {
	reference, err := name.ParseReference(w.image(), name.Insecure)
	if err != nil {
		return err
	}
	var index v1.ImageIndex = empty.Index
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture, Config: v1.Config{ExposedPorts: map[string]struct{}{"8080/tcp": {}}}})
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}}})
	}
	return remote.WriteIndex(reference, index)
}

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
			return address
		}
	}
	t.Fatalf("no address was printed: %s", said.String())
	return ""
}

func create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		if err := shared.client.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = shared.client.Delete(context.WithoutCancel(t.Context()), object) })
	}
}

func newNamespace(t *testing.T, name string) string {
	t.Helper()
	create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	return name
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
	if err := shared.client.Patch(t.Context(), object, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

func awaitWeb(t *testing.T, web *elasticwebv1.ElasticWeb, what string, holds func(*elasticwebv1.ElasticWeb) bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := shared.client.Get(ctx, client.ObjectKeyFromObject(web), web)
		return err == nil && web.Status.ObservedGeneration == web.Generation && holds(web), err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w: %+v", what, err, web.Status))
	}
}
