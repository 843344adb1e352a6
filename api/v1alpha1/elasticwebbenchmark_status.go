// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ElasticWebBenchmarkStatus reports how far a measurement is, and what it found.
type ElasticWebBenchmarkStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// progress of the run in a word for tables: how many of its architectures have ended, for instance "1/2".
	//
	// +optional
	Progress string `json:"progress,omitempty"`

	// bestArchitecture is the one on which a pod serves most.
	//
	// +optional
	BestArchitecture string `json:"bestArchitecture,omitempty"`

	// qpsByArchitecture is a summary of the results for tables, the best first, for instance
	// "arm64=1000,amd64=640+"; + stands for at least.
	//
	// +optional
	QPSByArchitecture string `json:"qpsByArchitecture,omitempty"`

	// results of the last run that ended, one for each of its architectures. They stay while the next one runs. Where that finds
	// no rate for an architecture, and neither the spec nor the image changed, the last rate stays.
	//
	// +optional
	// +listType=map
	// +listMapKey=architecture
	Results []BenchmarkResult `json:"results,omitempty"`

	// run is the one that is on its way, or the last one.
	//
	// +optional
	Run *BenchmarkRun `json:"run,omitempty"`

	// deployedRelease is the Helm release that holds the Jobs.
	//
	// +optional
	DeployedRelease *HelmRelease `json:"deployedRelease,omitempty"`

	// conditions are Complete, and those of the Helm release: Deployed, ReleaseFailed, Irreconcilable.
	// Reconciling and Stalled are present while they are True.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// BenchmarkResult is what was measured on one architecture.
type BenchmarkResult struct {
	// architecture that it was measured on.
	//
	// +required
	Architecture Architecture `json:"architecture"`

	// qps is the highest rate of requests per second that one pod served within the limits; 0 where none was found.
	//
	// +optional
	QPS int32 `json:"qps"`

	// atLeast says that not the application was the limit: it may serve more.
	//
	// +optional
	AtLeast bool `json:"atLeast,omitempty"`

	// limitedBy is why no higher rate was served, for instance TooSlow, ServerErrors or MaxQPS.
	//
	// +optional
	LimitedBy string `json:"limitedBy,omitempty"`

	// p50 is the median of the response time at that rate, for instance 12.3ms.
	//
	// +optional
	P50 string `json:"p50,omitempty"`

	// p99 is the 99th percentile of the response time at that rate, for instance 12.3ms.
	//
	// +optional
	P99 string `json:"p99,omitempty"`

	// errorRate is the share of failed requests at that rate, in percent.
	//
	// +optional
	ErrorRate string `json:"errorRate,omitempty"`

	// imageDigest of the image or index that was measured.
	//
	// +optional
	ImageDigest string `json:"imageDigest,omitempty"`

	// generation of the spec that was measured.
	//
	// +optional
	Generation int64 `json:"generation,omitempty"`

	// node that the pod ran on.
	//
	// +optional
	Node string `json:"node,omitempty"`

	// reason is Measured, or why there is no rate.
	//
	// +optional
	Reason string `json:"reason,omitempty"`

	// message explains the reason to people.
	//
	// +optional
	Message string `json:"message,omitempty"`

	// finishedAt is when the measurement ended.
	//
	// +optional
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
}

// BenchmarkRun holds what was decided when a run began. It does not change with the cluster, the registry or the
// operator's version, so that these do not start the run over.
type BenchmarkRun struct {
	// id of the run; the Jobs carry it in the label elasticweb.example.com/run.
	//
	// +required
	ID string `json:"id"`

	// generation of the spec that is measured.
	//
	// +optional
	Generation int64 `json:"generation,omitempty"`

	// rerun is the value of the annotation elasticweb.example.com/rerun when the run began, or its SHA-256 where it
	// is longer than 64 bytes.
	//
	// +optional
	Rerun string `json:"rerun,omitempty"`

	// startedAt is when the run began.
	//
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`

	// image is the reference that the pods use, with a digest where the registry told it.
	//
	// +optional
	Image string `json:"image,omitempty"`

	// port of the application that the requests go to.
	//
	// +optional
	Port int32 `json:"port,omitempty"`

	// user is the numeric user other than root that the image runs as.
	//
	// +optional
	User *int64 `json:"user,omitempty"`

	// generatorImage is the image of the load generator.
	//
	// +optional
	GeneratorImage string `json:"generatorImage,omitempty"`

	// architectures that are measured, and how far each is.
	//
	// +optional
	// +listType=map
	// +listMapKey=architecture
	Architectures []ArchitectureRun `json:"architectures,omitempty"`
}

// RunState says how far the measurement on an architecture is.
//
// +kubebuilder:validation:Enum=Waiting;Running;Finished
type RunState string

const (
	// RunStateWaiting: the pod does not run yet; the message says what it waits for.
	RunStateWaiting RunState = "Waiting"
	// RunStateRunning: the load generator is at work.
	RunStateRunning RunState = "Running"
	// RunStateFinished: there is a result.
	RunStateFinished RunState = "Finished"
)

// ArchitectureRun is how far the measurement on an architecture is.
type ArchitectureRun struct {
	// architecture that is measured.
	//
	// +required
	Architecture Architecture `json:"architecture"`

	// state is Waiting, Running or Finished.
	//
	// +optional
	State RunState `json:"state,omitempty"`

	// reason of the state, for instance Unschedulable.
	//
	// +optional
	Reason string `json:"reason,omitempty"`

	// message explains the reason to people.
	//
	// +optional
	Message string `json:"message,omitempty"`

	// result of the measurement, once the state is Finished.
	//
	// +optional
	Result *BenchmarkResult `json:"result,omitempty"`
}

// HelmRelease is what Helm made.
type HelmRelease struct {
	// name of the release.
	//
	// +optional
	Name string `json:"name,omitempty"`

	// run that its Jobs belong to: the id of status.run when it was deployed.
	//
	// +optional
	Run string `json:"run,omitempty"`
}
