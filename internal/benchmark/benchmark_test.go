// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

var (
	now   = metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	later = metav1.NewTime(now.Add(time.Minute))
)

func newBenchmark(architectures ...v1alpha1.Architecture) *v1alpha1.ElasticWebBenchmark {
	return &v1alpha1.ElasticWebBenchmark{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", UID: "u", Generation: 1},
		Spec:       v1alpha1.ElasticWebBenchmarkSpec{Image: "shop:1", Architectures: architectures},
	}
}

func nodes(architectures ...string) *plan.Nodes {
	counted := &plan.Nodes{All: map[string]int{}}
	for _, name := range architectures {
		counted.All[name]++
	}
	return counted
}

func resolved(platforms ...string) plan.Image {
	return plan.Image{State: plan.ImageResolved, Facts: &plan.ImageFacts{Reference: "shop:1", Digest: "sha256:d", Platforms: platforms}}
}

func complete(status v1alpha1.ElasticWebBenchmarkStatus) metav1.Condition {
	return *meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionComplete)
}

func TestWhatARunMeasures(t *testing.T) {
	for name, test := range map[string]struct {
		listed   []v1alpha1.Architecture
		observed benchmark.Observed
		measured []string
		reason   string
	}{
		"what both the image and the nodes have": {
			nil, benchmark.Observed{Image: resolved("linux/amd64", "linux/arm64", "linux/s390x"), Nodes: nodes("arm64", "amd64", "ppc64le")},
			[]string{"amd64", "arm64"}, v1alpha1.ReasonWaiting,
		},
		"not what is no architecture of Linux": {
			nil, benchmark.Observed{Image: resolved("linux/amd64", "windows/amd64", "unknown/unknown", "linux/made-up", "linux/arm/v7"), Nodes: nodes("amd64", "arm")},
			[]string{"amd64", "arm"}, v1alpha1.ReasonWaiting,
		},
		"what the nodes have, where nobody looks at images": {
			nil, benchmark.Observed{Nodes: nodes("arm64", "arm64", "amd64")}, []string{"amd64", "arm64"}, v1alpha1.ReasonWaiting,
		},
		"what the image has, where the nodes are not known": {
			nil, benchmark.Observed{Image: resolved("linux/amd64", "linux/arm64")}, []string{"amd64", "arm64"}, v1alpha1.ReasonWaiting,
		},
		"what the spec lists, though the registry is out of reach": {
			[]v1alpha1.Architecture{"arm64"}, benchmark.Observed{Image: plan.Image{State: plan.ImageFailed, Reason: v1alpha1.ReasonRegistryUnreachable}, Nodes: nodes("arm64")},
			[]string{"arm64"}, v1alpha1.ReasonWaiting,
		},
		"nothing until the registry has told of the image": {
			nil, benchmark.Observed{Image: plan.Image{State: plan.ImagePending}, Nodes: nodes("arm64")}, nil, v1alpha1.ReasonResolvingImage,
		},
		"nothing of an image that does not exist": {
			[]v1alpha1.Architecture{"arm64"}, benchmark.Observed{Image: plan.Image{State: plan.ImageFailed, Reason: v1alpha1.ReasonImageNotFound, Message: "m"}, Nodes: nodes("arm64")},
			nil, v1alpha1.ReasonImageNotFound,
		},
		"nothing of an image that cannot be looked up": {
			nil, benchmark.Observed{Image: plan.Image{State: plan.ImageFailed, Reason: v1alpha1.ReasonRegistryUnauthorized, Message: "m"}, Nodes: nodes("arm64")},
			nil, v1alpha1.ReasonRegistryUnauthorized,
		},
		"nothing that no node can run": {
			nil, benchmark.Observed{Image: resolved("linux/s390x"), Nodes: nodes("amd64")}, nil, v1alpha1.ReasonNoCompatibleNodes,
		},
		"what is listed, though its pool is at zero": {
			[]v1alpha1.Architecture{"s390x", "amd64"}, benchmark.Observed{Image: resolved("linux/s390x", "linux/amd64"), Nodes: nodes("amd64")},
			[]string{"amd64", "s390x"}, v1alpha1.ReasonWaiting,
		},
		"what is listed, though there is no node at all": {
			[]v1alpha1.Architecture{"s390x"}, benchmark.Observed{Nodes: nodes()}, []string{"s390x"}, v1alpha1.ReasonWaiting,
		},
		"nothing listed that the image lacks": {
			[]v1alpha1.Architecture{"s390x"}, benchmark.Observed{Image: resolved("linux/amd64"), Nodes: nodes("amd64", "s390x")}, nil, v1alpha1.ReasonNoArchitectures,
		},
		"nothing where nothing is known": {nil, benchmark.Observed{}, nil, v1alpha1.ReasonNoArchitectures},
	} {
		t.Run(name, func(t *testing.T) {
			status := benchmark.Make(newBenchmark(test.listed...), test.observed, now)
			var measured []string
			if status.Run != nil {
				measured = benchmark.Measured(status.Run)
			}
			if !slices.Equal(measured, test.measured) {
				t.Errorf("measures %v, want %v", measured, test.measured)
			}
			if got := complete(status); got.Reason != test.reason || got.Status != metav1.ConditionFalse || got.Message == "" {
				t.Errorf("Complete is %+v, want the reason %s", got, test.reason)
			}
			stalled := meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionStalled)
			reconciling := meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReconciling)
			if stalled == reconciling {
				t.Errorf("stalled %t, reconciling %t: one of them it must be", stalled, reconciling)
			}
		})
	}
}

// Whoever changes a message reads it with the question whether it is true in every case, and the reader's next step the right one.
func TestWhatKeepsARunFromBeginning(t *testing.T) {
	for name, test := range map[string]struct {
		observed benchmark.Observed
		reason   string
		message  string
	}{
		"an image that waits for its turn, or for its registry": {
			benchmark.Observed{Image: plan.Image{State: plan.ImagePending}, Nodes: nodes("arm64")},
			v1alpha1.ReasonResolvingImage, "the registry has not told the architectures of the image yet",
		},
		"an image that had no turn": {
			benchmark.Observed{Image: plan.Image{State: plan.ImageFailed, Reason: v1alpha1.ReasonRegistryUnreachable, Message: "no turn"}, Nodes: nodes("arm64")},
			v1alpha1.ReasonRegistryUnreachable, "no turn",
		},
		"no look at images, and none at nodes": {
			benchmark.Observed{}, v1alpha1.ReasonNoArchitectures,
			"the architectures of neither the image nor the nodes are known: list those to measure in spec.architectures",
		},
		"no node, and an image that nobody looks at": {
			benchmark.Observed{Nodes: nodes()}, v1alpha1.ReasonNoCompatibleNodes, "nothing can be measured: the cluster has no Linux node that takes the pods; add one, or list the architectures to measure in spec.architectures",
		},
		"nodes of other architectures": {
			benchmark.Observed{Image: resolved("linux/s390x", "linux/arm64"), Nodes: nodes("ppc64le", "amd64")}, v1alpha1.ReasonNoCompatibleNodes,
			"nothing can be measured: the image's architectures (arm64, s390x) do not meet those of the nodes (amd64, ppc64le); add nodes, list in spec.architectures those that node pools can bring, or build the image for others",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := complete(benchmark.Make(newBenchmark(), test.observed, now)); got.Reason != test.reason || got.Message != test.message {
				t.Errorf("got %s, %q\nwant %s, %q", got.Reason, got.Message, test.reason, test.message)
			}
		})
	}
}

func TestListedArchitecturesThatCannotBeMeasuredHaveAResultAtOnce(t *testing.T) {
	status := benchmark.Make(newBenchmark("amd64", "arm64", "s390x"),
		benchmark.Observed{Image: resolved("linux/amd64", "linux/s390x"), Nodes: nodes("amd64", "arm64")}, now)
	got := map[string]string{}
	for _, a := range status.Run.Architectures {
		if a.Result != nil {
			got[string(a.Architecture)] = a.Result.Reason
		}
	}
	want := map[string]string{"arm64": v1alpha1.ReasonPlatformMissing}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if status.Progress != "1/3" || status.Results != nil {
		t.Errorf("progress %s with results %v, want 1/3 and none yet", status.Progress, status.Results)
	}
}

func TestARunIsFixed(t *testing.T) {
	b := newBenchmark()
	b.Status = benchmark.Make(b, benchmark.Observed{Image: resolved("linux/amd64", "linux/arm64"), Nodes: nodes("amd64", "arm64"), GeneratorImage: "g:1"}, now)
	before := b.Status.DeepCopy()
	after := benchmark.Make(b, benchmark.Observed{Image: resolved("linux/s390x"), Nodes: nodes("s390x"), GeneratorImage: "g:2"}, later)
	if before.Run.ID != after.Run.ID || after.Run.GeneratorImage != "g:1" || after.Run.Image != "shop:1@sha256:d" ||
		!slices.Equal(benchmark.Measured(after.Run), []string{"amd64", "arm64"}) {
		t.Errorf("the run became %+v", after.Run)
	}
	b.Annotations = map[string]string{v1alpha1.AnnotationRerun: "again"}
	if again := benchmark.Make(b, benchmark.Observed{Nodes: nodes("s390x"), GeneratorImage: "g:2"}, later); again.Run.ID == before.Run.ID || again.Run.GeneratorImage != "g:2" {
		t.Errorf("asked again, the run is %+v", again.Run)
	}
}

// running is a benchmark whose run measures arm64.
func running() *v1alpha1.ElasticWebBenchmark {
	b := newBenchmark()
	b.Status = benchmark.Make(b, benchmark.Observed{Image: resolved("linux/arm64"), Nodes: nodes("arm64")}, now)
	return b
}

func pod(b *v1alpha1.ElasticWebBenchmark, change func(*benchmark.Pod)) []benchmark.Pod {
	p := benchmark.Pod{Run: b.Status.Run.ID, Architecture: "arm64", Node: "n"}
	change(&p)
	return []benchmark.Pod{p}
}

func encoded(t *testing.T, result loadtest.Result) string {
	t.Helper()
	text, err := result.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWhatPodsSay(t *testing.T) {
	b := running()
	run := b.Status.Run.ID
	deadline := []benchmark.Job{{Run: run, Architecture: "arm64", Failed: "DeadlineExceeded"}}
	complete := []benchmark.Job{{Run: run, Architecture: "arm64", Complete: true}}
	for name, test := range map[string]struct {
		pods   []benchmark.Pod
		jobs   []benchmark.Job
		state  v1alpha1.RunState
		reason string // of the state, or of the result.
		says   string
	}{
		"nothing yet":       {nil, nil, v1alpha1.RunStateWaiting, v1alpha1.ReasonStarting, "no pod"},
		"of another run":    {[]benchmark.Pod{{Run: "other", Architecture: "arm64", Generator: benchmark.Container{Running: true}}}, nil, v1alpha1.RunStateWaiting, v1alpha1.ReasonStarting, ""},
		"no room":           {pod(b, func(p *benchmark.Pod) { p.Unschedulable = "0/3 nodes" }), nil, v1alpha1.RunStateWaiting, v1alpha1.ReasonUnschedulable, "waits for a node of arm64 that takes the pod: 0/3 nodes"},
		"a pull that fails": {pod(b, func(p *benchmark.Pod) { p.Target.Waiting, p.Target.Message = "ImagePullBackOff", "denied" }), nil, v1alpha1.RunStateWaiting, v1alpha1.ReasonImagePull, "denied"},
		"a first crash": {pod(b, func(p *benchmark.Pod) {
			p.Target = benchmark.Container{Waiting: "CrashLoopBackOff", Restarts: 1, LastMessage: "panic"}
		}), nil, v1alpha1.RunStateWaiting, v1alpha1.ReasonTargetCrashes, "panic"},
		"crash after crash": {pod(b, func(p *benchmark.Pod) {
			p.Target = benchmark.Container{Waiting: "CrashLoopBackOff", Restarts: 3, LastMessage: "panic"}
		}), nil, v1alpha1.RunStateFinished, v1alpha1.ReasonTargetCrashes, "panic"},
		"another architecture's program": {pod(b, func(p *benchmark.Pod) {
			p.Target = benchmark.Container{Waiting: "CrashLoopBackOff", Restarts: 3, LastMessage: "exec /shop: exec format error", LastClass: podfailure.ExecFormat}
		}), nil, v1alpha1.RunStateFinished, v1alpha1.ReasonExecFormatError, "exec format error"},
		"an application that speaks of one": {pod(b, func(p *benchmark.Pod) {
			p.Target = benchmark.Container{Waiting: "CrashLoopBackOff", Restarts: 3, LastMessage: "cannot start the plugin: exec format error", LastClass: podfailure.Crash}
		}), nil, v1alpha1.RunStateFinished, v1alpha1.ReasonTargetCrashes, "cannot start the plugin"},
		"at work": {pod(b, func(p *benchmark.Pod) { p.Generator.Running = true }), nil, v1alpha1.RunStateRunning, "", ""},
		"a result": {pod(b, func(p *benchmark.Pod) {
			p.Generator = benchmark.Container{Ended: true, Message: encoded(t, loadtest.Result{QPS: 7, Reason: loadtest.ReasonMeasured})}
		}), deadline, v1alpha1.RunStateFinished, string(loadtest.ReasonMeasured), ""},
		"no result": {pod(b, func(p *benchmark.Pod) {
			p.Generator = benchmark.Container{Ended: true, ExitCode: 2, Message: "flag provided but not defined"}
		}), nil, v1alpha1.RunStateFinished, v1alpha1.ReasonNoResult, "code 2"},
		"one that is deleted": {pod(b, func(p *benchmark.Pod) {
			p.Terminating, p.Failed = true, "Error"
			p.Generator = benchmark.Container{Ended: true, ExitCode: 143}
		}), nil, v1alpha1.RunStateWaiting, v1alpha1.ReasonStarting, ""},
		"one that is deleted and could say so": {pod(b, func(p *benchmark.Pod) {
			p.Terminating = true
			p.Generator = benchmark.Container{Ended: true, Message: encoded(t, loadtest.Result{QPS: 7, Reason: loadtest.ReasonInterrupted})}
		}), nil, v1alpha1.RunStateWaiting, v1alpha1.ReasonStarting, ""},
		"one that is deleted when it is done": {pod(b, func(p *benchmark.Pod) {
			p.Terminating = true
			p.Generator = benchmark.Container{Ended: true, Message: encoded(t, loadtest.Result{QPS: 7, Reason: loadtest.ReasonMeasured})}
		}), nil, v1alpha1.RunStateFinished, string(loadtest.ReasonMeasured), ""},
		"one that is deleted for its deadline": {pod(b, func(p *benchmark.Pod) {
			p.Terminating = true
			p.Generator = benchmark.Container{Ended: true, ExitCode: 143}
		}), deadline, v1alpha1.RunStateFinished, v1alpha1.ReasonDeadlineExceeded, ""},
		"one of a Job that is complete":    {pod(b, func(p *benchmark.Pod) { p.Generator.Running = true }), complete, v1alpha1.RunStateRunning, "", ""},
		"one that went before it was read": {nil, complete, v1alpha1.RunStateFinished, v1alpha1.ReasonNoResult, "deleted before its result was read: set the annotation"},
		"an eviction":                      {pod(b, func(p *benchmark.Pod) { p.Failed = "Evicted" }), nil, v1alpha1.RunStateFinished, v1alpha1.ReasonNoResult, "Evicted"},
		"a deadline":                       {nil, deadline, v1alpha1.RunStateFinished, v1alpha1.ReasonDeadlineExceeded, ""},
		"a Job that failed": {nil, []benchmark.Job{{Run: run, Architecture: "arm64", Failed: "BackoffLimitExceeded", Message: "m"}},
			v1alpha1.RunStateFinished, v1alpha1.ReasonNoResult, "BackoffLimitExceeded: m"},
	} {
		t.Run(name, func(t *testing.T) {
			a := benchmark.Make(b, benchmark.Observed{Pods: test.pods, Jobs: test.jobs}, later).Run.Architectures[0]
			reason, message := a.Reason, a.Message
			if a.Result != nil {
				reason, message = a.Result.Reason, a.Result.Message
			}
			if a.State != test.state || reason != test.reason || !strings.Contains(message, test.says) {
				t.Errorf("%s, %s: %q; want %s, %s: %q", a.State, reason, message, test.state, test.reason, test.says)
			}
			if (a.Result != nil) != (test.state == v1alpha1.RunStateFinished) {
				t.Errorf("%s with the result %v", a.State, a.Result)
			}
		})
	}
}

// The kubelet tells of a pull that it tries again and again under two reasons in turn: each turn would be a write.
func TestPullThatIsTriedAgainDoesNotChangeTheStatus(t *testing.T) {
	b := running()
	read := func(reason, message string) v1alpha1.ArchitectureRun {
		return benchmark.Make(b, benchmark.Observed{Pods: pod(b, func(p *benchmark.Pod) {
			p.Target = benchmark.Container{Waiting: reason, Message: message}
		})}, later).Run.Architectures[0]
	}
	tried := read("ErrImagePull", "denied")
	waits := read("ImagePullBackOff", `Back-off pulling image "shop:2": ErrImagePull: denied`)
	if tried.Message != "denied" || !reflect.DeepEqual(tried, waits) {
		t.Errorf("the two reasons read as %+v and %+v", tried, waits)
	}
}

func TestADeadlineNamesWhatWasWaitedFor(t *testing.T) {
	b := running()
	b.Status = benchmark.Make(b, benchmark.Observed{Pods: pod(b, func(p *benchmark.Pod) { p.Unschedulable = "0/3 nodes" })}, now)
	b.Status = benchmark.Make(b, benchmark.Observed{Pods: pod(b, func(p *benchmark.Pod) { p.Terminating = true })}, now) // the pod goes first.
	b.Status = benchmark.Make(b, benchmark.Observed{Jobs: []benchmark.Job{{Run: b.Status.Run.ID, Architecture: "arm64"}}}, now)
	b.Status = benchmark.Make(b, benchmark.Observed{Jobs: []benchmark.Job{{Run: b.Status.Run.ID, Architecture: "arm64", Failed: "DeadlineExceeded"}}}, later)
	if result := b.Status.Results[0]; result.Reason != v1alpha1.ReasonUnschedulable || !strings.HasPrefix(result.Message, "no node of arm64 took the pod in the Job's time: 0/3 nodes; add one") {
		t.Errorf("got %+v", result)
	}
}

func TestAResultStaysWhateverBecomesOfThePod(t *testing.T) {
	b := running()
	b.Status = benchmark.Make(b, benchmark.Observed{Pods: pod(b, func(p *benchmark.Pod) {
		p.Generator = benchmark.Container{Ended: true, Message: encoded(t, loadtest.Result{
			QPS: 640, AtLeast: true, P50Micros: 1500, P99Micros: 20_000, ErrorRate: 0.0012, Reason: loadtest.ReasonMeasured, LimitedBy: loadtest.ReasonMaxQPS,
		})}
	})}, now)
	again := benchmark.Make(b, benchmark.Observed{}, later)
	if diff := cmp.Diff(b.Status, again); diff != "" {
		t.Errorf("the second look changes the status:\n%s", diff)
	}
	want := []v1alpha1.BenchmarkResult{{
		Architecture: "arm64", QPS: 640, AtLeast: true, LimitedBy: "MaxQPS", P50: "1.5ms", P99: "20ms", ErrorRate: "0.12%",
		ImageDigest: "sha256:d", Generation: 1, Node: "n", Reason: "Measured", FinishedAt: &now,
	}}
	if diff := cmp.Diff(want, again.Results); diff != "" {
		t.Error(diff)
	}
	if again.QPSByArchitecture != "arm64=640+" || again.BestArchitecture != "arm64" || complete(again).Status != metav1.ConditionTrue {
		t.Errorf("got %s, %s, %v", again.QPSByArchitecture, again.BestArchitecture, complete(again))
	}
}

func TestAFailureOfHelmIsNamed(t *testing.T) {
	b := running()
	b.Status.Conditions = append(b.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReleaseFailed, Status: metav1.ConditionTrue, Message: "quota"})
	if got := complete(benchmark.Make(b, benchmark.Observed{}, later)); got.Reason != v1alpha1.ReasonReleaseFailed || !strings.Contains(got.Message, "quota") {
		t.Errorf("got %+v", got)
	}
}

func TestValues(t *testing.T) {
	b := running()
	b.Spec.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("0.5")}}
	b.Spec.ContainerPort = ptr.To[int32](9090)
	b.Spec.LatencyTarget, b.Spec.Duration = "0.5s", "60s1.0000000000000000000001ms"
	b.Status = benchmark.Make(b, benchmark.Observed{}, now)
	b.Status.Run.User, b.Status.Run.GeneratorImage = ptr.To[int64](1000), "g:1"
	values, err := benchmark.Values(b, []corev1.EnvVar{
		{Name: "HTTPS_PROXY", Value: "http://user:secret@proxy:3128"}, {Name: "HTTP_PROXY", Value: "http://"}, {Name: "NO_PROXY", Value: "x"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"image": "shop:1@sha256:d", "containerPort": float64(8080), "architectures": []any{"arm64"},
		"resources":          map[string]any{"limits": map[string]any{"cpu": "500m"}},
		"podSecurityContext": map[string]any{"runAsNonRoot": true, "seccompProfile": map[string]any{"type": "RuntimeDefault"}},
		"securityContext":    map[string]any{"allowPrivilegeEscalation": false, "capabilities": map[string]any{"drop": []any{"ALL"}}},
		"run":                b.Status.Run.ID, "managedBy": "elasticweb-operator", "generator": map[string]any{"image": "g:1"},
		"latencyTarget": "500ms", "duration": "1m0.001s",
		"proxy": []any{
			map[string]any{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}, map[string]any{"name": "NO_PROXY", "value": "x"},
		},
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
	if _, err := benchmark.Values(newBenchmark(), nil); err == nil {
		t.Error("there are values without a run")
	}
}
