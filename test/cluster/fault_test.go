// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

func TestComponentsComeBack(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a cluster")
	}
	dir := filepath.Join(t.TempDir(), "cluster")
	c, err := cluster.Start(t.Context(), cluster.Options{Dir: dir, Nodes: []cluster.NodePool{{Arch: "amd64", Count: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	client := clientOf(t, c)
	createDeployment(t, client, "default", 0, webTemplate(nil))
	for i, name := range cluster.Components() {
		if err := c.KillComponent(name); err != nil {
			t.Fatal(err)
		}
		if err := c.StartComponent(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		scaleAndAwait(t, client, int32(i+1))
	}
	if err := c.StopComponent("kubelet"); err == nil {
		t.Error("an unknown component can be stopped")
	}
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	assertGone(t, c.ProcessGroup(), dir)
}

// scaleAndAwait needs all components: clients of the API server, too, must have found it again.
func scaleAndAwait(t *testing.T, client kubernetes.Interface, replicas int32) {
	t.Helper()
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	eventually(t, "the deployment can be scaled", func(ctx context.Context) (bool, string) {
		_, err := client.AppsV1().Deployments("default").Patch(ctx, "web", types.MergePatchType, patch, metav1.PatchOptions{})
		return err == nil, fmt.Sprint(err)
	})
	awaitReadyReplicas(t, client, "default", replicas)
}

func TestStoppedComponentStaysStopped(t *testing.T) {
	client, namespace := newNamespace(t)
	if err := shared.StopComponent(cluster.Scheduler); err != nil {
		t.Fatal(err)
	}
	createDeployment(t, client, namespace, 1, webTemplate(nil))
	awaitPods(t, client, namespace, "not scheduled", 1, func(pod *corev1.Pod) bool { return pod.Spec.NodeName == "" })
	if err := shared.StartComponent(t.Context(), cluster.Scheduler); err != nil {
		t.Fatal(err)
	}
	awaitReadyReplicas(t, client, namespace, 1)
}

// doomedVariable names the folder of the cluster that the test binary starts
// instead of running tests, to be killed.
const doomedVariable = "ELASTICWEB_DOOMED_CLUSTER"

func TestKilledParentLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a cluster")
	}
	dir := filepath.Join(t.TempDir(), "cluster")
	parent := exec.Command(os.Args[0], "-test.run=^TestDoomedParent$", "-test.v")
	parent.Env = append(os.Environ(), doomedVariable+"="+dir)
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	group := 0
	for lines := bufio.NewScanner(output); group == 0 && lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "process group %d", &group)
	}
	if group == 0 {
		t.Fatal("the parent has not started its cluster")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	assertGone(t, group, dir)
}

func TestDoomedParent(t *testing.T) {
	dir := os.Getenv(doomedVariable)
	if dir == "" {
		t.Skip("only as the victim of TestKilledParentLeavesNothing")
	}
	c, err := cluster.Start(t.Context(), cluster.Options{Dir: dir, Nodes: []cluster.NodePool{{Arch: "amd64", Count: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("process group %d\n", c.ProcessGroup())
	select {}
}

// assertGone waits for the end of a process group and of a folder.
func assertGone(t *testing.T, group int, dir string) {
	t.Helper()
	eventually(t, "the processes and the folder are gone", func(context.Context) (bool, string) {
		signal := syscall.Kill(-group, 0)
		_, stat := os.Stat(dir)
		return errors.Is(signal, syscall.ESRCH) && errors.Is(stat, os.ErrNotExist), fmt.Sprintf("process group: %v; folder: %v", signal, stat)
	})
}

func TestErrorOfACrashHasTheLog(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the binaries")
	}
	_, err := cluster.Start(t.Context(), cluster.Options{
		ExtraArgs: map[cluster.Component][]string{cluster.Scheduler: {"--config=/nowhere"}},
	})
	if err == nil || !strings.Contains(err.Error(), "kube-scheduler ended while it started") || !strings.Contains(err.Error(), "open /nowhere: no such file") {
		t.Errorf("got error %v, want one that has the scheduler's", err)
	}
}
