// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// crashes is after how many restarts an application counts as one that does not run: the first ones may be those of a
// start-up probe that is too short, or of a dependency that is late.
const crashes = 3

// collect brings the run up to what its Jobs and pods say. A result stays, whatever becomes of the pod.
func collect(run *v1alpha1.BenchmarkRun, observed *Observed, now metav1.Time) *v1alpha1.BenchmarkRun {
	run = run.DeepCopy()
	for i := range run.Architectures {
		if a := &run.Architectures[i]; a.State != v1alpha1.RunStateFinished {
			*a = look(*a, run, observed, now)
		}
	}
	return run
}

// look says how far one architecture is.
func look(a v1alpha1.ArchitectureRun, run *v1alpha1.BenchmarkRun, observed *Observed, now metav1.Time) v1alpha1.ArchitectureRun {
	pod := newest(observed.Pods, run.ID, string(a.Architecture))
	job := jobOf(observed.Jobs, run.ID, string(a.Architecture))
	if pod != nil {
		if result := resultOf(pod); result != nil && !isCutShort(pod, result) {
			return finish(a, run, pod, *result, now)
		}
	}
	switch {
	case job.leavesNothing(pod):
		return finish(a, run, pod, unfinished(a, job), now)
	case (pod == nil || pod.Terminating) && a.State == v1alpha1.RunStateWaiting && a.Reason != "" && a.Reason != v1alpha1.ReasonStarting:
		return a // its Job may be about to fail, for its time is over: its pod goes first, and what that waited for is the reason.
	case pod == nil:
		return waiting(a, v1alpha1.ReasonStarting, "the Job has no pod yet: kubectl describe job says more, should it stay so")
	case pod.Generator.Running:
		a.State, a.Reason, a.Message = v1alpha1.RunStateRunning, "", ""
		return a
	default:
		return waitingPod(a, pod)
	}
}

// newest is the pod of the run, and of several the one that is not about to end.
func newest(pods []Pod, run, architecture string) *Pod {
	var found *Pod
	for i := range pods {
		if pods[i].Run == run && pods[i].Architecture == architecture && (found == nil || found.Terminating) {
			found = &pods[i]
		}
	}
	return found
}

func jobOf(jobs []Job, run, architecture string) *Job {
	i := slices.IndexFunc(jobs, func(job Job) bool { return job.Run == run && job.Architecture == architecture })
	if i < 0 {
		return nil
	}
	return &jobs[i]
}

// isCutShort reports whether the measurement ended because the pod was deleted. That says nothing of the application: the
// Job fails, or makes another.
func isCutShort(pod *Pod, result *v1alpha1.BenchmarkResult) bool {
	return pod.Terminating && (pod.Generator.ExitCode != 0 || !pod.Generator.Ended || result.Reason == string(loadtest.ReasonInterrupted))
}

// resultOf is the result that the pod holds, nil while it has none.
func resultOf(pod *Pod) *v1alpha1.BenchmarkResult {
	switch generator := pod.Generator; {
	case generator.Ended:
		return decode(&generator)
	case pod.Failed != "":
		return &v1alpha1.BenchmarkResult{Reason: v1alpha1.ReasonNoResult, Message: "the pod failed: " + said(pod.Failed, pod.Message)}
	case pod.Target.Restarts >= crashes && !pod.Target.Running:
		return crashed(&pod.Target)
	default:
		return nil
	}
}

func decode(generator *Container) *v1alpha1.BenchmarkResult {
	result, err := loadtest.DecodeResult([]byte(generator.Message))
	if err != nil {
		return &v1alpha1.BenchmarkResult{
			Reason:     v1alpha1.ReasonNoResult,
			Message:    said(fmt.Sprintf("the load generator ended with code %d and no result", generator.ExitCode), quote.Said(generator.Message)),
			FinishedAt: timeOf(generator.EndedAt),
		}
	}
	return &v1alpha1.BenchmarkResult{
		QPS: result.QPS, AtLeast: result.AtLeast, LimitedBy: string(result.LimitedBy),
		P50: latency(result.P50Micros), P99: latency(result.P99Micros), ErrorRate: percent(result.ErrorRate),
		Reason: string(result.Reason), Message: quote.Bounded(strings.TrimSpace(result.Message), longestResult), FinishedAt: timeOf(generator.EndedAt),
	}
}

func crashed(target *Container) *v1alpha1.BenchmarkResult {
	message := said(target.Message, target.LastMessage)
	if target.LastClass == podfailure.ExecFormat {
		return &v1alpha1.BenchmarkResult{
			Reason:  v1alpha1.ReasonExecFormatError,
			Message: "the image's program is built for another architecture than its manifest says: " + quote.Said(message),
		}
	}
	return &v1alpha1.BenchmarkResult{
		Reason:  v1alpha1.ReasonTargetCrashes,
		Message: said(fmt.Sprintf("the application ended %d times before it answered: look at its log", target.Restarts), quote.Said(message)),
	}
}

// leavesNothing reports whether no result comes any more: the Job failed, or its pod ended well and is gone, with its node for instance.
func (j *Job) leavesNothing(pod *Pod) bool {
	return j != nil && (j.Failed != "" || j.Complete && pod == nil)
}

// unfinished is the result of a Job that ended before one was read. What it waited for at last says more than its deadline.
func unfinished(a v1alpha1.ArchitectureRun, job *Job) v1alpha1.BenchmarkResult {
	result := v1alpha1.BenchmarkResult{Reason: v1alpha1.ReasonNoResult, Message: said("the Job failed: "+job.Failed, quote.Said(job.Message)), FinishedAt: timeOf(job.FinishedAt)}
	switch {
	case job.Complete:
		result.Message = "the Job is complete, and its pod was deleted before its result was read: set the annotation " + v1alpha1.AnnotationRerun + " to a new value to measure again"
		return result
	case job.Failed != "DeadlineExceeded":
		return result
	}
	result.Reason, result.Message = v1alpha1.ReasonDeadlineExceeded, "the pod did not end within the Job's time"
	switch a.Reason {
	case "", v1alpha1.ReasonStarting:
	case v1alpha1.ReasonUnschedulable:
		result.Reason, result.Message = a.Reason, noNode(a)
	default:
		result.Reason, result.Message = a.Reason, a.Message
	}
	return result
}

// waitsForNode is true of an architecture without a node, which a node autoscaler may bring, and of one whose nodes are full.
func waitsForNode(a v1alpha1.ArchitectureRun) string {
	return fmt.Sprintf("waits for a node of %s that takes the pod", a.Architecture)
}

// noNode is what is said of such a wait once the Job's time is over.
func noNode(a v1alpha1.ArchitectureRun) string {
	return fmt.Sprintf("no node of %s took the pod in the Job's time%s; add one, or mend spec.nodeSelector or spec.tolerations, and set the annotation %s to a new value, or take the architecture out of spec.architectures",
		a.Architecture, strings.TrimPrefix(a.Message, waitsForNode(a)), v1alpha1.AnnotationRerun)
}

// waitingPod says what keeps the load generator from running.
func waitingPod(a v1alpha1.ArchitectureRun, pod *Pod) v1alpha1.ArchitectureRun {
	if pod.Unschedulable != "" {
		return waiting(a, v1alpha1.ReasonUnschedulable, said(waitsForNode(a), quote.Scheduler(pod.Unschedulable)))
	}
	for _, container := range []*Container{&pod.Target, &pod.Generator} {
		switch class := podfailure.Classify(container.Waiting, container.Message); {
		case class.IsOfImage():
			return waiting(a, v1alpha1.ReasonImagePull, pullMessage(container))
		case class == podfailure.Crash || container.Restarts > 0 && container.LastMessage != "":
			return waiting(a, v1alpha1.ReasonTargetCrashes, said("the application ended and is started again", quote.Said(container.LastMessage)))
		case class != podfailure.None:
			return waiting(a, container.Waiting, quote.Said(container.Message))
		}
	}
	return waiting(a, v1alpha1.ReasonStarting, "the pod starts")
}

// pullMessage does not swing between the reasons of a pull that is tried again and again.
func pullMessage(container *Container) string {
	message := quote.Said(podfailure.PullMessage(container.Message))
	if message != "" && slices.Contains([]string{"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "SignatureValidationFailed"}, container.Waiting) {
		return message
	}
	return said(container.Waiting, message)
}

func waiting(a v1alpha1.ArchitectureRun, reason, message string) v1alpha1.ArchitectureRun {
	a.State, a.Reason, a.Message = v1alpha1.RunStateWaiting, reason, message
	return a
}

func finish(a v1alpha1.ArchitectureRun, run *v1alpha1.BenchmarkRun, pod *Pod, result v1alpha1.BenchmarkResult, now metav1.Time) v1alpha1.ArchitectureRun {
	if pod != nil {
		result.Node = pod.Node
	}
	result.ImageDigest, result.Generation = digest(run), run.Generation
	return finished(a, result, now)
}

// digest of the image that the run measures; "" where the registry did not tell it.
func digest(run *v1alpha1.BenchmarkRun) string {
	_, digest, _ := strings.Cut(run.Image, "@")
	return digest
}

func finished(a v1alpha1.ArchitectureRun, result v1alpha1.BenchmarkResult, now metav1.Time) v1alpha1.ArchitectureRun {
	result.Architecture = a.Architecture
	if result.FinishedAt == nil {
		result.FinishedAt = &now
	}
	a.State, a.Reason, a.Message, a.Result = v1alpha1.RunStateFinished, "", "", &result
	return a
}

func timeOf(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t}
}

func latency(micros int64) string {
	if micros == 0 {
		return ""
	}
	return (time.Duration(micros) * time.Microsecond).String()
}

func percent(share float64) string {
	return strconv.FormatFloat(share*100, 'f', -1, 32) + "%"
}

func said(what, details string) string {
	switch {
	case details == "":
		return what
	case what == "":
		return details
	default:
		return what + ": " + details
	}
}

// longestResult bounds what the load generator says of what it measured. That is said once, and the times in it tell something.
const longestResult = 512
