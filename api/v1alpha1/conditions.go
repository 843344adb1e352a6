// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Condition types of an ElasticWebBenchmark. Reconciling and Stalled are there only while they are True, as kstatus
// wants it. Deployed, ReleaseFailed, Irreconcilable and Initialized are those that helm-operator-plugins gives to a Helm release.
const (
	// ConditionComplete is True once the current spec was measured on at least one architecture, and nothing is left
	// to measure. It is what kubectl wait --for=condition=Complete waits for.
	ConditionComplete = "Complete"
	// ConditionReconciling is True while a run is on its way.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True while somebody has to do something.
	ConditionStalled = "Stalled"
	// ConditionDeployed is True while the Jobs of a run are installed.
	ConditionDeployed = "Deployed"
	// ConditionReleaseFailed is True while Helm could not install, upgrade or remove the Jobs.
	ConditionReleaseFailed = "ReleaseFailed"
	// ConditionIrreconcilable is True while Helm could not even try.
	ConditionIrreconcilable = "Irreconcilable"
	// ConditionInitialized is True once Helm looked at the benchmark.
	ConditionInitialized = "Initialized"
)

// Reasons of Complete, and what each means for the other conditions. "-" is absent:
//
//	Reason                 Complete  Reconciling  Stalled
//	Measured               True      -            -
//	PartlyMeasured         True      -            -
//	ResolvingImage         False     True         -
//	Running                False     True         -
//	Waiting                False     True         -
//	NothingMeasured        False     -            True
//	NoCompatibleNodes      False     -            True
//	NoArchitectures        False     -            True
//	ImageNotFound          False     -            True
//	RegistryUnauthorized   False     -            True
//	RegistryUnreachable    False     -            True
//	ReleaseFailed          False     -            True
//	InvalidSpec            False     -            True
const (
	// ReasonMeasured: there is a rate for every architecture.
	ReasonMeasured = "Measured"
	// ReasonPartlyMeasured: there is a rate for some of the architectures; results[] says why not for the others.
	ReasonPartlyMeasured = "PartlyMeasured"
	// ReasonResolvingImage: the registry has not told the image's architectures yet.
	ReasonResolvingImage = "ResolvingImage"
	// ReasonRunning: the load generators are at work.
	ReasonRunning = "Running"
	// ReasonWaiting: no load generator runs yet.
	ReasonWaiting = "Waiting"
	// ReasonNothingMeasured: the run ended without a single rate; results[] says why.
	ReasonNothingMeasured = "NothingMeasured"
	// ReasonInvalidSpec: the spec could not be decoded, so that no run begins.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonNoCompatibleNodes: the cluster has no node of an architecture that could be measured, and the spec lists none to wait for.
	ReasonNoCompatibleNodes = "NoCompatibleNodes"
	// ReasonNoArchitectures: neither the image, nor the spec, nor the nodes say which architectures to measure, or the image holds none
	// of those that the spec lists.
	ReasonNoArchitectures = "NoArchitectures"
	// ReasonImageNotFound: the registry does not have the image, or what it has is none that Linux pods can run.
	ReasonImageNotFound = "ImageNotFound"
	// ReasonRegistryUnauthorized: the registry refuses the credentials, or there are none.
	ReasonRegistryUnauthorized = "RegistryUnauthorized"
	// ReasonRegistryUnreachable: the registry does not answer.
	ReasonRegistryUnreachable = "RegistryUnreachable"
	// ReasonReleaseFailed: Helm could not install or upgrade the Jobs.
	ReasonReleaseFailed = "ReleaseFailed"
)

// Reasons of results[] and run.architectures[], beside those of the load generator.
const (
	// ReasonUnschedulable: the pod waits for a node of the architecture: there is none yet, or none that has room.
	ReasonUnschedulable = "Unschedulable"
	// ReasonStarting: the pod starts.
	ReasonStarting = "Starting"
	// ReasonImagePull: the kubelet cannot pull an image of the pod.
	ReasonImagePull = "ImagePull"
	// ReasonExecFormatError: the image's program is built for another architecture than its node's.
	ReasonExecFormatError = "ExecFormatError"
	// ReasonTargetCrashes: the application ends again and again.
	ReasonTargetCrashes = "TargetCrashes"
	// ReasonPlatformMissing: the image holds no part for the architecture.
	ReasonPlatformMissing = "PlatformMissing"
	// ReasonDeadlineExceeded: the pod did not end within the time that the Job has.
	ReasonDeadlineExceeded = "DeadlineExceeded"
	// ReasonNoResult: the load generator ended without a result, or its pod was deleted before that was read.
	ReasonNoResult = "NoResult"
)

const (
	// AnnotationRerun asks for a new run of the same spec whenever its value changes.
	AnnotationRerun = "elasticweb.example.com/rerun"
	// LabelRun is the id of the run that a Job and its pod belong to.
	LabelRun = "elasticweb.example.com/run"
	// LabelArchitecture is the architecture that a Job and its pod measure.
	LabelArchitecture = "elasticweb.example.com/architecture"
	// NameValue is the value of the label app.kubernetes.io/name of the Jobs and their pods. It is not that of an ElasticWeb's pods,
	// so that no Service selects them.
	NameValue = "elasticwebbenchmark"
)

// Names of the containers of a Job's pod.
const (
	// TargetContainer is the application.
	TargetContainer = "target"
	// GeneratorContainer is the load generator; the JSON result is its termination message.
	GeneratorContainer = "loadtest"
)
