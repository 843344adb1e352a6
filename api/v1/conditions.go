// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// Condition types of an ElasticWeb. Reconciling and Stalled are there only while they are True, as kstatus
// wants it; the others are always there.
const (
	// ConditionReady is True while the current generation is rolled out and what the ready pods serve
	// meets the demand. It is the summary that kubectl wait and kstatus read.
	ConditionReady = "Ready"
	// ConditionReconciling is True while the operator or the cluster is at work and will end by itself.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True while somebody has to do something.
	ConditionStalled = "Stalled"
	// ConditionCapacityMet is True while what the ready pods serve meets the demand.
	ConditionCapacityMet = "CapacityMet"
	// ConditionPlatformsResolved is True while the platforms of the image are known from its registry.
	ConditionPlatformsResolved = "PlatformsResolved"
)

// Reasons of the conditions. Each condition's message says what to do.
//
// What each reason of Ready means for the other conditions. "-" is absent, "measured" is True or False by
// comparison of realQPS, or of the ready pods where the spec has replicas, with the demand:
//
//	Reason                Ready    Reconciling  Stalled  CapacityMet
//	AsPlanned             True     -            -        True
//	NoDemand              True     -            -        True
//	Paused                Unknown  -            -        measured
//	RollingOut            False    True         -        measured
//	PodsNotReady          False    True         -        measured
//	ResolvingImage        False    True         -        measured
//	BenchmarkMissing      False    True         -        Unknown
//	ReplicasContested     False    True         -        measured
//	Unschedulable         False    True         -        measured
//	ReplicaLimit          False    -            True     False
//	NoCompatibleNodes     False    -            True     measured
//	NodePortConflict      False    -            True     measured
//	NameConflict          False    -            True     measured
//	QuotaExceeded         False    -            True     measured
//	Forbidden             False    -            True     measured
//	WebhookFailed         False    -            True     measured
//	InvalidSpec           False    -            True     Unknown
//	InvalidPod            False    -            True     measured
//	InvalidService        False    -            True     measured
//	ImageNotFound         False    -            True     measured
//	RegistryUnauthorized  False    -            True     measured
//	RegistryUnreachable   False    -            True     measured
//	ExecFormatError       False    -            True     measured
//	PlatformMissing       False    -            True     measured
//	CrashLoop             False    -            True     measured
//	ProgressDeadline      False    -            True     measured
//
// While there is demand and the benchmark of the spec has no result, CapacityMet is Unknown in every row.
//
// Reasons of CapacityMet: AsPlanned, NoDemand, ReplicaLimit, BenchmarkMissing, CapacityShort, InvalidSpec.
//
// Reasons of PlatformsResolved: Resolved, ResolvingImage, NotLookedUp, ImageNotFound, RegistryUnauthorized,
// RegistryUnreachable, InvalidSpec.
const (
	// ReasonAsPlanned: everything is rolled out and the demand is met.
	ReasonAsPlanned = "AsPlanned"
	// ReasonNoDemand: nothing is to be served, so that no pod runs.
	ReasonNoDemand = "NoDemand"
	// ReasonPaused: the pause annotation is set, so that nothing is changed.
	ReasonPaused = "Paused"
	// ReasonRollingOut: a new pod template, or a new number of pods, is on its way.
	ReasonRollingOut = "RollingOut"
	// ReasonPodsNotReady: all pods exist, and some do not answer yet.
	ReasonPodsNotReady = "PodsNotReady"
	// ReasonResolvingImage: a new image waits for its platforms, some seconds at most.
	ReasonResolvingImage = "ResolvingImage"
	// ReasonBenchmarkMissing: the benchmark that spec.benchmarkRef names has no result yet.
	ReasonBenchmarkMissing = "BenchmarkMissing"
	// ReasonReplicasContested: someone else keeps changing the replicas of the Deployment.
	ReasonReplicasContested = "ReplicasContested"
	// ReasonUnschedulable: some pods find no node with room for them.
	ReasonUnschedulable = "Unschedulable"
	// ReasonReplicaLimit: minReplicas or maxReplicas keeps the number of pods from what is asked for.
	ReasonReplicaLimit = "ReplicaLimit"
	// ReasonCapacityShort: what the ready pods serve is less than the demand.
	ReasonCapacityShort = "CapacityShort"
	// ReasonNoCompatibleNodes: no node of the cluster has an architecture on which the pods may run.
	ReasonNoCompatibleNodes = "NoCompatibleNodes"
	// ReasonNodePortConflict: the node port is taken, or outside the cluster's range.
	ReasonNodePortConflict = "NodePortConflict"
	// ReasonNameConflict: an object of that name exists which this ElasticWeb does not own.
	ReasonNameConflict = "NameConflict"
	// ReasonQuotaExceeded: a ResourceQuota of the namespace refuses an object or a pod.
	ReasonQuotaExceeded = "QuotaExceeded"
	// ReasonForbidden: the API server's authorization or admission refuses an object or a pod.
	ReasonForbidden = "Forbidden"
	// ReasonWebhookFailed: an admission webhook that the API server must ask does not answer.
	ReasonWebhookFailed = "WebhookFailed"
	// ReasonInvalidSpec: the spec could not be decoded, so that what runs stays as it is.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonInvalidPod: the API server finds the Deployment or its pods invalid.
	ReasonInvalidPod = "InvalidPod"
	// ReasonInvalidService: the API server finds the Service invalid.
	ReasonInvalidService = "InvalidService"
	// ReasonImageNotFound: the registry does not have the image, or what it has is none that Linux pods can run.
	ReasonImageNotFound = "ImageNotFound"
	// ReasonRegistryUnauthorized: the registry refuses the credentials, or there are none.
	ReasonRegistryUnauthorized = "RegistryUnauthorized"
	// ReasonRegistryUnreachable: the registry does not answer.
	ReasonRegistryUnreachable = "RegistryUnreachable"
	// ReasonExecFormatError: a container's program is built for another architecture than its node's.
	ReasonExecFormatError = "ExecFormatError"
	// ReasonPlatformMissing: a node pulled an image that holds no part for its architecture.
	ReasonPlatformMissing = "PlatformMissing"
	// ReasonCrashLoop: a container ends again and again.
	ReasonCrashLoop = "CrashLoop"
	// ReasonProgressDeadline: the rollout made no progress for its deadline.
	ReasonProgressDeadline = "ProgressDeadline"
	// ReasonResolved: the platforms are known from the registry.
	ReasonResolved = "Resolved"
	// ReasonNotLookedUp: nobody asked the registry, since looking up is switched off.
	ReasonNotLookedUp = "NotLookedUp"
)

const (
	// AnnotationPaused, set to "true" on an ElasticWeb, keeps the operator from changing anything of it.
	AnnotationPaused = "elasticweb.example.com/paused"
	// LabelName, LabelInstance, LabelComponent and LabelManagedBy are the labels of everything that is
	// made for an ElasticWeb. The selector is name and instance.
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelComponent = "app.kubernetes.io/component"
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// NameValue, ComponentValue and ManagedByValue are the values of those labels; that of the instance
	// is the name of the ElasticWeb.
	NameValue      = "elasticweb"
	ComponentValue = "web"
	ManagedByValue = "elasticweb-operator"
)
