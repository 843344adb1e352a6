// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// restricted is what a target needs for the restricted profile of the pod security standards.
const restricted = `
securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}}
`

var enforced = map[string]string{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest"}

func TestTheRestrictedProfileAcceptsThePods(t *testing.T) {
	client, namespace := newNamespace(t, enforced)
	for name, change := range map[string]string{
		"defaults":           "{}",
		"a user":             "podSecurityContext: {runAsUser: 1000, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}",
		"both containers":    "architectures: [amd64, arm64]",
		"an empty volume":    "{volumes: [{name: a, emptyDir: {}}], volumeMounts: [{name: a, mountPath: /tmp}]}",
		"variables":          "{env: [{name: A, value: b}], proxy: [{name: HTTP_PROXY, value: x}]}",
		"a priority of none": "priorityClassName: system-cluster-critical",
	} {
		t.Run(name, func(t *testing.T) {
			for _, job := range rendered(t, "shop", values(t, least, restricted, change)) {
				if err := dryRun(t, client, namespace, job); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// The load generator keeps to the profile whatever the target is allowed.
func TestTheRestrictedProfileRefusesOnlyTheTarget(t *testing.T) {
	client, namespace := newNamespace(t, enforced)
	for name, change := range map[string]string{
		"nothing said": "{}",
		"privileged":   "securityContext: {privileged: true, allowPrivilegeEscalation: true, runAsUser: 0, runAsNonRoot: false}",
	} {
		t.Run(name, func(t *testing.T) {
			err := dryRun(t, client, namespace, rendered(t, "shop", values(t, least, change))[0])
			if err == nil || !strings.Contains(err.Error(), `"target"`) {
				t.Fatalf("the target was not refused: %v", err)
			}
			if strings.Contains(err.Error(), `"loadtest"`) {
				t.Errorf("the load generator was refused: %s", err)
			}
		})
	}
}

// What a pod's context gives to all containers does not reach the load generator, which could not start as root.
func TestTheLoadGeneratorIsNeverRoot(t *testing.T) {
	for change, user := range map[string]*int64{
		"{}":                                    nil,
		"podSecurityContext: {runAsUser: 0}":    ptr.To[int64](65532),
		"podSecurityContext: {runAsUser: 1000}": nil,
		"podSecurityContext: {fsGroup: 1000}":   nil,
		"podSecurityContext: {runAsNonRoot: false, seccompProfile: {type: Unconfined}}": nil,
	} {
		t.Run(change, func(t *testing.T) {
			context := rendered(t, "shop", values(t, least, change))[0].Spec.Template.Spec.Containers[0].SecurityContext
			if ptr.Deref(context.RunAsUser, -1) != ptr.Deref(user, -1) {
				t.Errorf("user %v, want %v", ptr.Deref(context.RunAsUser, -1), ptr.Deref(user, -1))
			}
			if !ptr.Deref(context.RunAsNonRoot, false) || !ptr.Deref(context.ReadOnlyRootFilesystem, false) ||
				ptr.Deref(context.AllowPrivilegeEscalation, true) || context.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
				t.Errorf("not restricted: %v", context)
			}
		})
	}
}

func TestTheAPIServerAcceptsEverySetOfValues(t *testing.T) {
	client, namespace := newNamespace(t, nil)
	sets, err := filepath.Glob("testdata/*.values.yaml")
	if err != nil || len(sets) == 0 {
		t.Fatalf("no sets of values: %v", err)
	}
	for _, path := range sets {
		t.Run(filepath.Base(path), func(t *testing.T) {
			given, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, job := range rendered(t, "shop", values(t, string(given))) {
				if err := dryRunJob(t, client, namespace, job); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// dryRun asks the API server for the Job, and for its pod: the profile is enforced on pods alone.
func dryRun(t *testing.T, client kubernetes.Interface, namespace string, job *batchv1.Job) error {
	t.Helper()
	if err := dryRunJob(t, client, namespace, job); err != nil {
		return err
	}
	pod := &corev1.Pod{ObjectMeta: job.Spec.Template.ObjectMeta, Spec: job.Spec.Template.Spec}
	pod.Name = job.Name
	_, err := client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{
		DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
	})
	return err
}

func dryRunJob(t *testing.T, client kubernetes.Interface, namespace string, job *batchv1.Job) error {
	t.Helper()
	job = job.DeepCopy()
	job.Namespace = namespace
	_, err := client.BatchV1().Jobs(namespace).Create(t.Context(), job, metav1.CreateOptions{
		DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
	})
	return err
}
