// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/faults/proxy"
)

// labelPolicy is the label of a namespace that has the policy of its value in force.
const labelPolicy = "faults.test/policy"

// annotationChanged is what a policy leaves on an ElasticWeb. It is no part of the state.
const annotationChanged = "faults.test/changed"

// policy is an admission policy that denies one kind of write of the operator, or changes what is written.
type policy struct {
	name      string
	operation admissionv1.OperationType
	// group, version and resource as a rule has them; a subresource stands behind a slash.
	group, version, resource string
	// change is what the written object becomes, a CEL list of JSONPatch; "" where the write is denied.
	change string
	// reason of a denial; that of Kubernetes' default, Invalid, where it is empty.
	reason metav1.StatusReason
	// byAnybody is true where it is not the operator alone that is hit.
	byAnybody bool
	// allowed says in CEL what is let through in spite of a denial; nothing where it is empty.
	allowed string
	// isEverywhere is true where it is in force in all namespaces.
	isEverywhere bool
}

const (
	groupElasticWeb = "elasticweb.example.com"
	groupPolicy     = "policy"
	resourceBudgets = "poddisruptionbudgets"
	resourceStatus  = "elasticwebs/status"
)

// policies hit every write that the operator makes for ElasticWebs, by verb and kind.
func policies() []policy {
	const (
		create, update = admissionv1.Create, admissionv1.Update
		wrongCost      = `has(object.metadata.annotations) ? ` +
			`[JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("controller.kubernetes.io/pod-deletion-cost"), value: "100"}] : ` +
			`[JSONPatch{op: "add", path: "/metadata/annotations", value: {"controller.kubernetes.io/pod-deletion-cost": "100"}}]`
		noted       = `[JSONPatch{op: "add", path: "/metadata/annotations", value: {"` + annotationChanged + `": "true"}}]`
		deadline    = `[JSONPatch{op: "add", path: "/spec/progressDeadlineSeconds", value: 47}]`
		servicePort = `[JSONPatch{op: "add", path: "/spec/ports/0/port", value: 4711}]`
		budget      = `[JSONPatch{op: "add", path: "/spec/maxUnavailable", value: 3}]`
	)
	return []policy{
		{name: "deny-creating-deployments", operation: create, group: "apps", version: "v1", resource: "deployments"},
		{name: "deny-patching-deployments", operation: update, group: "apps", version: "v1", resource: "deployments", reason: metav1.StatusReasonForbidden},
		{name: "deny-creating-services", operation: create, version: "v1", resource: "services", reason: metav1.StatusReasonForbidden},
		{name: "deny-patching-services", operation: update, version: "v1", resource: "services"},
		{name: "deny-creating-budgets", operation: create, group: groupPolicy, version: "v1", resource: resourceBudgets},
		{name: "deny-patching-budgets", operation: update, group: groupPolicy, version: "v1", resource: resourceBudgets, reason: metav1.StatusReasonForbidden},
		{name: "deny-deleting-budgets", operation: admissionv1.Delete, group: groupPolicy, version: "v1", resource: resourceBudgets},
		{name: "deny-patching-pods", operation: update, version: "v1", resource: "pods", reason: metav1.StatusReasonForbidden},
		{name: "deny-seeding-replicas", operation: update, group: groupElasticWeb, version: "v1", resource: "elasticwebs"},
		{name: "deny-status", operation: update, group: groupElasticWeb, version: "v1", resource: resourceStatus, reason: metav1.StatusReasonForbidden},
		{name: "deny-events", operation: create, group: "events.k8s.io", version: "v1", resource: "events"},

		{name: "change-created-deployments", operation: create, group: "apps", version: "v1", resource: "deployments", change: deadline},
		{name: "change-patched-deployments", operation: update, group: "apps", version: "v1", resource: "deployments", change: deadline},
		{name: "change-created-services", operation: create, version: "v1", resource: "services", change: servicePort},
		{name: "change-patched-services", operation: update, version: "v1", resource: "services", change: servicePort},
		{name: "change-created-budgets", operation: create, group: groupPolicy, version: "v1", resource: resourceBudgets, change: budget},
		{name: "change-patched-budgets", operation: update, group: groupPolicy, version: "v1", resource: resourceBudgets, change: budget},
		{name: "change-seeded-replicas", operation: update, group: groupElasticWeb, version: "v1", resource: "elasticwebs", change: noted},
		{name: "change-patched-pods", operation: update, version: "v1", resource: "pods", change: wrongCost},
		{name: "change-created-pods", operation: create, version: "v1", resource: "pods", change: wrongCost, byAnybody: true},
		{name: "change-status", operation: update, group: groupElasticWeb, version: "v1", resource: resourceStatus,
			change: `[JSONPatch{op: "add", path: "/status/readyReplicas", value: 47}]`},
		{name: "change-events", operation: create, group: "events.k8s.io", version: "v1", resource: "events",
			change: `[JSONPatch{op: "add", path: "/note", value: "changed"}]`},
	}
}

func (d policy) denies() bool { return d.change == "" }

// hits tells the requests that the policy is about from others, by what was answered without it. Where others' writes are hit,
// it is those of the operator about the same objects.
func (d policy) hits(request proxy.Request) bool {
	if d.byAnybody {
		d.operation = admissionv1.Update
	}
	resource, subresource, _ := strings.Cut(d.resource, "/")
	isCreation := request.Method == http.MethodPost || request.Method == http.MethodPatch && request.Status == http.StatusCreated
	isPatch := request.Method == http.MethodPatch && request.Status == http.StatusOK
	switch d.operation {
	case admissionv1.Create:
		if !isCreation {
			return false
		}
	case admissionv1.Update:
		if !isPatch {
			return false
		}
	default:
		if request.Method != http.MethodDelete || request.Status != http.StatusOK {
			return false
		}
	}
	if strings.HasSuffix(request.Path, "/"+resource) {
		return subresource == ""
	}
	_, rest, isOne := strings.Cut(request.Path, "/"+resource+"/")
	_, sub, _ := strings.Cut(rest, "/")
	return isOne && sub == subresource
}

// affected is the kind of child that stays behind while the policy is in force; "" for none.
func (d policy) affected() string {
	return map[string]string{"deployments": "Deployment", "services": "Service", resourceBudgets: "PodDisruptionBudget"}[d.resource]
}

func (d policy) constraints() *admissionv1.MatchResources {
	return &admissionv1.MatchResources{
		ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{d.operation},
			Rule: admissionv1.Rule{
				APIGroups: []string{d.group}, APIVersions: []string{d.version}, Resources: []string{d.resource},
			},
		}}},
	}
}

func (d policy) conditions() []admissionv1.MatchCondition {
	if d.byAnybody {
		return nil
	}
	return []admissionv1.MatchCondition{{
		Name:       "the-operator",
		Expression: fmt.Sprintf("request.userInfo.username == 'system:serviceaccount:%s:%s'", systemNamespace, operatorAccount),
	}}
}

// where is the namespaces that have the policy in force.
func (d policy) where() *admissionv1.MatchResources {
	if d.isEverywhere {
		return nil
	}
	return &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{labelPolicy: d.name}}}
}

func (d policy) objects() []client.Object {
	meta := metav1.ObjectMeta{Name: d.name}
	if d.denies() {
		return []client.Object{
			&admissionv1.ValidatingAdmissionPolicy{ObjectMeta: meta, Spec: admissionv1.ValidatingAdmissionPolicySpec{
				MatchConstraints: d.constraints(), MatchConditions: d.conditions(),
				Validations: []admissionv1.Validation{{Expression: cmp.Or(d.allowed, "false"), Message: "denied by the test", Reason: ptr.To(cmp.Or(d.reason, metav1.StatusReasonInvalid))}},
			}},
			&admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: meta, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName: d.name, MatchResources: d.where(), ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			}},
		}
	}
	return []client.Object{
		&admissionv1.MutatingAdmissionPolicy{ObjectMeta: meta, Spec: admissionv1.MutatingAdmissionPolicySpec{
			MatchConstraints: d.constraints(), MatchConditions: d.conditions(), ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
			Mutations: []admissionv1.Mutation{{
				PatchType: admissionv1.PatchTypeJSONPatch, JSONPatch: &admissionv1.JSONPatch{Expression: d.change},
			}},
		}},
		&admissionv1.MutatingAdmissionPolicyBinding{ObjectMeta: meta, Spec: admissionv1.MutatingAdmissionPolicyBindingSpec{
			PolicyName: d.name, MatchResources: d.where(),
		}},
	}
}

// probes tell when the API server has seen what it was given: it refuses a config map of the name of the policy in force, and
// changes others where it has the policies at all.
func probes() []policy {
	const policyInForce = `has(namespaceObject.metadata.labels) && "` + labelPolicy + `" in namespaceObject.metadata.labels && ` +
		`namespaceObject.metadata.labels["` + labelPolicy + `"] == object.metadata.name`
	probe := policy{operation: admissionv1.Create, version: "v1", resource: "configmaps", byAnybody: true, isEverywhere: true}
	deny, change := probe, probe
	deny.name, deny.allowed = "deny-probe", "!("+policyInForce+")"
	change.name, change.change = "change-probe", `[JSONPatch{op: "add", path: "/immutable", value: true}]`
	return []policy{deny, change}
}

// policies are installed in a world when they are first asked for.
func (w *world) policies(ctx context.Context) error {
	w.installing.Do(func() { w.installError = w.installPolicies(ctx) })
	return w.installError
}

// installPolicies gives the API server all policies, none of which is in force anywhere.
func (w *world) installPolicies(ctx context.Context) error {
	for _, d := range append(policies(), probes()...) {
		for _, object := range d.objects() {
			if err := w.live.Create(ctx, object); err != nil {
				return fmt.Errorf("create %T %s: %w", object, object.GetName(), err)
			}
		}
	}
	place := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "policies", Labels: map[string]string{labelPolicy: "probe"}}}
	if err := w.live.Create(ctx, place); err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		isDenied, _, err := w.probe(ctx, place.Name, "probe")
		_, isChanged, _ := w.probe(ctx, place.Name, "another")
		return isDenied && isChanged, err
	})
}

// probe asks for a config map, which is not made.
func (w *world) probe(ctx context.Context, namespace, name string) (isDenied, isChanged bool, err error) {
	probe := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	err = w.live.Create(ctx, probe, client.DryRunAll)
	if apierrors.IsInvalid(err) {
		return true, false, nil
	}
	return false, ptr.Deref(probe.Immutable, false), client.IgnoreAlreadyExists(err)
}

// enforce puts a policy in force in the namespace.
func (p *place) enforce(d policy) {
	p.t.Helper()
	p.setPolicy(fmt.Sprintf("%q", d.name))
	p.eventually(d.name+" is in force", func() error {
		if isDenied, _, err := p.world.probe(p.ctx, p.namespace, d.name); err != nil || !isDenied {
			return fmt.Errorf("the probe is let through: %w", err)
		}
		return nil
	})
	p.injected(1)
}

// lift ends it.
func (p *place) lift(d policy) {
	p.t.Helper()
	p.setPolicy("null")
	p.eventually(d.name+" is lifted", func() error {
		if isDenied, _, err := p.world.probe(p.ctx, p.namespace, d.name); err != nil || isDenied {
			return fmt.Errorf("the probe is refused: %w", err)
		}
		return nil
	})
}

func (p *place) setPolicy(value string) {
	p.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: p.namespace}}
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%s}}}`, labelPolicy, value)
	p.must(p.world.live.Patch(p.ctx, namespace, client.RawPatch(types.MergePatchType, patch)))
}
