// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
)

// Observed is what is known of the world around one ElasticWebBenchmark.
type Observed struct {
	// Image is what the registry said of the spec's image. It is read only when a run is to begin.
	Image plan.Image
	// Nodes of the cluster; nil where they are not known. They are read only when a run is to begin.
	Nodes *plan.Nodes
	// GeneratorImage is the image of the load generator, for a run that begins.
	GeneratorImage string
	// Jobs and Pods of the benchmark, of all its runs.
	Jobs []Job
	Pods []Pod
}

// Job is what decides about a Job.
type Job struct {
	Name, Run, Architecture string
	// Failed holds the reason of the condition Failed, "" while it is not True.
	Failed, Message string
	// Complete is true where its pod ended well, FinishedAt when the Job ended.
	Complete   bool
	FinishedAt time.Time
}

// Pod is what decides about the pod of a Job.
type Pod struct {
	Name, Run, Architecture, Node string
	// Unschedulable holds the scheduler's message where it found no node.
	Unschedulable string
	// Failed holds the kubelet's reason where the pod as a whole failed, for instance Evicted.
	Failed, Message string
	Target          Container
	Generator       Container
	Terminating     bool
}

// Container is the state of one container.
type Container struct {
	Running bool
	// Waiting holds the reason for which it does not run, for instance ImagePullBackOff.
	Waiting, Message string
	// Ended says that it ran to its end, with ExitCode and Message, at EndedAt.
	Ended    bool
	ExitCode int32
	EndedAt  time.Time
	// Restarts counts how often it was started again; LastMessage is that of the last end, and LastClass what kind of failure that was.
	Restarts    int32
	LastMessage string
	LastClass   podfailure.Class
}
