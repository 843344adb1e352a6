// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/podfailure"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// Observed is what is known of the world around one ElasticWeb. It holds only objects that the ElasticWeb owns; those of the same name
// that it does not own never get here.
type Observed struct {
	Deployment *appsv1.Deployment
	Service    *corev1.Service
	Budget     *policyv1.PodDisruptionBudget
	// HTTPRoute, Route and Ingress are the ways in, of which the spec asks for one at most.
	HTTPRoute *way.HTTPRoute
	Route     *way.Route
	Ingress   *networkingv1.Ingress
	// Tiers are the Services by architecture that there are, and Way is how far a way in with weights is.
	Tiers map[string]*corev1.Service
	Way   Way
	// KeepsTemplate is true where what the spec makes of it cannot be: the Deployment keeps the template that it has, whatever the spec says.
	KeepsTemplate bool
	// Contradicts is true where it does so since no node can match what the spec asks for.
	Contradicts bool
	// Pods that the selector of the ElasticWeb matches.
	Pods []Pod
	// Nodes of the cluster; nil where they are not known.
	Nodes *Nodes
	// HasKarpenter is true where Karpenter makes nodes.
	HasKarpenter bool
	// Image is what is known of the image.
	Image Image
	// KnownFacts are those of the ElasticWeb's status: they hold where the Deployment is lost.
	KnownFacts *ImageFacts
	// Traffic is what was decided from the traffic; nil where the spec has none read.
	Traffic *Traffic
	// Surge is how many pods more than the demand calls for are asked for at present, see Rebalance.
	Surge int32
	// TakesUp is not nil where what waits for the user's next rollout is taken up without one, see Restart: what the Record is to say of it.
	TakesUp *TakenUp
	// Benchmark is what was measured, by architecture; nil where no benchmark is named, or has no result.
	Benchmark map[string]Measurement
}

// Measurement is a result of a benchmark for one architecture.
type Measurement struct {
	// QPS of one pod, in requests per second.
	QPS int64
	// AtLeast is true where something else than the application was the limit.
	AtLeast bool
}

// Pod is what decides about a pod.
type Pod struct {
	Name string
	// Node that the pod is bound to, and its architecture; "" where it is not bound, or the node not known.
	Node, Architecture string
	// TemplateHash tells the ReplicaSets of a Deployment apart.
	TemplateHash string
	Ready        bool
	// Created is when the pod was asked for, and ReadySince since when it is ready; the latter is zero where it is not.
	Created, ReadySince time.Time
	// WarmUntil is when a pod that is ready has been so for as long as its Deployment asks; zero where it has, or is not ready.
	WarmUntil time.Time
	// Gone is a pod that is about to end, or has ended: it serves nothing and counts for nothing.
	Gone bool
	// Unschedulable holds the scheduler's message where it found no node, or what keeps it from looking for one.
	Unschedulable string
	// DeletionCost is the value of the annotation controller.kubernetes.io/pod-deletion-cost as it was found.
	DeletionCost string
	// CostIsOthers is true where somebody else keeps putting that cost in the place of the operator's.
	CostIsOthers bool
	// ArchitectureLabel and JoinedLabel are the values of the labels elasticweb.example.com/architecture and /joined as they were found, "" where
	// there is none.
	ArchitectureLabel, JoinedLabel string
	// LabelsAreOthers is true where somebody else keeps putting others in the place of the operator's.
	LabelsAreOthers bool
	// WaversUntil is until when a pod that is not ready any more counts as ready for who joins the Service; zero where it is ready, or was not lately.
	WaversUntil time.Time
	// Tiers are the labels that say which backends of a weighted way in the pod is in, see FormatTiers.
	Tiers string
	// Failure is what keeps a container from running, if anything.
	Failure *podfailure.Failure
}

// IsAvailable reports whether a pod counts for what is served.
func (p *Pod) IsAvailable() bool { return p.Ready && p.WarmUntil.IsZero() }

// IsJoined reports whether the Service sends requests to a pod, where it looks at that. Those of older templates do not say.
func (p *Pod) IsJoined() bool { return p.JoinedLabel != elasticwebv1.JoinedFalse }

// Nodes are the Linux nodes of the cluster by architecture.
type Nodes struct {
	// All counts every node that would take the pods, Schedulable those that do so now.
	All, Schedulable map[string]int
}

// ImageState says how far looking up the image is.
type ImageState int

const (
	// ImageNotLookedUp: nobody asks the registry.
	ImageNotLookedUp ImageState = iota
	// ImagePending: the registry was asked, or is to be, and may still answer in time.
	ImagePending
	// ImageResolved: the facts are known.
	ImageResolved
	// ImageFailed: the registry refused, or did not answer in time.
	ImageFailed
)

// Image is what is known of the image that the spec names.
type Image struct {
	State ImageState
	// Facts of a resolved image; of one that failed, those of an earlier answer where there are any.
	Facts *ImageFacts
	// Reason and Message of a failure; Reason is a condition's.
	Reason, Message string
}

// ImageFacts are what decides about the pods of an image.
type ImageFacts struct {
	Reference string   `json:"reference"`
	Digest    string   `json:"digest,omitempty"`
	Platforms []string `json:"platforms,omitempty"`
	Port      *int32   `json:"port,omitempty"`
	User      *int64   `json:"user,omitempty"`
}
