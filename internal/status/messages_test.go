// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// said is a row of the table of inputs and messages. Whoever changes a message reads it with the question whether the reader's next
// step would be the right one.
type said struct {
	change  func(*Input)
	reason  string
	message string
	// isStalled is what the very first look makes of it.
	isStalled bool
}

func failing(failure podfailure.Failure) func(*Input) {
	return func(in *Input) {
		if failure.Container == "" {
			failure.Container, failure.IsOwn = "web", true
		}
		in.Observed.Pods[0].Ready, in.Observed.Pods[0].Failure = false, &failure
		in.Observed.Deployment.Status.ReadyReplicas, in.Observed.Deployment.Status.AvailableReplicas = 2, 2
	}
}

func kubelet(reason, message string) func(*Input) {
	return failing(podfailure.Failure{Class: podfailure.Classify(reason, message), Reason: reason, Message: message})
}

func injected(reason, message string) func(*Input) {
	return failing(podfailure.Failure{Class: podfailure.Classify(reason, message), Container: "istio-proxy", Reason: reason, Message: message, ExitCode: 1})
}

func unschedulablePod(message string) func(*Input) {
	return func(in *Input) {
		in.Observed.Pods[0] = plan.Pod{Name: "a", Unschedulable: message}
		in.Observed.Deployment.Status.ReadyReplicas, in.Observed.Deployment.Status.AvailableReplicas = 2, 2
	}
}

func cannotCreate(message string) func(*Input) {
	return func(in *Input) {
		status := &in.Observed.Deployment.Status
		status.Conditions = append(status.Conditions, appsv1.DeploymentCondition{
			Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: message,
		})
		in.Observed.Pods = in.Observed.Pods[1:]
		status.Replicas, status.UpdatedReplicas, status.ReadyReplicas, status.AvailableReplicas = 2, 2, 2, 2
	}
}

func refused(kind string, err error) func(*Input) {
	return func(in *Input) { in.Problems = append(in.Problems, ProblemOf(kind, "shop", err)) }
}

func invalid(kind, path, detail string) error {
	return apierrors.NewInvalid(schema.GroupKind{Kind: kind}, "shop", field.ErrorList{field.Invalid(field.NewPath(path), "x", detail)})
}

func forbidden(resource, detail string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "shop", errors.New(detail))
}

func givenUp(in *Input) {
	in.Observed.Deployment.Status.Conditions[0] = appsv1.DeploymentCondition{
		Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded",
	}
	in.Observed.Deployment.Status.UpdatedReplicas = 1
}

func benchmarkIs(state BenchmarkState) func(*Input) {
	return func(in *Input) {
		in.Web.Spec.BenchmarkRef, in.Benchmark = &elasticwebv1.BenchmarkReference{Name: "shop-capacity"}, state
	}
}

func reads(traffic Traffic) func(*Input) {
	return func(in *Input) {
		in.Web.Spec.Demand, in.Traffic = &elasticwebv1.DemandSpec{Prometheus: &elasticwebv1.PrometheusDemand{Query: "up"}}, traffic
	}
}

// template has a sidecar, and resources of the operator's own container.
var template = podtemplate.WordsOf(&runtime.RawExtension{Raw: []byte(`{"spec": {"containers": [{"name": "logs"}, {"name": "web", "resources": {"limits": {"memory": "128Mi"}}}]}}`)})

const (
	taint  = "{dedicated: db}"
	nodes  = "0/5 nodes are available: "
	logs   = "look at its log with kubectl logs --previous"
	quota  = "raise the ResourceQuota of the namespace, or ask for less"
	policy = "change the spec as the policy asks, or ask an administrator of the cluster to allow it"
)

// messages are the inputs and what is said of them, by reason.
var messages = map[string]said{
	"all is well": {func(*Input) {}, elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand", false},
	"a pod fails at the side": {func(in *Input) {
		kubelet("CrashLoopBackOff", "")(in)
		in.Plan.Demand.QPS = 1600
	}, elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand; 1 of 3 pods are not ready: the application in image shop:1 ends with exit code 0, and is to go on serving: " + logs + ", and at spec.command and spec.args", false},
	"a pod waits at the side": {func(in *Input) {
		unschedulablePod(nodes + "5 Insufficient cpu.")(in)
		in.Plan.Demand.QPS = 1600
	}, elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand; 1 of 3 pods are not ready: pods wait for a node that takes them: add nodes, or lower what the pods request in spec.resources; the scheduler says: Insufficient cpu", false},
	"a pod starts at the side": {func(in *Input) {
		in.Observed.Pods[0].Ready = false
		in.Plan.Demand.QPS = 1600
	}, elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand; 1 of 3 pods are not ready", false},
	"a pod warms up": {func(in *Input) {
		in.Observed.Pods[0].WarmUntil = now.Add(time.Second)
	}, elasticwebv1.ReasonPodsNotReady, "the ready pods serve 1600 of 2400 requests per second; 2 of 3 pods are ready; 1 more count once they have been ready for spec.rollout.minReadySeconds", false},
	"a pod warms up at the side": {func(in *Input) {
		in.Observed.Pods[0].WarmUntil = now.Add(time.Second)
		in.Plan.Demand.QPS = 1600
	}, elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand; 1 more count once they have been ready for spec.rollout.minReadySeconds", false},
	"replicas that warm up": {func(in *Input) {
		in.Observed.Pods[0].WarmUntil = now.Add(time.Second)
		in.Plan.Demand = plan.Demand{Pods: 3}
	}, elasticwebv1.ReasonPodsNotReady, "2 of 3 pods are ready; 1 more count once they have been ready for spec.rollout.minReadySeconds", false},
	"a container of the template that ends": {func(in *Input) {
		in.Words = template
		failing(podfailure.Failure{Class: podfailure.Crash, Container: "logs", ExitCode: 2})(in)
	}, elasticwebv1.ReasonCrashLoop, "container logs, which spec.podTemplate adds to the pods, ended with exit code 2: look at its log with kubectl logs --previous -c logs, or take it out where it is added", false},
	"a container of the template for another architecture": {func(in *Input) {
		in.Words = template
		failing(podfailure.Failure{Class: podfailure.PlatformMissing, Container: "logs", Message: "no match for platform in manifest: not found"})(in)
		in.Observed.Pods[0].Architecture = "arm64"
	}, elasticwebv1.ReasonPlatformMissing, "container logs, which spec.podTemplate adds to the pods, has an image that holds nothing for arm64: list in spec.architectures those that the images of all containers are built for, or change the image where it is added", false},
	"a container of the template whose program is for another architecture": {func(in *Input) {
		in.Words = template
		failing(podfailure.Failure{Class: podfailure.ExecFormat, Container: "logs", Message: "exec format error"})(in)
		in.Observed.Pods[0].Architecture = ""
	}, elasticwebv1.ReasonExecFormatError, "container logs, which spec.podTemplate adds to the pods, has an image whose program is not built for its node's architecture: list in spec.architectures those that the images of all containers are built for, or change the image where it is added", false},
	"a container of the template, and a kubelet that says no more": {func(in *Input) {
		in.Words = template
		failing(podfailure.Failure{Class: podfailure.PullFailed, Container: "logs", Message: `Back-off pulling image "l:1"`})(in)
	}, elasticwebv1.ReasonRegistryUnreachable, "container logs, which spec.podTemplate adds to the pods, does not run, as its image cannot be had: mend it where it is added", false},
	"a quota of what a container of the template leaves out": {func(in *Input) {
		in.Words = template
		cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: failed quota: q: must specify limits.cpu for: logs`)(in)
	}, elasticwebv1.ReasonQuotaExceeded, "the pods cannot be created: pods is forbidden: failed quota: q: must specify limits.cpu for: logs: set limits.cpu in resources of container logs in spec.podTemplate: the ResourceQuota of the namespace takes no pod without", false},
	"a quota of what all containers leave out": {func(in *Input) {
		in.Words = template
		cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: failed quota: q: must specify limits.cpu for: istio-proxy,logs,web`)(in)
	}, elasticwebv1.ReasonQuotaExceeded, "the pods cannot be created: pods is forbidden: failed quota: q: must specify limits.cpu for: istio-proxy,logs,web: set limits.cpu in resources of container istio-proxy where it is added and resources of container logs in spec.podTemplate and spec.podTemplate.spec.containers[1].resources: the ResourceQuota of the namespace takes no pod without", false},
	"the pod security standard, of a container of the template": {func(in *Input) {
		in.Words = template
		cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "logs" must set securityContext.allowPrivilegeEscalation=false)`)(in)
	}, elasticwebv1.ReasonForbidden, `the pods cannot be created: pods is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "logs" must set securityContext.allowPrivilegeEscalation=false): set securityContext of container logs in spec.podTemplate as the namespace's pod security standard asks`, false},
	"the pod security standard, of the pods and several containers": {func(in *Input) {
		in.Words = template
		cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or containers "web", "logs" must set securityContext.runAsNonRoot=true), runAsUser=0 (pod must not set runAsUser=0)`)(in)
	}, elasticwebv1.ReasonForbidden, `the pods cannot be created: pods is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or containers "web", "logs" must set securityContext.runAsNonRoot=true), runAsUser=0 (pod must not set runAsUser=0): set spec.podSecurityContext and securityContext of container logs in spec.podTemplate and spec.securityContext as the namespace's pod security standard asks`, false},
	"the pod security standard, of the host's namespaces and volumes": {func(in *Input) {
		in.Words = template
		cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), hostPath volumes (volume "x")`)(in)
	}, elasticwebv1.ReasonForbidden, `the pods cannot be created: pods is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), hostPath volumes (volume "x"): take hostNetwork out of spec.podTemplate, change spec.volumes as the namespace's pod security standard asks`, false},
	"the pod security standard, of the host's network, which gives each port one of the host": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), hostPort (container "web" uses hostPort 8080)`),
		elasticwebv1.ReasonForbidden, `the pods cannot be created: pods is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), hostPort (container "web" uses hostPort 8080): take hostNetwork out of spec.podTemplate as the namespace's pod security standard asks`, false},
	"the pod security standard, of ports of the host": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: violates PodSecurity "baseline:latest": hostPort (containers "logs", "web" use hostPorts 8080, 9090), privileged (container "web" must not set securityContext.privileged=true)`),
		elasticwebv1.ReasonForbidden, `the pods cannot be created: pods is forbidden: violates PodSecurity "baseline:latest": hostPort (containers "logs", "web" use hostPorts 8080, 9090), privileged (container "web" must not set securityContext.privileged=true): take hostPort out of spec.podTemplate, set spec.securityContext as the namespace's pod security standard asks`, false},
	"the pod security standard, of other hosts in probes": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: violates PodSecurity "baseline:latest": probe or lifecycle host (container "web" uses probe or lifecycle host "10.0.0.1")`),
		elasticwebv1.ReasonForbidden, `the pods cannot be created: pods is forbidden: violates PodSecurity "baseline:latest": probe or lifecycle host (container "web" uses probe or lifecycle host "10.0.0.1"): take host out of the probes and the lifecycle hooks as the namespace's pod security standard asks`, false},
	"a RuntimeClass that is not there": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: pod rejected: RuntimeClass "kata" not found`),
		elasticwebv1.ReasonReferenceMissing, `the pods cannot be created: pods is forbidden: pod rejected: RuntimeClass "kata" not found: correct runtimeClassName in spec.podTemplate, or create the RuntimeClass`, false},
	"a LimitRange that adds to a container of the template": {func(in *Input) {
		in.Words = template
		cannotCreate(`Pod "shop-5d8f7c9b4-x7k2p" is invalid: spec.containers[1].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 256Mi`)(in)
	}, elasticwebv1.ReasonInvalidPod, `the pods cannot be created: Pod is invalid: spec.podTemplate.spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 256Mi: give requests and limits that go together in resources of the container that it speaks of: a LimitRange of the namespace adds what is left out`, true},
	"a template that takes what must be held": {func(in *Input) {
		in.Problems = append(in.Problems, TemplateProblems(nil, errors.New("spec.podTemplate.spec.affinity: give terms of your own, or leave it out"))...)
	}, elasticwebv1.ReasonInvalidPod, "spec.podTemplate.spec.affinity: give terms of your own, or leave it out: correct it, for instance with kubectl edit; the pods keep the template that they have until then", true},
	"a template that is refused": {func(in *Input) {
		in.Problems = append(in.Problems, TemplateProblems(errors.New("spec.podTemplate.spec.contaners: unknown field"), nil)...)
	}, elasticwebv1.ReasonInvalidSpec, "spec.podTemplate.spec.contaners: unknown field: correct it, for instance with kubectl edit; the pods keep the template that they have until then", true},
	"an invalid container of the template": {func(in *Input) {
		in.Words = template
		refused("Deployment", invalid("Deployment", "spec.template.spec.containers[1].image", "no"))(in)
	}, elasticwebv1.ReasonInvalidPod, "Deployment shop was refused: Deployment \"shop\" is invalid: spec.podTemplate.spec.containers[0].image: Invalid value: \"x\": no: mend the field of the spec that it speaks of", true},
	"an invalid setting of the template": {func(in *Input) {
		in.Words = template
		cannotCreate("pods \"shop-1\" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi")(in)
	}, elasticwebv1.ReasonForbidden, "the pods cannot be created: pods is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi: set spec.podTemplate.spec.containers[1].resources and resources of container logs in spec.podTemplate to what the LimitRange of the namespace allows; where the spec gives none, the operator gives the container web 100m of CPU and 512Mi of memory", false},
	"no demand": {func(in *Input) { in.Plan.Demand, in.Plan.Replicas, in.Observed.Pods = plan.Demand{}, 0, nil },
		elasticwebv1.ReasonNoDemand, "nothing is to be served: set spec.totalQPS, spec.replicas or spec.demand", false},
	"no demand, and a budget that is denied to go": {func(in *Input) {
		in.Plan.Demand, in.Plan.Replicas, in.Observed.Pods = plan.Demand{}, 0, nil
		in.Problems = []Problem{{Reason: elasticwebv1.ReasonForbidden, Message: "PodDisruptionBudget shop was refused", IsAside: true}}
	}, elasticwebv1.ReasonForbidden, "PodDisruptionBudget shop was refused", false},
	"no demand any more": {func(in *Input) { in.Plan.Demand, in.Plan.Replicas = plan.Demand{}, 0 },
		elasticwebv1.ReasonRollingOut, "there is no demand, and the last pods are going", false},
	"paused": {func(in *Input) { in.Paused = true }, elasticwebv1.ReasonPaused, "nothing is changed while the annotation elasticweb.example.com/paused is true: remove it to go on", false},
	"paused, and no pod that is ready has joined": {func(in *Input) {
		in.Paused = true
		in.Observed.Service = &corev1.Service{Spec: corev1.ServiceSpec{Selector: map[string]string{elasticwebv1.LabelJoined: elasticwebv1.JoinedTrue}}}
		in.Observed.Pods[0].JoinedLabel, in.Observed.Pods[0].Ready = elasticwebv1.JoinedTrue, false
		in.Observed.Pods[1].JoinedLabel = elasticwebv1.JoinedFalse // the other is of an older template.
	}, elasticwebv1.ReasonPaused, "the Service sends requests to none of the pods, of which 2 are ready, since it selects those with the label elasticweb.example.com/joined=true: nothing is changed while the annotation elasticweb.example.com/paused is true: remove it to go on", false},
	"paused, and a pod has joined": {func(in *Input) {
		in.Paused = true
		in.Observed.Service = &corev1.Service{Spec: corev1.ServiceSpec{Selector: map[string]string{elasticwebv1.LabelJoined: elasticwebv1.JoinedTrue}}}
		in.Observed.Pods[0].JoinedLabel = elasticwebv1.JoinedTrue
	}, elasticwebv1.ReasonPaused, "nothing is changed while the annotation elasticweb.example.com/paused is true: remove it to go on", false},
	"a rollout": {func(in *Input) { in.Observed.Deployment.Status.UpdatedReplicas = 1 },
		elasticwebv1.ReasonRollingOut, "the pods are being brought to what the spec says", false},
	"a Deployment that is to go": {func(in *Input) {
		in.Observed.Deployment.DeletionTimestamp, in.Observed.Deployment.Finalizers = &now, []string{"example.com/hold"}
	}, elasticwebv1.ReasonRollingOut, "the Deployment is being deleted, and is made again when it is gone: it waits for its finalizers example.com/hold; see to it that they are removed, should it stay so", false},
	"a Service that is deleted": {func(in *Input) {
		in.Observed.Service = &corev1.Service{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now, Finalizers: []string{"example.com/hold"}}}
	}, elasticwebv1.ReasonRollingOut, "the Service is being deleted, and is made again when it is gone: it waits for its finalizers example.com/hold; see to it that they are removed, should it stay so", false},
	"a budget that is deleted": {func(in *Input) {
		in.Plan.Replicas = 2
		in.Observed.Budget = &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now, Finalizers: []string{"example.com/hold"}}}
	}, elasticwebv1.ReasonRollingOut, "the PodDisruptionBudget is being deleted, and is made again when it is gone: it waits for its finalizers example.com/hold; see to it that they are removed, should it stay so", false},
	"a budget that goes, as it is of no use": {func(in *Input) {
		in.Plan.Demand, in.Plan.Asked, in.Plan.Replicas, in.Observed.Pods = plan.Demand{QPS: 800}, 1, 1, in.Observed.Pods[:1]
		in.Observed.Deployment.Spec.Replicas, in.Observed.Deployment.Status = ptr.To[int32](1), appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1}
		in.Observed.Budget = &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now}}
	}, elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand", false},
	"a contradiction with the image of before": {func(in *Input) {
		in.Plan.Placement.Contradiction, in.Plan.Facts = "the image holds none of the architectures: use another", &plan.ImageFacts{Reference: "shop:0"}
	}, elasticwebv1.ReasonNoCompatibleNodes, "the image holds none of the architectures: use another; so much is known of image shop:0, and the registry has not told of this one yet", false},
	"pods that start": {func(in *Input) { in.Observed.Pods[0].Ready = false },
		elasticwebv1.ReasonPodsNotReady, "the ready pods serve 1600 of 2400 requests per second; 2 of 3 pods are ready", false},
	"pods that start for the first time, beyond the demand": {func(in *Input) {
		in.Observed.Pods[0].Ready = false
		in.Plan.Demand.QPS = 1600
		in.Observed.Deployment.Status.Conditions = nil
	}, elasticwebv1.ReasonPodsNotReady, "2 of 3 pods are ready", false},
	"replicas that start": {func(in *Input) {
		in.Observed.Pods[0].Ready = false
		in.Plan.Demand = plan.Demand{Pods: 3}
	}, elasticwebv1.ReasonPodsNotReady, "2 of 3 pods are ready", false},
	"an image that is looked up": {func(in *Input) { in.Plan.WaitsForImage = true },
		elasticwebv1.ReasonResolvingImage, "the registry has not told the platforms of the image yet", false},
	"a benchmark that is not there": {benchmarkIs(BenchmarkAbsent),
		elasticwebv1.ReasonBenchmarkMissing, "ElasticWebBenchmark shop-capacity does not exist, and the numbers of the spec hold: create it, or correct or remove spec.benchmarkRef", false},
	"a benchmark that runs": {benchmarkIs(BenchmarkRunning),
		elasticwebv1.ReasonBenchmarkRunning, "ElasticWebBenchmark shop-capacity is still measuring, and the numbers of the spec hold until it has a result: wait for it", false},
	"a benchmark that failed": {benchmarkIs(BenchmarkFailed),
		elasticwebv1.ReasonBenchmarkMissing, "ElasticWebBenchmark shop-capacity found no result, and the numbers of the spec hold: look at it with kubectl describe elasticwebbenchmark, or remove spec.benchmarkRef", false},
	"benchmarks that are off": {benchmarkIs(BenchmarksOff),
		elasticwebv1.ReasonBenchmarkMissing, "ElasticWebBenchmark shop-capacity is not looked at, since the operator runs with --enable-benchmarks=false: the numbers of the spec hold; remove spec.benchmarkRef, or switch benchmarks on", true},
	"maxReplicas": {func(in *Input) { in.Plan.Demand.QPS, in.Plan.Asked = 4000, 5 },
		elasticwebv1.ReasonReplicaLimit, "the demand calls for 5 pods, and spec.maxReplicas allows 3: raise spec.maxReplicas, or lower the demand", true},

	"maxReplicas below the traffic": {func(in *Input) {
		reads(Traffic{Reason: elasticwebv1.ReasonObserved})(in)
		in.Plan.Demand.QPS, in.Plan.Asked = 4000, 5
	}, elasticwebv1.ReasonReplicaLimit, "the demand calls for 5 pods, and spec.maxReplicas allows 3: raise spec.maxReplicas, or wait until the traffic falls", false},

	"traffic that is read": {reads(Traffic{Reason: elasticwebv1.ReasonObserved}), elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand", false},
	"a source that has not answered": {reads(Traffic{}),
		elasticwebv1.ReasonMetricMissing, "the source of spec.demand has not answered yet, and no pod goes until it has", false},
	"a sample that is missing": {reads(Traffic{Reason: elasticwebv1.ReasonMetricMissing, Message: "no series"}),
		elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand", false},
	"a metric that is missing": {reads(Traffic{Reason: elasticwebv1.ReasonMetricMissing, Message: "look at the query", IsLasting: true}),
		elasticwebv1.ReasonMetricMissing, "look at the query; no pod goes until there is a number", false},
	"a metric that is none": {reads(Traffic{Reason: elasticwebv1.ReasonMetricInvalid, Message: "sum it up", IsLasting: true}),
		elasticwebv1.ReasonMetricInvalid, "sum it up; no pod goes until there is a number", false},
	"a source that does not answer": {reads(Traffic{Reason: elasticwebv1.ReasonSourceUnreachable, Message: "look at it", IsLasting: true}),
		elasticwebv1.ReasonSourceUnreachable, "look at it; no pod goes until there is a number", false},
	"a source that refuses": {reads(Traffic{Reason: elasticwebv1.ReasonSourceUnauthorized, Message: "look at the token", IsLasting: true}),
		elasticwebv1.ReasonSourceUnauthorized, "look at the token; no pod goes until there is a number", false},
	"no source": {reads(Traffic{Reason: elasticwebv1.ReasonSourceNotConfigured, Message: "set --prometheus-url", IsLasting: true}),
		elasticwebv1.ReasonSourceNotConfigured, "set --prometheus-url; no pod goes until there is a number", true},
	"no source, during a rollout": {func(in *Input) {
		reads(Traffic{Reason: elasticwebv1.ReasonSourceNotConfigured, Message: "set --prometheus-url", IsLasting: true})(in)
		in.Observed.Deployment.Status.UpdatedReplicas = 1
	}, elasticwebv1.ReasonSourceNotConfigured, "set --prometheus-url; no pod goes until there is a number", true},
	"no metric, during a rollout": {func(in *Input) {
		reads(Traffic{Reason: elasticwebv1.ReasonMetricMissing, Message: "look at the query", IsLasting: true})(in)
		in.Observed.Deployment.Status.UpdatedReplicas = 1
	}, elasticwebv1.ReasonRollingOut, "the pods are being brought to what the spec says", false},
	"a fallback": {reads(Traffic{Reason: elasticwebv1.ReasonFallback, Message: "look at it", IsLasting: true}),
		elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand", false},
	"pods that are kept until it is known": {func(in *Input) {
		reads(Traffic{Reason: elasticwebv1.ReasonObserved})(in)
		in.Plan.Demand.Pods = 3
		in.Observed.Pods[0].Ready = false
	}, elasticwebv1.ReasonPodsNotReady, "the ready pods serve 1600 of 2400 requests per second; 2 of 3 pods are ready", false},

	"no node of the architecture": {func(in *Input) { in.Observed.Nodes.All, in.Observed.Pods = map[string]int{"amd64": 3}, nil },
		elasticwebv1.ReasonNoCompatibleNodes, "the pods wait for a node of arm64 or s390x: the cluster has no such Linux node that takes them; where no node autoscaler brings one, add one, or let the image, spec.architectures, spec.nodeSelector, spec.affinity and spec.tolerations allow one that the cluster has", false},
	"no node of what is preferred": {func(in *Input) {
		in.Plan.Preferred = [][]string{{"arm64"}, {"amd64"}}
		in.Plan.Placement.Possible, in.Observed.Nodes.All = []string{"amd64", "arm64"}, map[string]int{"amd64": 3}
	}, elasticwebv1.ReasonAsPlanned, "everything is rolled out, and the ready pods serve the demand; the cluster has no node of arm64, which is preferred, and a preference makes no node pool grow: to wait for one, let spec.architectures list it alone", false},
	"a contradiction": {func(in *Input) {
		in.Plan.Placement.Contradiction = "spec.nodeSelector pins kubernetes.io/os to windows, but the pods run on linux only: remove it"
	},
		elasticwebv1.ReasonNoCompatibleNodes, "spec.nodeSelector pins kubernetes.io/os to windows, but the pods run on linux only: remove it", true},
	"full nodes": {unschedulablePod(nodes + "3 Insufficient cpu, 2 node(s) had untolerated taint " + taint + ". preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling."),
		elasticwebv1.ReasonUnschedulable, "pods wait for a node that takes them: add nodes, or lower what the pods request in spec.resources; the scheduler says: Insufficient cpu, node(s) had untolerated taint " + taint, false},
	"nodes that take no more pods": {unschedulablePod(nodes + "5 Too many pods."),
		elasticwebv1.ReasonUnschedulable, "pods wait for a node that takes them: add nodes; the scheduler says: Too many pods", false},
	"nodes whose port is taken": {unschedulablePod(nodes + "1 node(s) had untolerated taint " + taint + ", 4 node(s) didn't have free ports for the requested pod ports."),
		elasticwebv1.ReasonUnschedulable, "pods wait for a node that takes them: add nodes, or leave hostNetwork and hostPort out of spec.podTemplate: a port of a node takes one pod; the scheduler says: " +
			"node(s) didn't have free ports for the requested pod ports, node(s) had untolerated taint " + taint, false},
	"gates": {unschedulablePod("Scheduling is blocked due to non-empty scheduling gates"),
		elasticwebv1.ReasonUnschedulable, "pods wait for a node that takes them: leave schedulingGates out of spec.podTemplate, or look who adds them to the pods and is to take them away; " +
			"the scheduler says: Scheduling is blocked due to non-empty scheduling gates", false},
	"taints": {unschedulablePod(nodes + "5 node(s) had untolerated taint " + taint + "."),
		elasticwebv1.ReasonUnschedulable, "pods wait for a node that takes them: tolerate the taint in spec.tolerations; the scheduler says: node(s) had untolerated taint " + taint, false},
	"other nodes": {unschedulablePod(nodes + "2 node(s) didn't match Pod's node affinity/selector, 3 node(s) were unschedulable."),
		elasticwebv1.ReasonUnschedulable, "pods wait for a node that takes them: look at spec.nodeSelector, spec.affinity and spec.architectures, uncordon nodes; the scheduler says: node(s) didn't match Pod's node affinity/selector, node(s) were unschedulable", false},
	"a claim": {unschedulablePod(`0/5 nodes are available: persistentvolumeclaim "data" not found.`),
		elasticwebv1.ReasonUnschedulable, `pods wait for a node that takes them: look at the claims that spec.volumes names; the scheduler says: persistentvolumeclaim "data" not found`, false},
	"a scheduler of another kind": {unschedulablePod("the queue is full"),
		elasticwebv1.ReasonUnschedulable, "pods wait for a node that takes them: add nodes, or look at the pods with kubectl describe; the scheduler says: the queue is full", false},

	"a node port that is taken": {refused("Service", invalid("Service", "spec.ports[0].nodePort", "provided port is already allocated")),
		elasticwebv1.ReasonNodePortConflict, `Service shop was refused: Service "shop" is invalid: spec.ports[0].nodePort: Invalid value: "x": provided port is already allocated: choose a free spec.port within the cluster's node port range, or another spec.service.type`, false},
	"a node port outside the range": {refused("Service", invalid("Service", "spec.ports[0].nodePort", "provided port is not in the valid range. The range of valid ports is 30000-32767")),
		elasticwebv1.ReasonNodePortConflict, `Service shop was refused: Service "shop" is invalid: spec.ports[0].nodePort: Invalid value: "x": provided port is not in the valid range. The range of valid ports is 30000-32767: choose a spec.port within the cluster's node port range, or another spec.service.type`, true},
	"a name that is taken": {func(in *Input) {
		in.Problems = []Problem{{Reason: elasticwebv1.ReasonNameConflict, Message: "Deployment shop exists and has no owner, so it is left alone: delete it, or give the ElasticWeb another name"}}
	}, elasticwebv1.ReasonNameConflict, "Deployment shop exists and has no owner, so it is left alone: delete it, or give the ElasticWeb another name", true},
	"a Service that is invalid": {refused("Service", invalid("Service", "metadata.annotations", "a qualified name")),
		elasticwebv1.ReasonInvalidService, `Service shop was refused: Service "shop" is invalid: metadata.annotations: Invalid value: "x": a qualified name: mend the field of the spec that it speaks of`, true},
	"a way in that is invalid": {refused("HTTPRoute", invalid("HTTPRoute", "spec.hostnames", "no address")),
		elasticwebv1.ReasonInvalidExpose, `HTTPRoute shop was refused: HTTPRoute "shop" is invalid: spec.hostnames: Invalid value: "x": no address: mend the field of the spec that it speaks of`, true},
	"a way in of a kind that is not served": {func(in *Input) { in.Problems = append(in.Problems, KindNotServed("Route")) },
		elasticwebv1.ReasonKindNotServed, "the cluster does not have the kind Route (routes.route.openshift.io) in version v1, and all but the way in goes on: use spec.expose.httpRoute or spec.expose.ingress, since only OpenShift has Routes", false},
	"a Deployment that is invalid": {refused("Deployment", invalid("Deployment", "spec.template", "must be less than or equal to cpu limit of 1")),
		elasticwebv1.ReasonInvalidPod, `Deployment shop was refused: Deployment "shop" is invalid: spec.template: Invalid value: "x": must be less than or equal to cpu limit of 1: mend the field of the spec that it speaks of`, true},
	"two items of one key": {refused("Deployment", errors.New(`failed to create typed patch object: .spec.x: duplicate entries for key [name="A"]`)),
		elasticwebv1.ReasonInvalidPod, `Deployment shop was refused: failed to create typed patch object: .spec.x: duplicate entries for key [name="A"]: two items of a list in the spec have that key: leave one of them out`, true},
	"a field that is too young": {refused("Deployment", errors.New("failed to create typed patch object: .spec.x: field not declared in schema")),
		elasticwebv1.ReasonInvalidPod, "Deployment shop was refused: failed to create typed patch object: .spec.x: field not declared in schema: this cluster's API server does not know the field: take it out of the spec, or upgrade the cluster", true},
	"a spec that is too large": {refused("Deployment", apierrors.NewRequestEntityTooLargeError("limit is 3145728")),
		elasticwebv1.ReasonInvalidPod, "Deployment shop was refused: Request entity too large: limit is 3145728: make the spec smaller", true},
	"a budget that others make invalid": {refused("PodDisruptionBudget", invalid("PodDisruptionBudget", "spec", "minAvailable and maxUnavailable cannot be both set")),
		elasticwebv1.ReasonForbidden, `PodDisruptionBudget shop was refused: PodDisruptionBudget "shop" is invalid: spec: Invalid value: "x": minAvailable and maxUnavailable cannot be both set: no field of the spec is at fault: look whose fields are on it with kubectl get -o yaml --show-managed-fields`, false},
	"a quota of objects": {refused("Deployment", forbidden("deployments.apps", "exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0")),
		elasticwebv1.ReasonQuotaExceeded, `Deployment shop was refused: deployments.apps "shop" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: …, limited: count/deployments.apps=0: ` + quota, false},
	"an owner that may not be set": {refused("Deployment", forbidden("deployments.apps", `cannot set an ownerRef on a resource you can't delete: , <nil>`)),
		elasticwebv1.ReasonForbidden, `Deployment shop was refused: deployments.apps "shop" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>: on this cluster only who may delete an object may change its owner: set the ElasticWeb as its owner yourself, or ask an administrator of the cluster to give that right to the operator`, false},
	"a right that is missing": {refused("Deployment", forbidden("deployments.apps", `User "system:serviceaccount:s:m" cannot patch resource "deployments" in API group "apps" in the namespace "dev"`)),
		elasticwebv1.ReasonForbidden, `Deployment shop was refused: deployments.apps "shop" is forbidden: User "system:serviceaccount:s:m" cannot patch resource "deployments" in API group "apps" in the namespace "dev": ask an administrator of the cluster to give that right to whom it names`, false},
	"a policy that calls it invalid": {refused("Deployment", invalid("Deployment", "x", `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no annotations`)),
		elasticwebv1.ReasonForbidden, `Deployment shop was refused: Deployment "shop" is invalid: x: Invalid value: "x": ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no annotations: ` + policy, false},
	"a webhook that denies": {refused("Service", apierrors.NewBadRequest(`admission webhook "p.example.com" denied the request: no`)),
		elasticwebv1.ReasonForbidden, `Service shop was refused: admission webhook "p.example.com" denied the request: no: ` + policy, false},
	"a webhook that is down": {refused("Deployment", apierrors.NewInternalError(errors.New(`failed calling webhook "p.example.com": failed to call webhook: Post "https://p.p.svc:443/validate?timeout=10s": dial tcp 10.96.0.20:443: connect: connection refused`))),
		elasticwebv1.ReasonWebhookFailed, `Deployment shop was refused: Internal error occurred: failed calling webhook "p.example.com": failed to call webhook: Post "https://p.p.svc:443/validate?…": dial tcp …: connect: connection refused: mend the webhook, or ask an administrator of the cluster to`, false},
	"deletion costs that are denied": {refused("Pod", forbidden("pods", `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no annotations`)),
		elasticwebv1.ReasonForbidden, `what the operator marks pods with was refused: pods is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no annotations: ` + policy, false},

	"a quota of pods": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2`),
		elasticwebv1.ReasonQuotaExceeded, "the pods cannot be created: pods is forbidden: exceeded quota: q, requested: pods=1, used: …, limited: pods=2: " + quota, false},
	"a quota of what the spec leaves out": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: failed quota: q: must specify limits.cpu for: web`),
		elasticwebv1.ReasonQuotaExceeded, "the pods cannot be created: pods is forbidden: failed quota: q: must specify limits.cpu for: web: set limits.cpu in spec.resources: the ResourceQuota of the namespace takes no pod without", false},
	"a LimitRange below the default": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: maximum memory usage per Container is 256Mi, but limit is 512Mi`),
		elasticwebv1.ReasonForbidden, "the pods cannot be created: pods is forbidden: maximum memory usage per Container is 256Mi, but limit is 512Mi: set spec.resources to what the LimitRange of the namespace allows; where the spec gives none, the operator gives the container web 100m of CPU and 512Mi of memory", false},
	"a LimitRange that adds what does not fit": {cannotCreate(`Pod "shop-5d8f7c9b4-x7k2p" is invalid: spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 256Mi`),
		elasticwebv1.ReasonInvalidPod, `the pods cannot be created: Pod is invalid: spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 256Mi: give requests and limits in spec.resources that go together: a LimitRange of the namespace adds what is left out`, true},
	"a pod that others make invalid": {cannotCreate(`Pod "shop-5d8f7c9b4-x7k2p" is invalid: spec.containers[1].image: Required value`),
		elasticwebv1.ReasonInvalidPod, "the pods cannot be created: Pod is invalid: spec.containers[1].image: Required value: mend the field of the spec that it speaks of, or what adds it to the pods", true},
	"a PriorityClass that is missing": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: no PriorityClass with name high was found`),
		elasticwebv1.ReasonReferenceMissing, "the pods cannot be created: pods is forbidden: no PriorityClass with name high was found: correct spec.priorityClassName, or create the PriorityClass", false},
	"a ServiceAccount that is missing": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: error looking up service account dev/robot: serviceaccount "robot" not found`),
		elasticwebv1.ReasonReferenceMissing, `the pods cannot be created: pods is forbidden: error looking up service account dev/robot: serviceaccount "robot" not found: correct spec.serviceAccountName, or create the ServiceAccount`, false},
	"the pod security standard": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`),
		elasticwebv1.ReasonForbidden, `the pods cannot be created: pods is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true: set spec.podSecurityContext and spec.securityContext as the namespace's pod security standard asks`, false},
	"another plugin": {cannotCreate(`pods "shop-5d8f7c9b4-x7k2p" is forbidden: not on a Sunday`),
		elasticwebv1.ReasonForbidden, "the pods cannot be created: pods is forbidden: not on a Sunday: ask an administrator of the cluster to allow it", false},
	"what nobody knows": {cannotCreate("the moon is full"),
		elasticwebv1.ReasonForbidden, "the pods cannot be created: the moon is full: ask an administrator of the cluster", false},
	"a rollout that was given up": {givenUp, elasticwebv1.ReasonProgressDeadline, "the rollout makes no progress: look at the pods with kubectl describe, and at their logs", true},

	"no such image": {kubelet("ErrImagePull", "manifest unknown"),
		elasticwebv1.ReasonImageNotFound, "image shop:1 cannot be found: check spec.image; the registry says: manifest unknown", false},
	"an image that the node must not pull": {kubelet("ErrImageNeverPull", `Container image "shop:1" is not present with pull policy of Never`),
		elasticwebv1.ReasonImageNotFound, "a node lacks image shop:1, and must not pull it: load it onto the nodes, or change spec.imagePullPolicy, which is Never", false},
	"no image at all": {kubelet("InvalidImageName", "couldn't parse image name"),
		elasticwebv1.ReasonInvalidPod, "spec.image is no name of an image: correct it; the kubelet says: couldn't parse image name", true},
	"no credentials": {kubelet("ImagePullBackOff", `Back-off pulling image "shop:1": ErrImagePull: 401 Unauthorized`),
		elasticwebv1.ReasonRegistryUnauthorized, "the registry refuses to give image shop:1: check spec.imagePullSecrets; it says: 401 Unauthorized", false},
	"no registry": {kubelet("RegistryUnavailable", "dial tcp 10.0.0.7:443: i/o timeout"),
		elasticwebv1.ReasonRegistryUnreachable, "image shop:1 cannot be pulled: check that the nodes reach its registry; the runtime says: dial tcp …: i/o timeout", false},
	"a kubelet that says no more": {kubelet("ImagePullBackOff", `Back-off pulling image "shop:1"`),
		elasticwebv1.ReasonRegistryUnreachable, "image shop:1 cannot be pulled: check that the nodes reach its registry", false},
	"no signature": {kubelet("SignatureValidationFailed", "image pull failed for shop:1 because the signature validation failed"),
		elasticwebv1.ReasonImageUntrusted, "the nodes refuse image shop:1 for its signature: sign it as their policy asks, or use another image; the runtime says: image pull failed for shop:1 because the signature validation failed", false},
	"an image that cannot be read": {kubelet("ImageInspectError", "input/output error"),
		elasticwebv1.ReasonContainerFailed, "a node cannot read image shop:1: ask an administrator of the cluster to look at the node's storage; the kubelet says: input/output error", false},
	"no part for the node": {kubelet("ErrImagePull", "no match for platform in manifest: not found"),
		elasticwebv1.ReasonPlatformMissing, "image shop:1 holds nothing for arm64: add that platform to the image, or set spec.architectures to a list without arm64", false},
	"a program for another node": {failing(podfailure.Failure{Class: podfailure.ExecFormat, Message: "exec /shop: exec format error", ExitCode: 255}),
		elasticwebv1.ReasonExecFormatError, "the program in image shop:1 is not built for arm64, although the image claims it: mend the image, or set spec.architectures to a list without arm64", false},
	"no Secret": {kubelet("CreateContainerConfigError", `secret "shop-env" not found`),
		elasticwebv1.ReasonReferenceMissing, `the container cannot be made: secret "shop-env" not found: create it, or correct what spec.env or spec.envFrom names`, false},
	"root where it must not be": {kubelet("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"),
		elasticwebv1.ReasonContainerFailed, "the container cannot run: CreateContainerConfigError: container has runAsNonRoot and image will run as root: set spec.securityContext.runAsUser to a user other than 0, or use an image that names one", false},
	"no such program": {kubelet("RunContainerError", `failed to create containerd task: exec: "web": executable file not found in $PATH`),
		elasticwebv1.ReasonContainerFailed, `the container cannot run: RunContainerError: failed to create containerd task: exec: "web": executable file not found in $PATH: look at spec.command, spec.args and spec.volumeMounts, and at the entry point of the image`, false},
	"a hook": {kubelet("PostStartHookError", "PostStartHook failed"),
		elasticwebv1.ReasonContainerFailed, "the container cannot run: PostStartHookError: PostStartHook failed: mend spec.lifecycle.postStart", false},
	"a runtime that cannot": {kubelet("CreateContainerError", "context deadline exceeded"),
		elasticwebv1.ReasonContainerFailed, "the container cannot run: CreateContainerError: context deadline exceeded: look at spec.command, spec.securityContext and spec.volumeMounts, and at the pods with kubectl describe", false},
	"what no kubelet of today says": {kubelet("FluxCompensatorError", "flux is low"),
		elasticwebv1.ReasonContainerFailed, "the container cannot run: FluxCompensatorError: flux is low: look at the pods with kubectl describe", false},
	"too little memory": {kubelet("OOMKilled", ""),
		elasticwebv1.ReasonOutOfMemory, "the application in image shop:1 needs more memory than it may have: raise spec.resources.limits.memory, which is 512Mi without spec.resources", false},
	"a crash": {failing(podfailure.Failure{Class: podfailure.Crash, ExitCode: 3}),
		elasticwebv1.ReasonCrashLoop, "the application in image shop:1 ended with exit code 3, and is started again: " + logs, false},
	"a probe": {failing(podfailure.Failure{Class: podfailure.Crash, ExitCode: 137}),
		elasticwebv1.ReasonCrashLoop, "the application in image shop:1 was killed (exit code 137): kubectl describe pods tells whether by its liveness or startup probe; else " + logs, false},

	"a crash of which nobody says how it ended": {failing(podfailure.Failure{Class: podfailure.Crash, IsEndUnknown: true}),
		elasticwebv1.ReasonCrashLoop, "the application in image shop:1 ends again and again, and the kubelet does not say how: " + logs, false},
	"a sidecar's crash of which nobody says how it ended": {failing(podfailure.Failure{Class: podfailure.Crash, Container: "istio-proxy", IsEndUnknown: true}),
		elasticwebv1.ReasonCrashLoop, "container istio-proxy, which somebody adds to the pods, ends again and again, and the kubelet does not say how: " + logs + " -c istio-proxy, or take it out where it is added", false},
	"a sidecar that crashes": {injected("CrashLoopBackOff", ""),
		elasticwebv1.ReasonCrashLoop, "container istio-proxy, which somebody adds to the pods, ended with exit code 1: " + logs + " -c istio-proxy, or take it out where it is added", false},
	"a sidecar that needs memory": {injected("OOMKilled", ""),
		elasticwebv1.ReasonOutOfMemory, "container istio-proxy, which somebody adds to the pods, needs more memory than it may have: raise its limit where it is added", false},
	"a sidecar without an image": {injected("ErrImagePull", "manifest unknown"),
		elasticwebv1.ReasonImageNotFound, "container istio-proxy, which somebody adds to the pods, does not run, as its image cannot be had: mend it where it is added; the kubelet says: manifest unknown", false},
	"a sidecar that cannot be made": {injected("CreateContainerConfigError", `secret "mesh" not found`),
		elasticwebv1.ReasonReferenceMissing, `container istio-proxy, which somebody adds to the pods, does not run: CreateContainerConfigError: secret "mesh" not found: mend it where it is added`, false},
}

func TestMessages(t *testing.T) {
	provoked := map[string]bool{}
	for name, tc := range messages {
		provoked[tc.reason] = true
		t.Run(name, func(t *testing.T) {
			in := planned()
			tc.change(&in)
			got := statusOf(in)
			ready := readyOf(in)
			if ready.Reason != tc.reason || ready.Message != tc.message {
				t.Errorf("%s: %s\nwant %s: %s", ready.Reason, ready.Message, tc.reason, tc.message)
			}
			if ready.Status != rows[tc.reason].ready {
				t.Errorf("Ready is %s", ready.Status)
			}
			isReconciling := meta.IsStatusConditionTrue(got.Conditions, elasticwebv1.ConditionReconciling)
			isStalled := meta.IsStatusConditionTrue(got.Conditions, elasticwebv1.ConditionStalled)
			if isStalled != tc.isStalled || isReconciling != (ready.Status == metav1.ConditionFalse && !isStalled) {
				t.Errorf("Stalled is %t, Reconciling %t", isStalled, isReconciling)
			}
			for _, condition := range got.Conditions {
				if condition.ObservedGeneration != 4 || condition.Message == "" || strings.HasSuffix(condition.Message, ".") || !condition.LastTransitionTime.Equal(&now) {
					t.Errorf("condition %+v", condition)
				}
			}
			for i, check := range checks {
				if v := check.find(in, factsOf(in)); v != nil && !slices.Contains(check.reasons, v.reason) {
					t.Errorf("check %d finds %s, which is not among its reasons", i, v.reason)
				}
			}
		})
	}
	for reason := range rows {
		if !provoked[reason] {
			t.Errorf("nothing provokes %s", reason)
		}
	}
}

// Whatever comes from outside, a message fits into an event's note, with what an event puts in front of it, and ends with its remedy.
func TestMessagesAreBounded(t *testing.T) {
	long := strings.Repeat("語 word/", 25_000)
	for name, change := range map[string]func(*Input){
		"an error":              refused("Deployment", forbidden("deployments.apps", long)),
		"a reason of a kubelet": kubelet(long, long),
		"a sidecar":             failing(podfailure.Failure{Class: podfailure.Crash, Container: long}),
		"a scheduler":           unschedulablePod(nodes + "1 " + long),
		"a ReplicaSet":          cannotCreate(long),
		"a finalizer": func(in *Input) {
			in.Observed.Deployment.DeletionTimestamp, in.Observed.Deployment.Finalizers = &now, []string{long}
		},
		"a contradiction": func(in *Input) { in.Plan.Placement.Contradiction = "spec.nodeSelector pins " + long + ": remove it" },
		"a contestant":    func(in *Input) { in.Contestant = long },
		"an image":        func(in *Input) { kubelet("ErrImagePull", long)(in); in.Web.Spec.Image = long },
		"a benchmark": func(in *Input) {
			benchmarkIs(BenchmarkAbsent)(in)
			in.Web.Spec.BenchmarkRef.Name = long
		},
		"a source of the traffic": reads(Traffic{Reason: elasticwebv1.ReasonMetricInvalid, Message: long, IsLasting: true}),
		"a registry": func(in *Input) {
			in.Observed.Image = plan.Image{State: plan.ImageFailed, Reason: elasticwebv1.ReasonImageNotFound, Message: long}
		},
		"several refusals": func(in *Input) {
			for _, kind := range []string{"Deployment", "Service"} {
				refused(kind, forbidden("x", kind+long))(in)
			}
		},
	} {
		in := planned()
		change(&in)
		for _, condition := range statusOf(in).Conditions {
			if len(condition.Message) > quote.LongestMessage || len(elasticwebv1.ReasonRegistryUnauthorized+" no longer: "+condition.Message) > 1024 {
				t.Errorf("%s: %s has %d bytes", name, condition.Type, len(condition.Message))
			}
		}
	}
	in := planned()
	refused("Deployment", forbidden("deployments.apps", long))(&in)
	if got := readyOf(in).Message; !strings.HasSuffix(got, ": ask an administrator of the cluster to allow it") || !strings.Contains(got, "kB left out") {
		t.Errorf("the remedy was cut: %s", got)
	}
}
