// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const both = "architectures: [amd64, arm64]"

// simulated are the annotations for simulated nodes: the pod ends after some seconds.
func simulated(seconds, exitCode int, message string) string {
	return fmt.Sprintf("podAnnotations: {%s: %q, %s: %q, %s: %q}", cluster.EndsAfter, fmt.Sprint(seconds),
		cluster.ExitCode, fmt.Sprint(exitCode), cluster.TerminationMessage, message)
}

// forEver outlasts every test.
var forEver = simulated(3600, 0, "")

// helm returns what Helm's commands work with.
func helm(t *testing.T, namespace string) *action.Configuration {
	t.Helper()
	flags := genericclioptions.NewConfigFlags(false)
	flags.KubeConfig, flags.Namespace, flags.CacheDir = ptr.To(controlPlane.Kubeconfig()), &namespace, ptr.To(t.TempDir())
	config := &action.Configuration{}
	if err := config.Init(flags, namespace, "secret", t.Logf); err != nil {
		t.Fatal(err)
	}
	return config
}

func install(t *testing.T, namespace, name string, changes ...string) *release.Release {
	t.Helper()
	command := action.NewInstall(helm(t, namespace))
	command.ReleaseName, command.Namespace = name, namespace
	made, err := command.RunWithContext(t.Context(), loadChart(t), values(t, append([]string{least}, changes...)...))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func upgrade(t *testing.T, namespace, name string, changes ...string) *release.Release {
	t.Helper()
	command := action.NewUpgrade(helm(t, namespace))
	command.Namespace = namespace
	made, err := command.RunWithContext(t.Context(), name, loadChart(t), values(t, append([]string{least}, changes...)...))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestInstalledAloneItTellsTheResults(t *testing.T) {
	client, namespace := newNamespace(t, enforced)
	made := install(t, namespace, "shop", both, restricted, simulated(1, 0, `{"qps":500}`))

	commands := commandsOf(t, made.Info.Notes)
	if got := shell(t, commands[0]); strings.Count(got, "condition met") != 2 {
		t.Errorf("%s\nsaid:\n%s", commands[0], got)
	}
	if got, want := shell(t, commands[1]), "{\"qps\":500}\n{\"qps\":500}\n"; got != want {
		t.Errorf("%s\nsaid:\n%s", commands[1], got)
	}
	if got := shell(t, commands[3]); !strings.Contains(got, "loadtest:") || !strings.Contains(got, "target:") {
		t.Errorf("%s\nsaid:\n%s", commands[3], got)
	}
	for _, pod := range podsOf(t, client, namespace) {
		architecture := pod.Labels["elasticweb.example.com/architecture"]
		if !strings.HasPrefix(pod.Spec.NodeName, architecture+"-") {
			t.Errorf("the pod of %s ran on %s", architecture, pod.Spec.NodeName)
		}
		for _, volume := range pod.Spec.Volumes {
			t.Errorf("the pod has the volume %s", volume.Name)
		}
		if pod.Status.QOSClass != corev1.PodQOSBurstable {
			t.Errorf("quality of service %s", pod.Status.QOSClass)
		}
	}
}

// A failed measurement is not repeated: the second would come from another moment, and nobody asked for it.
func TestAFailedPodStaysTheOnlyOne(t *testing.T) {
	client, namespace := newNamespace(t, nil)
	install(t, namespace, "shop", simulated(0, 1, "cannot write"))
	eventually(t, "the Job failed", func(ctx context.Context) (bool, string) {
		jobs, err := client.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{})
		if err != nil || len(jobs.Items) != 1 {
			return false, fmt.Sprintf("%v, %v", jobs, err)
		}
		return ended(&jobs.Items[0]) == batchv1.JobFailed, fmt.Sprintf("%+v", jobs.Items[0].Status)
	})
	pods := podsOf(t, client, namespace)
	if len(pods) != 1 || pods[0].Status.ContainerStatuses[0].State.Terminated.Message != "cannot write" {
		t.Errorf("pods: %+v", pods)
	}
}

// Who asks again and again whether all is as it should be must not send a request each time, and least of all one that the API
// server refuses.
func TestALiveJobIsWhatTheManifestSays(t *testing.T) {
	sets, err := filepath.Glob("testdata/*.values.yaml")
	if err != nil || len(sets) == 0 {
		t.Fatalf("no sets of values: %v", err)
	}
	for _, path := range sets {
		t.Run(filepath.Base(path), func(t *testing.T) {
			client, namespace := newNamespace(t, nil)
			given, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			made := install(t, namespace, "shop", string(given))
			documents, err := documentsOf(made.Manifest)
			if err != nil {
				t.Fatal(err)
			}
			for _, document := range documents {
				if patch := difference(t, client, namespace, document); patch != "{}" {
					t.Errorf("would be patched with %s", patch)
				}
			}
		})
	}
}

// difference is the patch that would bring a Job to what its manifest says.
func difference(t *testing.T, client kubernetes.Interface, namespace string, manifest []byte) string {
	t.Helper()
	wanted, err := yaml.ToJSON(manifest)
	if err != nil {
		t.Fatal(err)
	}
	job := &batchv1.Job{}
	if err := json.Unmarshal(wanted, job); err != nil {
		t.Fatal(err)
	}
	live, err := client.BatchV1().RESTClient().Get().Namespace(namespace).Resource("jobs").Name(job.Name).DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(job)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(wanted, wanted, live, meta, true)
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}

func TestUpgradesMeasureAgainOnlyWhatChanged(t *testing.T) {
	client, namespace := newNamespace(t, nil)
	install(t, namespace, "shop", both, forEver)
	first := awaitPods(t, client, namespace, 2)

	upgrade(t, namespace, "shop", both, forEver)
	if again := awaitPods(t, client, namespace, 2); !slices.Equal(first, again) {
		t.Errorf("the same values measured again: pods %v became %v", first, again)
	}

	upgrade(t, namespace, "shop", both, forEver, "duration: 6m")
	eventually(t, "other pods have taken the place of the first", func(context.Context) (bool, string) {
		now := uidsOf(podsOf(t, client, namespace))
		return len(now) == 2 && !slices.ContainsFunc(now, func(uid types.UID) bool { return slices.Contains(first, uid) }), fmt.Sprint(now)
	})

	upgrade(t, namespace, "shop", "architectures: [amd64]", forEver, "run: again")
	eventually(t, "one pod is left", func(context.Context) (bool, string) {
		pods := podsOf(t, client, namespace)
		return len(pods) == 1 && pods[0].Labels["elasticweb.example.com/run"] == "again", fmt.Sprint(uidsOf(pods))
	})
}

func TestNothingIsLeftAfterRemoval(t *testing.T) {
	client, namespace := newNamespace(t, nil)
	install(t, namespace, "shop", both, forEver)
	awaitPods(t, client, namespace, 2)
	if _, err := action.NewUninstall(helm(t, namespace)).Run("shop"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Jobs, pods and the release are gone", func(ctx context.Context) (bool, string) {
		jobs, err := client.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err.Error()
		}
		secrets, err := client.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err.Error()
		}
		pods := podsOf(t, client, namespace)
		return len(jobs.Items)+len(pods)+len(secrets.Items) == 0, fmt.Sprintf("%d Jobs, %d pods, %d Secrets", len(jobs.Items), len(pods), len(secrets.Items))
	})
}

// Two pods that are measured at once on a node would measure each other, whosever they are.
func TestMeasurementsDoNotShareANode(t *testing.T) {
	client, namespace := newNamespace(t, nil)
	eventually(t, "the pods of the tests before are gone, which would be kept away from as well", func(context.Context) (bool, string) {
		pods := podsOf(t, client, metav1.NamespaceAll)
		return len(pods) == 0, fmt.Sprintf("%d pods", len(pods))
	})
	install(t, namespace, "one", forEver)
	awaitPods(t, client, namespace, 1)
	taken := podsOf(t, client, namespace)[0].Spec.NodeName
	fillNodes(t, client, taken)

	client, namespace = newNamespace(t, nil)
	install(t, namespace, "two", forEver)
	awaitPods(t, client, namespace, 1)
	if node := podsOf(t, client, namespace)[0].Spec.NodeName; node == taken {
		t.Errorf("both run on %s", node)
	}
}

// fillNodes gives the arm64 nodes other than one so much to do that the scheduler would rather take that one.
func fillNodes(t *testing.T, client kubernetes.Interface, but string) {
	t.Helper()
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: corev1.LabelArchStable + "=arm64"})
	if err != nil {
		t.Fatal(err)
	}
	client, namespace := newNamespace(t, nil)
	for _, node := range nodes.Items {
		if node.Name == but {
			continue
		}
		_, err := client.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: node.Name},
			Spec: corev1.PodSpec{NodeName: node.Name, Containers: []corev1.Container{{
				Name: "web", Image: "web",
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
					corev1.ResourceCPU: resource.MustParse("3"), corev1.ResourceMemory: resource.MustParse("12Gi"),
				}},
			}}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	awaitPods(t, client, namespace, len(nodes.Items)-1)
}

// awaitPods waits until as many pods run, and returns their UIDs.
func awaitPods(t *testing.T, client kubernetes.Interface, namespace string, count int) []types.UID {
	t.Helper()
	eventually(t, fmt.Sprintf("%d pods run", count), func(context.Context) (bool, string) {
		pods := podsOf(t, client, namespace)
		running := 0
		for i := range pods {
			if pods[i].Status.Phase == corev1.PodRunning {
				running++
			}
		}
		return running == count && len(pods) == count, fmt.Sprintf("%d of %d pods run", running, len(pods))
	})
	return uidsOf(podsOf(t, client, namespace))
}

func podsOf(t *testing.T, client kubernetes.Interface, namespace string) []corev1.Pod {
	t.Helper()
	pods, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

func uidsOf(pods []corev1.Pod) []types.UID {
	uids := make([]types.UID, len(pods))
	for i := range pods {
		uids[i] = pods[i].UID
	}
	slices.Sort(uids)
	return uids
}

// ended returns with which condition a Job ended, or "".
func ended(job *batchv1.Job) batchv1.JobConditionType {
	for _, condition := range job.Status.Conditions {
		if condition.Status == corev1.ConditionTrue && (condition.Type == batchv1.JobComplete || condition.Type == batchv1.JobFailed) {
			return condition.Type
		}
	}
	return ""
}

// commandsOf are those that the notes give: lines that begin with kubectl, and their continuations.
func commandsOf(t *testing.T, notes string) []string {
	t.Helper()
	var commands []string
	for _, line := range strings.Split(strings.ReplaceAll(notes, "\\\n", ""), "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "kubectl ") {
			commands = append(commands, line)
		}
	}
	if len(commands) != 4 {
		t.Fatalf("%d commands in the notes:\n%s", len(commands), notes)
	}
	return commands
}

// shell runs a command of the notes as a user would.
func shell(t *testing.T, line string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// In the place of the shell, so that the end of the patience ends kubectl.
	command := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	command.Env = append(os.Environ(), "KUBECONFIG="+controlPlane.Kubeconfig(),
		"PATH="+filepath.Dir(controlPlane.KubectlPath())+string(os.PathListSeparator)+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%s\n%s", line, err, output)
	}
	return string(output)
}
