// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/operator"
	"github.com/elasticweb/elasticweb-operator/test/testmain"
)

// world is a cluster with the operator and a registry, which all tests share.
type world struct{ *operator.World }

var shared *world

// runsMain, in the environment, has this program be the plugin: for tests of it as a process.
const runsMain = "TEST_RUNS_KUBECTL_ELASTICWEB"

func TestMain(m *testing.M) {
	if os.Getenv(runsMain) != "" {
		main()
		return
	}
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	os.Exit(testmain.Run(m, &shared, startWorld))
}

// The images of the tests, and what they hold.
var pushed = map[string][]string{
	"1": {"amd64", "arm64"}, "2": {"amd64", "arm64"}, "amd64": {"amd64"}, "arm64": {"arm64"},
	"three-1": {"amd64", "arm64", "ppc64le"}, "three-2": {"amd64", "arm64", "ppc64le"},
}

func startWorld(ctx context.Context) (*world, error) {
	started, err := operator.Start(ctx, operator.Options{Gateways: true, Nodes: []cluster.NodePool{
		{Arch: "amd64", Count: 2, CPU: "16", Labels: map[string]string{"pool": "roomy"}}, {Arch: "arm64", Count: 2, CPU: "16", Labels: map[string]string{"pool": "roomy"}},
		// For those who tolerate it: what is preferred has room for a few.
		tight("amd64", 110), tight("arm64", 4), tight("ppc64le", 3),
	}})
	if err != nil {
		return nil, err
	}
	w := &world{started}
	for tag, architectures := range pushed {
		if err := w.Push(w.image(tag), 80, architectures...); err != nil {
			return nil, errors.Join(err, w.Stop())
		}
	}
	return w, nil
}

func tight(architecture string, pods int) cluster.NodePool {
	return cluster.NodePool{Arch: architecture, Count: 2, Pods: pods, CPU: "16", NamePrefix: "tight-" + architecture, Labels: map[string]string{"pool": "tight"},
		Taints: []corev1.Taint{{Key: "pool", Value: "tight", Effect: corev1.TaintEffectNoSchedule}}}
}

func (w *world) image(tag string) string { return w.Host + "/shop:" + tag }

// bench is a test with a namespace of its own.
type bench struct {
	*testing.T
	namespace, kubeconfig string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := shared.Client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shared.Client.Delete(context.WithoutCancel(t.Context()), namespace) })
	b := &bench{T: t, namespace: namespace.Name, kubeconfig: shared.Kubeconfig()}
	t.Cleanup(func() {
		for _, command := range []string{"why", "status"} {
			if !t.Failed() {
				return
			}
			if out, errOut, code := b.runWith(context.WithoutCancel(t.Context()), "", command, "shop"); code == 0 {
				t.Logf("kubectl elasticweb %s shop:\n%s%s", command, out, errOut)
			}
		}
	})
	return b
}

// as runs the commands with the rights of somebody else.
func (b *bench) as(config *rest.Config) *bench {
	b.Helper()
	path := filepath.Join(b.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(path, config); err != nil {
		b.Fatal(err)
	}
	return &bench{T: b.T, namespace: b.namespace, kubeconfig: path}
}

// run runs the plugin, and gives what it wrote, and its exit code.
func (b *bench) run(args ...string) (out, errOut string, code int) {
	return b.runWith(b.Context(), "", args...)
}

func (b *bench) runWith(ctx context.Context, in string, args ...string) (out, errOut string, code int) {
	b.Helper()
	var stdout, stderr bytes.Buffer
	code = run(ctx, append([]string{"--kubeconfig", b.kubeconfig, "--cache-dir", b.TempDir(), "-n", b.namespace}, args...),
		genericiooptions.IOStreams{In: strings.NewReader(in), Out: &stdout, ErrOut: &stderr})
	return stdout.String(), stderr.String(), code
}

// want runs the plugin, and holds what it wrote, and its exit code, against what it should.
func (b *bench) want(code int, args []string, says ...string) string {
	b.Helper()
	out, errOut, got := b.run(args...)
	if got != code {
		b.Errorf("%v: exit code %d, want %d: %s%s", args, got, code, out, errOut)
	}
	for _, text := range says {
		if !strings.Contains(out+errOut, text) && !strings.Contains(strings.Join(strings.Fields(out+errOut), " "), text) { // lines may be wrapped.
			b.Errorf("%v: lacks %q:\n%s%s", args, text, out, errOut)
		}
	}
	return out
}

func (b *bench) create(objects ...client.Object) {
	b.Helper()
	for _, object := range objects {
		object.SetNamespace(b.namespace)
		if err := shared.Client.Create(b.Context(), object); err != nil {
			b.Fatal(err)
		}
	}
}

// eventually waits until something holds, which says else why not.
func (b *bench) eventually(what string, holds func() (bool, string)) {
	b.Helper()
	last := ""
	err := wait.PollUntilContextTimeout(b.Context(), 50*time.Millisecond, 2*time.Minute, true, func(context.Context) (is bool, err error) {
		is, last = holds()
		return is, nil
	})
	if err != nil {
		b.Fatalf("%s: %v: %s", what, err, last)
	}
}

var lastPort int32 = 20000

// shop is the walk-through's sample: 3 pods of 800 for 2400.
func (b *bench) shop() *elasticwebv1.ElasticWeb {
	lastPort++
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	web.Spec = elasticwebv1.ElasticWebSpec{Image: shared.image("1"), Port: ptr.To(lastPort), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400)}
	return web
}

// onPool puts it on the nodes of a pool alone.
func (b *bench) onPool(web *elasticwebv1.ElasticWeb, pool string) {
	web.Spec.NodeSelector = map[string]string{"pool": pool}
	web.Spec.Tolerations = []corev1.Toleration{{Key: "pool", Operator: corev1.TolerationOpExists}}
}

func (b *bench) read() *elasticwebv1.ElasticWeb {
	b.Helper()
	web := &elasticwebv1.ElasticWeb{}
	if err := shared.Client.Get(b.Context(), client.ObjectKey{Namespace: b.namespace, Name: "shop"}, web); err != nil {
		b.Fatal(err)
	}
	return web
}

// settle waits until the operator has carried out the spec, and all is at rest: its plan of what there is would change nothing.
func (b *bench) settle() {
	b.Helper()
	b.eventually("settle", func() (bool, string) {
		web := b.read()
		if web.Status.ObservedGeneration != web.Generation {
			return false, "an older generation"
		}
		for _, condition := range web.Status.Conditions {
			if condition.Type == elasticwebv1.ConditionReconciling {
				return false, condition.Message
			}
		}
		if why := b.moves(); why != "" {
			return false, why
		}
		if pods := *b.deployment().Spec.Replicas; web.Status.Replicas != pods { // which is told a second later where much was.
			return false, fmt.Sprintf("the status tells of %d pods, not %d", web.Status.Replicas, pods)
		}
		out, errOut, code := b.run("plan", "shop")
		return code == 0, out + errOut
	})
}

// youngService is how old a Service by architecture is at least before a way in leads to it, and a bit.
const youngService = 6 * time.Second

// moves says what is not at rest yet though nobody has to do anything any more; "" where all is. Until then a plan is of a moment.
func (b *bench) moves() string {
	b.Helper()
	pods, services, deployment := &corev1.PodList{}, &corev1.ServiceList{}, b.deployment()
	ours := []client.ListOption{client.InNamespace(b.namespace), client.MatchingLabels{elasticwebv1.LabelInstance: "shop"}}
	if err := errors.Join(shared.Client.List(b.Context(), pods, ours...), shared.Client.List(b.Context(), services, ours...)); err != nil {
		return err.Error()
	}
	if plan.IsRollingOut(deployment) { // of which a condition may be silent: that the traffic is not read comes first.
		return "a rollout goes on"
	}
	if len(pods.Items) != int(*deployment.Spec.Replicas) {
		return fmt.Sprintf("there are %d pods", len(pods.Items))
	}
	for _, service := range services.Items {
		if service.Name != "shop" && time.Since(service.CreationTimestamp.Time) < youngService {
			return "the Service " + service.Name + " is young"
		}
	}
	web, route := b.read(), b.httpRoute()
	switch {
	case route == nil:
		return ""
	case way.KindOf(web) != way.KindHTTPRoute:
		return "the HTTPRoute is there still"
	case route.Of(way.ParentReferences(web), route.Generation).Outcome != way.Admitted:
		return "the gateway has not taken the HTTPRoute up"
	}
	seen, err := elasticweb.Onlooker{Reader: shared.Client}.Look(b.Context(), web, time.Now())
	if err != nil {
		return err.Error()
	}
	planned := plan.Make(seen.Web, seen.Observed)
	if due := resources.Backends(seen.Web, &planned); !slices.Equal(due, route.Backends()) {
		return fmt.Sprintf("the HTTPRoute leads to %v, and is to lead to %v", route.Backends(), due)
	}
	return ""
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(fmt.Errorf("%w: %s", err, text))
	}
}
