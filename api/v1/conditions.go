// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// Condition types of an ElasticWeb. Reconciling and Stalled are there only while they are True, as kstatus
// wants it, DemandObserved where spec.demand is, Exposed where spec.expose is, Rebalanced where spec.rebalance has the mode Surge; the others are
// always there.
const (
	// ConditionReady is True while the current generation is rolled out and what the ready pods serve
	// meets the demand. It is the summary that kubectl wait and kstatus read.
	ConditionReady = "Ready"
	// ConditionReconciling is True while the operator or the cluster is at work and will end by itself.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True while nothing but a person can help, or what may heal has not done so in time.
	ConditionStalled = "Stalled"
	// ConditionCapacityMet is True while what the ready pods serve meets the demand.
	ConditionCapacityMet = "CapacityMet"
	// ConditionDemandObserved is True while the traffic is read, and there only where spec.demand asks for that.
	ConditionDemandObserved = "DemandObserved"
	// ConditionExposed is True while whoever serves the way in of spec.expose says so, and there only where spec.expose is. What keeps the
	// operator from making the way in makes Ready False as well; what a gateway, a router or an ingress controller says of it does not.
	ConditionExposed = "Exposed"
	// ConditionPlatformsResolved is True while the platforms of the image are known from its registry.
	ConditionPlatformsResolved = "PlatformsResolved"
	// ConditionContested is True, and there only while it is, when somebody else keeps scaling the Deployment, or changing what the operator
	// puts on pods. It says nothing about whether the ElasticWeb is ready.
	ConditionContested = "Contested"
	// ConditionRebalanced is True while no pod is on an architecture that is preferred less than another one that has nodes for it, and nothing
	// waits for a rollout that the operator may bring about. It is there only where spec.rebalance asks for that. It says nothing about whether the ElasticWeb is ready.
	ConditionRebalanced = "Rebalanced"
)

// Reasons of the conditions. Each condition's message says what to do.
//
// What each reason of Ready means for the other conditions. "-" is absent, "measured" is True or False by
// comparison of realQPS, or of the ready pods where the spec has replicas, with the demand. "later" is absent at
// first, since it may heal by itself, and Reconciling is True meanwhile. It becomes True, and Reconciling goes, when
// the Deployment has passed its progress deadline, or, where no Deployment is in progress, after as long (10 minutes)
// of the same reason and the same spec:
//
//	Reason                Ready    Reconciling  Stalled  CapacityMet
//	AsPlanned             True     -            -        True
//	NoDemand              True     -            -        True
//	Paused                Unknown  -            -        measured
//	RollingOut            False    True         -        measured
//	PodsNotReady          False    True         -        measured
//	ResolvingImage        False    True         -        measured
//	BenchmarkRunning      False    True         -        Unknown
//	BenchmarkMissing      False    True         later    Unknown
//	Unschedulable         False    True         later    measured
//	NoCompatibleNodes     False    True         later    measured
//	NodePortConflict      False    True         later    measured
//	QuotaExceeded         False    True         later    measured
//	Forbidden             False    True         later    measured
//	WebhookFailed         False    True         later    measured
//	ReferenceMissing      False    True         later    measured
//	KindNotServed         False    True         later    measured
//	ImageNotFound         False    True         later    measured
//	ImageUntrusted        False    True         later    measured
//	RegistryUnauthorized  False    True         later    measured
//	RegistryUnreachable   False    True         later    measured
//	PlatformMissing       False    True         later    measured
//	ExecFormatError       False    True         later    measured
//	ContainerFailed       False    True         later    measured
//	OutOfMemory           False    True         later    measured
//	CrashLoop             False    True         later    measured
//	MetricMissing         False    True         -        measured
//	MetricInvalid         False    True         -        measured
//	SourceUnreachable     False    True         -        measured
//	SourceUnauthorized    False    True         -        measured
//	SourceNotConfigured   False    -            True     measured
//	ReplicaLimit          False    True         later    False
//	NameConflict          False    -            True     measured
//	InvalidSpec           False    -            True     measured
//	InvalidPod            False    -            True     measured
//	InvalidService        False    -            True     measured
//	InvalidExpose         False    -            True     measured
//	ProgressDeadline      False    -            True     measured
//
// NoCompatibleNodes of a spec that contradicts itself or the image, NodePortConflict of a port outside the cluster's
// range, BenchmarkMissing where benchmarks are switched off, and ReplicaLimit but for the traffic of spec.demand, which falls by itself, are
// Stalled at once.
//
// CapacityMet is Unknown while a spec cannot be decoded. What is wrong with its podTemplate alone keeps nothing from being measured.
//
// While there is demand and the benchmark of the spec has no result, CapacityMet is Unknown in every row.
//
// Reasons of CapacityMet: AsPlanned, NoDemand, ReplicaLimit, BenchmarkRunning, BenchmarkMissing, CapacityShort, InvalidSpec.
//
// Reasons of DemandObserved: Observed, MetricMissing, MetricInvalid, SourceUnreachable, SourceUnauthorized, SourceNotConfigured,
// Fallback, Paused, InvalidSpec.
//
// What comes back within a minute is told by DemandObserved alone, and so is Fallback.
//
// Reasons of Exposed: Admitted, AwaitingAdmission, NotAdmitted, BackendUnresolved, NoDemand, Paused, InvalidSpec, KindNotServed,
// InvalidExpose, NameConflict, Forbidden, QuotaExceeded, WebhookFailed, ReferenceMissing, RollingOut.
//
// Reasons of PlatformsResolved: Resolved, ResolvingImage, NotLookedUp, ImageNotFound, RegistryUnauthorized,
// RegistryUnreachable, InvalidSpec.
//
// Reasons of Contested: ReplicasContested, PodsContested.
//
// Reasons of Rebalanced: AtHome, Spilled, Returning, NoRoom, SurgeRefused, SurgeNotReady, SurgeLimited, Restarting, RestartRefused.
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
	// ReasonResolvingImage: a new image waits for its platforms: for seconds, with thousands of others for minutes.
	ReasonResolvingImage = "ResolvingImage"
	// ReasonBenchmarkRunning: the benchmark that spec.benchmarkRef names is under way, and has no result yet.
	ReasonBenchmarkRunning = "BenchmarkRunning"
	// ReasonBenchmarkMissing: the benchmark that spec.benchmarkRef names does not exist, or found nothing.
	ReasonBenchmarkMissing = "BenchmarkMissing"
	// ReasonReplicasContested: someone else keeps changing the replicas of the Deployment.
	ReasonReplicasContested = "ReplicasContested"
	// ReasonPodsContested: someone else keeps changing the labels or the deletion cost that the operator puts on pods.
	ReasonPodsContested = "PodsContested"
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
	// ReasonInvalidSpec: the spec could not be decoded, so that what runs stays as it is, or its podTemplate is refused, so that the pods do.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonInvalidPod: the API server finds the Deployment or its pods invalid, the kubelet the name of the image, or the operator what
	// podTemplate makes of the pods.
	ReasonInvalidPod = "InvalidPod"
	// ReasonInvalidService: the API server finds the Service invalid.
	ReasonInvalidService = "InvalidService"
	// ReasonInvalidExpose: the API server finds the HTTPRoute, the Route or the Ingress invalid.
	ReasonInvalidExpose = "InvalidExpose"
	// ReasonKindNotServed: the cluster does not have the kind of the way in that the spec asks for.
	ReasonKindNotServed = "KindNotServed"
	// ReasonReferenceMissing: something that the spec names does not exist: a ServiceAccount, a PriorityClass, a RuntimeClass, a Secret,
	// a ConfigMap, or a key in one.
	ReasonReferenceMissing = "ReferenceMissing"
	// ReasonImageNotFound: the registry does not have the image, or what it has is none that Linux pods can run.
	ReasonImageNotFound = "ImageNotFound"
	// ReasonImageUntrusted: the nodes refuse the image for its signature.
	ReasonImageUntrusted = "ImageUntrusted"
	// ReasonRegistryUnauthorized: the registry refuses the credentials, or there are none.
	ReasonRegistryUnauthorized = "RegistryUnauthorized"
	// ReasonRegistryUnreachable: the registry does not answer.
	ReasonRegistryUnreachable = "RegistryUnreachable"
	// ReasonExecFormatError: a container's program is built for another architecture than its node's.
	ReasonExecFormatError = "ExecFormatError"
	// ReasonPlatformMissing: a node pulled an image that holds no part for its architecture.
	ReasonPlatformMissing = "PlatformMissing"
	// ReasonContainerFailed: the kubelet or the runtime cannot make or start a container.
	ReasonContainerFailed = "ContainerFailed"
	// ReasonOutOfMemory: a container was ended since it needs more memory than its limit.
	ReasonOutOfMemory = "OutOfMemory"
	// ReasonCrashLoop: a container ended, and is started again.
	ReasonCrashLoop = "CrashLoop"
	// ReasonObserved: the traffic is read.
	ReasonObserved = "Observed"
	// ReasonMetricMissing: the source of spec.demand has no number, or none that is new enough.
	ReasonMetricMissing = "MetricMissing"
	// ReasonMetricInvalid: what the source of spec.demand gives is no number of requests per second.
	ReasonMetricInvalid = "MetricInvalid"
	// ReasonSourceUnreachable: the source of spec.demand does not answer.
	ReasonSourceUnreachable = "SourceUnreachable"
	// ReasonSourceUnauthorized: the source of spec.demand refuses the operator.
	ReasonSourceUnauthorized = "SourceUnauthorized"
	// ReasonSourceNotConfigured: there is no such source: nobody named a Prometheus to the operator, or the cluster lacks the metrics API.
	ReasonSourceNotConfigured = "SourceNotConfigured"
	// ReasonFallback: there was no number for more than a minute, so that spec.demand.fallbackQPS is in force.
	ReasonFallback = "Fallback"
	// ReasonAdmitted: whoever serves the way in says that it does.
	ReasonAdmitted = "Admitted"
	// ReasonAwaitingAdmission: nobody has said anything of the way in yet.
	ReasonAwaitingAdmission = "AwaitingAdmission"
	// ReasonNotAdmitted: a gateway or a router refuses the way in.
	ReasonNotAdmitted = "NotAdmitted"
	// ReasonBackendUnresolved: a gateway does not find what the way in leads to.
	ReasonBackendUnresolved = "BackendUnresolved"
	// ReasonProgressDeadline: the rollout made no progress for its deadline.
	ReasonProgressDeadline = "ProgressDeadline"
	// ReasonResolved: the platforms are known from the registry.
	ReasonResolved = "Resolved"
	// ReasonAtHome: no pod is on an architecture that is preferred less than another one that has nodes.
	ReasonAtHome = "AtHome"
	// ReasonSpilled: some pods are, and are about to be brought back.
	ReasonSpilled = "Spilled"
	// ReasonReturning: a few more pods are asked for, in whose place others may go.
	ReasonReturning = "Returning"
	// ReasonNoRoom: the pods that were asked for found no room where it is preferred either.
	ReasonNoRoom = "NoRoom"
	// ReasonSurgeRefused: a quota or an admission policy refuses the pods that were asked for.
	ReasonSurgeRefused = "SurgeRefused"
	// ReasonSurgeNotReady: the pods that were asked for did not become ready in time.
	ReasonSurgeNotReady = "SurgeNotReady"
	// ReasonSurgeLimited: maxReplicas leaves no room for one more pod.
	ReasonSurgeLimited = "SurgeLimited"
	// ReasonRestarting: the pods are replaced, or about to be, for what waits for a rollout.
	ReasonRestarting = "Restarting"
	// ReasonRestartRefused: that was refused.
	ReasonRestartRefused = "RestartRefused"
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
	// LabelArchitecture, on pods of ElasticWebs that may run on several, is the architecture of their node.
	LabelArchitecture = "elasticweb.example.com/architecture"
	// LabelJoined, on pods, says whether the Service sends requests to them: those wait that would make the whole serve less.
	LabelJoined = "elasticweb.example.com/joined"
	// NameValue, ComponentValue and ManagedByValue are the values of those labels; that of the instance
	// is the name of the ElasticWeb.
	NameValue      = "elasticweb"
	ComponentValue = "web"
	ManagedByValue = "elasticweb-operator"
	// JoinedTrue and JoinedFalse are the values of LabelJoined.
	JoinedTrue  = "true"
	JoinedFalse = "false"
)
