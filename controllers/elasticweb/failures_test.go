// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/discovery"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// What the reasons mean, see the table in the documentation of the API.
var (
	working = row{"False", "True", "-", "False"}
	stuck   = row{"False", "-", "True", "False"}
	// notReached is what serves, and cannot be reached from outside yet.
	notReached = row{"False", "True", "-", "True"}
)

// failure is one thing that can go wrong.
type failure struct {
	// before readies the namespace, spec the ElasticWeb; either brings the failure about.
	before func(ctx context.Context, namespace string)
	spec   func(*elasticwebv1.ElasticWeb)

	reason string
	row    row
	// says is what the message must name: the field, and what to do.
	says []string

	// retries is true where the API server refused something, which is tried again.
	retries bool
	// quiet is true for what is under way, of which no event is made.
	quiet bool

	// mend does what the message says; by default it takes away what spec did.
	mend func(ctx context.Context, web *elasticwebv1.ElasticWeb)
	// last is what stands last before it is mended; by default the reason.
	last string
}

// podState has the simulated nodes report a state of the pods' containers.
func podState(state cluster.PodState) func(*elasticwebv1.ElasticWeb) {
	return podAnnotations(state.Annotations())
}

func podAnnotations(annotations map[string]string) func(*elasticwebv1.ElasticWeb) {
	return func(w *elasticwebv1.ElasticWeb) { w.Spec.PodAnnotations = maps.Clone(annotations) }
}

// quota limits a namespace from when it is enforced.
func quota(resourceName corev1.ResourceName, most string) func(context.Context, string) {
	return func(ctx context.Context, namespace string) {
		GinkgoHelper()
		limit := &corev1.ResourceQuota{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "limits"},
			Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{resourceName: resource.MustParse(most)}},
		}
		Expect(k8s.Create(ctx, limit)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(limit), limit)).To(Succeed())
			g.Expect(limit.Status.Hard).NotTo(BeEmpty())
		}).WithContext(ctx).Should(Succeed())
	}
}

func withoutQuota(ctx context.Context, web *elasticwebv1.ElasticWeb) {
	GinkgoHelper()
	Expect(k8s.DeleteAllOf(ctx, &corev1.ResourceQuota{}, client.InNamespace(web.Namespace))).To(Succeed())
}

func requests(name corev1.ResourceName, amount, limit string) func(*elasticwebv1.ElasticWeb) {
	return func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Resources = &corev1.ResourceRequirements{
			Requests: corev1.ResourceList{name: resource.MustParse(amount)},
			Limits:   corev1.ResourceList{name: resource.MustParse(limit)},
		}
	}
}

// requestsOnly asks for what it does not limit.
func requestsOnly(w *elasticwebv1.ElasticWeb) {
	w.Spec.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}}
}

// limitRange is one of the containers of a namespace.
func limitRange(item corev1.LimitRangeItem) func(context.Context, string) {
	return func(ctx context.Context, namespace string) {
		GinkgoHelper()
		item.Type = corev1.LimitTypeContainer
		Expect(k8s.Create(ctx, &corev1.LimitRange{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "limits"}, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{item}},
		})).To(Succeed())
	}
}

// denyingPolicy denies the Deployments of a namespace, with the status that the API server has for what is invalid.
func denyingPolicy(ctx context.Context, namespace string) {
	GinkgoHelper()
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"}},
			}}}},
			Validations: []admissionv1.Validation{{Expression: "false", Message: "not here"}},
		},
	}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: namespace, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			MatchResources: &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}}},
		},
	}
	Expect(k8s.Create(ctx, policy)).To(Succeed())
	Expect(k8s.Create(ctx, binding)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, binding))).To(Succeed())
		Expect(k8s.Delete(ctx, policy)).To(Succeed())
	})
	// The API server watches its policies.
	Eventually(func() error {
		labels := map[string]string{"app": "probe"}
		return k8s.Create(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe"}, Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}},
		}}, client.DryRunAll)
	}).WithContext(ctx).Should(MatchError(ContainSubstring("ValidatingAdmissionPolicy")))
}

func podSecurity(ctx context.Context, namespace, level string) {
	GinkgoHelper()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	Expect(k8s.Patch(ctx, object, client.RawPatch("application/merge-patch+json", fmt.Appendf(nil,
		`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":%q}}}`, level)))).To(Succeed())
}

// takenPort is a node port that a Service of somebody else's has.
func takenPort(ctx context.Context, namespace string, port int32) {
	GinkgoHelper()
	Expect(k8s.Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "other"},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80, NodePort: port}},
		},
	})).To(Succeed())
}

func webhookOf(namespace string) *admissionv1.MutatingWebhookConfiguration {
	return &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: "dead.example.com", AdmissionReviewVersions: []string{"v1"}, SideEffects: ptr.To(admissionv1.SideEffectClassNone),
			ClientConfig:      admissionv1.WebhookClientConfig{URL: ptr.To("https://127.0.0.1:1/")},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"}},
			}},
		}},
	}
}

// deadWebhook is an admission webhook that must be asked about Deployments, and that nothing serves.
func deadWebhook(ctx context.Context, namespace string) {
	GinkgoHelper()
	webhook := webhookOf(namespace)
	Expect(k8s.Create(ctx, webhook)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(k8s.Delete(ctx, webhook))).To(Succeed())
	})
	// The API server watches its webhooks.
	Eventually(func() error {
		probe := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe"}}
		return k8s.Create(ctx, probe, client.DryRunAll)
	}).WithContext(ctx).Should(MatchError(ContainSubstring("failed calling webhook")))
}

// needsOlder leaves a spec out where the API server is of the version, or newer.
func needsOlder(than string) func(context.Context, string) {
	return func(context.Context, string) {
		discover, err := discovery.NewDiscoveryClientForConfig(controlPlane.RESTConfig())
		Expect(err).NotTo(HaveOccurred())
		is, err := discover.ServerVersion()
		Expect(err).NotTo(HaveOccurred())
		if version.MustParse(is.GitVersion).AtLeast(version.MustParse(than)) {
			Skip("the API server is " + is.GitVersion)
		}
	}
}

var _ = Describe("A failure", func() {
	DescribeTable("is named, told once, not fought in a loop, and mended as the message says", func(ctx SpecContext, f failure) {
		namespace, running := startInNamespace(ctx)
		if f.before != nil {
			f.before(ctx, namespace)
		}
		web := newWeb(namespace, "shop")
		healthy := web.Spec.DeepCopy()
		if f.spec != nil {
			f.spec(web)
		}
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectVerdict(ctx, web, f.reason, f.row, f.says...)

		if f.retries {
			expectFewRetries(ctx, running)
		} else {
			expectRest(ctx, running)
		}
		expectVerdict(ctx, web, f.reason, f.row)
		warnings := 1
		if f.quiet {
			warnings = 0
		}
		Expect(eventsOf(ctx, web, corev1.EventTypeWarning, f.reason)()).To(Equal(warnings))
		Expect(eventsOf(ctx, web, corev1.EventTypeWarning, "")()).To(Equal(warnings), "of other reasons")

		if f.mend != nil {
			f.mend(ctx, web)
		} else {
			update(ctx, web, func(w *elasticwebv1.ElasticWeb) { healthy.DeepCopyInto(&w.Spec) })
		}
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		if f.last == "" {
			f.last = f.reason
		}
		Eventually(eventsOf(ctx, web, corev1.EventTypeNormal, f.last+" no longer")).WithContext(ctx).Should(Equal(warnings))
	},
		Entry("NodePortConflict, of a port that is taken", failure{
			before:  func(ctx context.Context, namespace string) { takenPort(ctx, namespace, 50001) },
			spec:    func(w *elasticwebv1.ElasticWeb) { w.Spec.Port = ptr.To[int32](50001) },
			reason:  elasticwebv1.ReasonNodePortConflict,
			row:     notReached,
			says:    []string{"node port 50001 is already allocated, to a Service that no ElasticWeb has", "spec.port"},
			retries: true,
		}),
		Entry("NodePortConflict, of a port outside the range", failure{
			spec:    func(w *elasticwebv1.ElasticWeb) { w.Spec.Port = ptr.To[int32](80) },
			reason:  elasticwebv1.ReasonNodePortConflict,
			row:     row{"False", "-", "True", "True"},
			says:    []string{"80", "range", "spec.port"},
			retries: true,
		}),
		Entry("QuotaExceeded, of objects", failure{
			before:  quota("count/deployments.apps", "0"),
			reason:  elasticwebv1.ReasonQuotaExceeded,
			row:     working,
			says:    []string{"Deployment shop", "exceeded quota: limits", "ResourceQuota"},
			retries: true,
			mend:    withoutQuota,
		}),
		Entry("QuotaExceeded, of node ports", failure{
			before:  quota("services.nodeports", "0"),
			reason:  elasticwebv1.ReasonQuotaExceeded,
			row:     notReached,
			says:    []string{"Service shop", "exceeded quota: limits", "ResourceQuota"},
			retries: true,
			mend:    withoutQuota,
		}),
		Entry("QuotaExceeded, of pods", failure{
			before: quota("pods", "2"),
			reason: elasticwebv1.ReasonQuotaExceeded,
			row:    working,
			says:   []string{"exceeded quota: limits", "ResourceQuota"},
			mend: func(ctx context.Context, web *elasticwebv1.ElasticWeb) {
				update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](1600) })
			},
		}),
		Entry("Forbidden, by the pod security standard", failure{
			before: func(ctx context.Context, namespace string) { podSecurity(ctx, namespace, "restricted") },
			reason: elasticwebv1.ReasonForbidden,
			row:    working,
			says:   []string{"violates PodSecurity", "restricted", "spec.podSecurityContext", "spec.securityContext"},
			mend: func(ctx context.Context, web *elasticwebv1.ElasticWeb) {
				update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
					w.Spec.PodSecurityContext = &corev1.PodSecurityContext{
						RunAsNonRoot: ptr.To(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
					}
					w.Spec.SecurityContext = &corev1.SecurityContext{
						AllowPrivilegeEscalation: ptr.To(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
					}
				})
			},
		}),
		Entry("WebhookFailed", failure{
			before:  deadWebhook,
			reason:  elasticwebv1.ReasonWebhookFailed,
			row:     working,
			says:    []string{"Deployment shop", "failed calling webhook", "dead.example.com", "mend the webhook"},
			retries: true,
			mend: func(ctx context.Context, web *elasticwebv1.ElasticWeb) {
				Expect(k8s.Delete(ctx, webhookOf(web.Namespace))).To(Succeed())
			},
		}),
		Entry("InvalidPod", failure{
			spec:    requests(corev1.ResourceCPU, "2", "1"),
			reason:  elasticwebv1.ReasonInvalidPod,
			row:     stuck,
			says:    []string{"Deployment shop", "resources.requests", "must be less than or equal to cpu limit", "mend the field"},
			retries: true,
		}),
		Entry("InvalidPod, of a field that is younger than the API server", failure{
			before: needsOlder("v1.37.0"), // make test K8S_VERSION=1.30 PKGS=./controllers/elasticweb
			spec: func(w *elasticwebv1.ElasticWeb) {
				w.Spec.StartupProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 80, Mode: ptr.To(corev1.GRPCProbeModePlaintext)}}}
			},
			reason:  elasticwebv1.ReasonInvalidPod,
			row:     stuck,
			says:    []string{"Deployment shop", "startupProbe.grpc.mode", "does not know the field", "upgrade the cluster"},
			retries: true,
		}),
		Entry("ImageNotFound, of an image that the node must not pull", failure{
			spec:   podState(cluster.Waiting("ErrImageNeverPull", `Container image "nginx:1.17.1" is not present with pull policy of Never`)),
			reason: elasticwebv1.ReasonImageNotFound,
			row:    working,
			says:   []string{"nginx:1.17.1", "load it onto the nodes", "spec.imagePullPolicy"},
		}),
		Entry("InvalidService", failure{
			spec: func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Service = &elasticwebv1.ServiceSpec{Annotations: map[string]string{"not a key": "x"}}
			},
			reason:  elasticwebv1.ReasonInvalidService,
			row:     row{"False", "-", "True", "True"},
			says:    []string{"Service shop", "metadata.annotations", "mend the field"},
			retries: true,
		}),
		Entry("Unschedulable", failure{
			spec:   requests(corev1.ResourceCPU, "64", "64"),
			reason: elasticwebv1.ReasonUnschedulable,
			row:    working,
			says:   []string{"add nodes", "spec.resources", "Insufficient cpu"},
		}),
		Entry("NoCompatibleNodes, of architectures that the cluster lacks", failure{
			spec: func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "s390x"}}
			},
			reason: elasticwebv1.ReasonNoCompatibleNodes,
			row:    working,
			says:   []string{"s390x", "add one"},
			last:   elasticwebv1.ReasonUnschedulable, // the pods of the old template, for a moment.
		}),
		Entry("NoCompatibleNodes, of a spec that contradicts itself", failure{
			spec: func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "amd64"}}
				w.Spec.NodeSelector = map[string]string{corev1.LabelArchStable: "arm64"}
			},
			reason: elasticwebv1.ReasonNoCompatibleNodes,
			row:    stuck,
			says:   []string{"arm64"},
		}),
		Entry("ExecFormatError", failure{
			spec:   podState(cluster.CrashLoop(1, "exec /usr/sbin/nginx: exec format error")),
			reason: elasticwebv1.ReasonExecFormatError,
			row:    working,
			says:   []string{"nginx:1.17.1", "amd64", "spec.architectures"},
		}),
		Entry("PlatformMissing", failure{
			spec: podState(cluster.Waiting("ImagePullBackOff",
				`Back-off pulling image "nginx:1.17.1": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:1.17.1": no match for platform in manifest: not found`)),
			reason: elasticwebv1.ReasonPlatformMissing,
			row:    working,
			says:   []string{"nginx:1.17.1", "amd64", "spec.architectures"},
		}),
		Entry("ImageNotFound", failure{
			spec: podState(cluster.Waiting("ErrImagePull",
				`rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:1.17.1": docker.io/library/nginx:1.17.1: not found`)),
			reason: elasticwebv1.ReasonImageNotFound,
			row:    working,
			says:   []string{"nginx:1.17.1", "spec.image"},
		}),
		Entry("RegistryUnauthorized", failure{
			spec: podState(cluster.Waiting("ImagePullBackOff",
				`Back-off pulling image "nginx:1.17.1": ErrImagePull: failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized`)),
			reason: elasticwebv1.ReasonRegistryUnauthorized,
			row:    working,
			says:   []string{"nginx:1.17.1", "spec.imagePullSecrets", "401 Unauthorized"},
		}),
		Entry("RegistryUnreachable", failure{
			spec: podState(cluster.Waiting("ErrImagePull",
				`failed to pull image "nginx:1.17.1": dial tcp: lookup registry-1.docker.io: no such host`)),
			reason: elasticwebv1.ReasonRegistryUnreachable,
			row:    working,
			says:   []string{"nginx:1.17.1", "no such host", "registry"},
		}),
		Entry("CrashLoop", failure{
			spec:   podState(cluster.CrashLoop(3, "no configuration")),
			reason: elasticwebv1.ReasonCrashLoop,
			row:    working,
			says:   []string{"exit code 3", "kubectl logs"},
		}),
		Entry("QuotaExceeded, of what the spec leaves out", failure{
			before: quota(corev1.ResourceLimitsCPU, "8"),
			spec:   requestsOnly,
			reason: elasticwebv1.ReasonQuotaExceeded,
			row:    working,
			says:   []string{"must specify limits.cpu", "set limits.cpu in spec.resources"},
		}),
		Entry("Forbidden, by a LimitRange below the operator's own default", failure{
			before: limitRange(corev1.LimitRangeItem{Max: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")}}),
			reason: elasticwebv1.ReasonForbidden,
			row:    working,
			says:   []string{"maximum memory usage per Container is 256Mi, but limit is 512Mi", "set spec.resources"},
			mend: func(ctx context.Context, web *elasticwebv1.ElasticWeb) {
				update(ctx, web, requests(corev1.ResourceMemory, "128Mi", "128Mi"))
			},
		}),
		Entry("InvalidPod, by a LimitRange that adds a limit below what is requested", failure{
			before: limitRange(corev1.LimitRangeItem{Default: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m")}}),
			spec:   requestsOnly,
			reason: elasticwebv1.ReasonInvalidPod,
			row:    stuck,
			says:   []string{"the pods cannot be created: Pod is invalid", "give requests and limits in spec.resources"},
		}),
		Entry("ReferenceMissing, of a ServiceAccount", failure{
			spec:   func(w *elasticwebv1.ElasticWeb) { w.Spec.ServiceAccountName = "robot" },
			reason: elasticwebv1.ReasonReferenceMissing,
			row:    working,
			says:   []string{`serviceaccount "robot" not found`, "spec.serviceAccountName", "create the ServiceAccount"},
		}),
		Entry("ReferenceMissing, of a PriorityClass", failure{
			spec:   func(w *elasticwebv1.ElasticWeb) { w.Spec.PriorityClassName = "highest" },
			reason: elasticwebv1.ReasonReferenceMissing,
			row:    working,
			says:   []string{"no PriorityClass with name highest was found", "spec.priorityClassName"},
		}),
		Entry("ReferenceMissing, of a Secret", failure{
			spec:   podState(cluster.Waiting("CreateContainerConfigError", `secret "shop-env" not found`)),
			reason: elasticwebv1.ReasonReferenceMissing,
			row:    working,
			says:   []string{`secret "shop-env" not found`, "spec.env"},
		}),
		Entry("Forbidden, by a policy that calls it invalid", failure{
			before:  denyingPolicy,
			reason:  elasticwebv1.ReasonForbidden,
			row:     working,
			says:    []string{"Deployment shop", "ValidatingAdmissionPolicy", "change the spec as the policy asks"},
			retries: true,
			mend: func(ctx context.Context, web *elasticwebv1.ElasticWeb) {
				Expect(k8s.Delete(ctx, &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: web.Namespace}})).To(Succeed())
			},
		}),
		Entry("ContainerFailed, of a hook", failure{
			spec:   podState(cluster.Waiting("PostStartHookError", "PostStartHook failed")),
			reason: elasticwebv1.ReasonContainerFailed,
			row:    working,
			says:   []string{"spec.lifecycle.postStart"},
		}),
		Entry("OutOfMemory", failure{
			spec: podState(cluster.PodState{
				State:     &corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 40s"}},
				LastState: &corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}},
			}),
			reason: elasticwebv1.ReasonOutOfMemory,
			row:    working,
			says:   []string{"spec.resources.limits.memory"},
		}),
		Entry("ReplicaLimit", failure{
			spec:   func(w *elasticwebv1.ElasticWeb) { w.Spec.MaxReplicas = ptr.To[int32](2) },
			reason: elasticwebv1.ReasonReplicaLimit,
			row:    stuck,
			says:   []string{"3 pods", "spec.maxReplicas allows 2", "raise spec.maxReplicas"},
		}),
		Entry("BenchmarkMissing, where benchmarks are switched off", failure{
			spec: func(w *elasticwebv1.ElasticWeb) {
				w.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "shop-capacity"}
			},
			reason: elasticwebv1.ReasonBenchmarkMissing,
			row:    row{"False", "-", "True", "Unknown"},
			says:   []string{"shop-capacity", "--enable-benchmarks=false", "spec.benchmarkRef"},
		}),
		Entry("PodsNotReady", failure{
			spec:   podAnnotations(map[string]string{cluster.ReadyAfter: "3600"}),
			reason: elasticwebv1.ReasonPodsNotReady,
			row:    working,
			says:   []string{"0 of 2400 requests per second"},
			quiet:  true,
		}),
	)

	It("backs off exponentially from what is refused", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", requests(corev1.ResourceCPU, "2", "1"))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonInvalidPod)
		tries := func() int {
			total := 0
			for _, request := range running.requests.since(0) {
				if request == "PATCH /apis/apps/v1/namespaces/"+namespace+"/deployments/shop" {
					total++
				}
			}
			return total
		}
		Consistently(tries).WithContext(ctx).WithTimeout(7 * time.Second).WithPolling(100 * time.Millisecond).
			Should(BeNumerically("<=", 4)) // at 0, 1, 3 and 7 seconds.
		Expect(tries()).To(BeNumerically(">=", 3))
	})

	It("makes it Stalled when what may heal has not done so in time, without another event", func(ctx SpecContext) {
		namespace, shifted := newNamespace(ctx), &shiftedClock{}
		startOperator(operatorOptions{namespaces: []string{namespace}, clock: shifted})
		quota("count/deployments.apps", "0")(ctx, namespace)
		web := newWeb(namespace, "shop")
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectVerdict(ctx, web, elasticwebv1.ReasonQuotaExceeded, working)
		shifted.shift(11 * time.Minute)
		expectVerdict(ctx, web, elasticwebv1.ReasonQuotaExceeded, stuck)
		Expect(eventsOf(ctx, web, corev1.EventTypeWarning, "")()).To(Equal(1))
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = "nginx:1.27" })
		expectVerdict(ctx, web, elasticwebv1.ReasonQuotaExceeded, working) // another spec has all its time before it.
	})

	It("tries at once what the user changed", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", requests(corev1.ResourceCPU, "2", "1"))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonInvalidPod)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Resources = nil })
		Eventually(absent(ctx, web, &appsv1.Deployment{})).WithContext(ctx).WithTimeout(900 * time.Millisecond).Should(BeFalse())
	})

	It("in a new version leaves the old one to serve", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		update(ctx, web, podState(cluster.Waiting("ErrImagePull", "manifest unknown")))
		expectVerdict(ctx, web, elasticwebv1.ReasonImageNotFound, row{"False", "True", "-", "True"})
		expectRest(ctx, running)
		Expect(read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.RealQPS).To(HaveValue(Equal(int32(2400))))
	})

	It("RollingOut: a new version on its way", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		update(ctx, web, podAnnotations(map[string]string{cluster.ReadyAfter: "3600"}))
		expectVerdict(ctx, web, elasticwebv1.ReasonRollingOut, row{"False", "True", "-", "True"})
		Expect(eventsOf(ctx, web, corev1.EventTypeWarning, "")()).To(BeZero())
	})

	It("ProgressDeadline: a rollout that the Deployment controller gave up", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", podAnnotations(map[string]string{cluster.ReadyAfter: "3600"}))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonPodsNotReady)
		// Nobody waits ten minutes for it: it is written in the Deployment controller's place, while that hangs.
		Expect(controlPlane.SignalComponent(cluster.ControllerManager, syscall.SIGSTOP)).To(Succeed())
		defer func() {
			Expect(controlPlane.SignalComponent(cluster.ControllerManager, syscall.SIGCONT)).To(Succeed())
		}()
		deployment := read(ctx, web, &appsv1.Deployment{})
		for i := range deployment.Status.Conditions {
			if condition := &deployment.Status.Conditions[i]; condition.Type == appsv1.DeploymentProgressing {
				condition.Status, condition.Reason = corev1.ConditionFalse, "ProgressDeadlineExceeded"
			}
		}
		Expect(k8s.Status().Update(ctx, deployment)).To(Succeed())
		expectVerdict(ctx, web, elasticwebv1.ReasonProgressDeadline, stuck, "kubectl describe")
		expectRest(ctx, running)
		Expect(eventsOf(ctx, web, corev1.EventTypeWarning, elasticwebv1.ReasonProgressDeadline)()).To(Equal(1))
	})

	It("Paused: nothing is changed, and the status says so", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Annotations = map[string]string{elasticwebv1.AnnotationPaused: "true"}
		})
		expectVerdict(ctx, web, elasticwebv1.ReasonPaused, row{"Unknown", "-", "-", "True"}, elasticwebv1.AnnotationPaused)
		edit(ctx, web, &appsv1.Deployment{}, func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](1) })
		Eventually(func() *int32 { return read(ctx, web, &elasticwebv1.ElasticWeb{}).Status.RealQPS }).
			WithContext(ctx).Should(HaveValue(Equal(int32(800))))
		expectRest(ctx, running)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(Equal(int32(1))))
		expectVerdict(ctx, web, elasticwebv1.ReasonPaused, row{"Unknown", "-", "-", "False"})
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Annotations = nil })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(read(ctx, web, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(Equal(int32(3))))
	})
})

// expectFewRetries watches an operator to which something was refused: it tries again now and then, looks at
// what stands in the way at most once a try, and writes nothing else. Events are sent at a time of their own,
// and are counted elsewhere. What the operator still learns of nodes and pods when the reason is told already
// comes first, be it a second later.
func expectFewRetries(ctx context.Context, running *operator) {
	GinkgoHelper()
	expectRestOf(ctx, running, 1200*time.Millisecond)
	before := running.requests.count()
	made := func() []string {
		return slices.DeleteFunc(running.requests.since(before), func(request string) bool {
			return strings.Contains(request, "/apis/events.k8s.io/")
		})
	}
	Consistently(made).WithTimeout(1500 * time.Millisecond).Should(And(
		WithTransform(func(made []string) int { return len(made) }, BeNumerically("<=", 4)),
		Not(ContainElement(Or(HaveSuffix("/status"), HavePrefix("POST")))),
	))
}
