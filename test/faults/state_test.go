// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// state is everything in a namespace that the operator writes, by kind and name, without what differs between
// two runs of the same story: identities, times, versions, and the ports that each run has of its own.
type state map[string]string

// children leaves out the ElasticWebs, with their status.
func (s state) children() state { return s.without("ElasticWeb") }

// without leaves out the objects of a kind.
func (s state) without(kind string) state {
	result := state{}
	for key, text := range s {
		if kind == "" || !strings.HasPrefix(key, kind+" ") {
			result[key] = text
		}
	}
	return result
}

// objects are what the operator writes in a namespace.
type objects struct {
	webs        elasticwebv1.ElasticWebList
	deployments appsv1.DeploymentList
	services    corev1.ServiceList
	budgets     policyv1.PodDisruptionBudgetList
}

func readObjects(ctx context.Context, reader client.Reader, namespace string) (*objects, error) {
	o := &objects{}
	for _, list := range []client.ObjectList{&o.webs, &o.deployments, &o.services, &o.budgets} {
		if err := reader.List(ctx, list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// versions tell whether anything changed, at less cost than a comparison.
func (o *objects) versions() string {
	var versions []string
	for i := range o.webs.Items {
		versions = append(versions, o.webs.Items[i].ResourceVersion)
	}
	for i := range o.deployments.Items {
		versions = append(versions, o.deployments.Items[i].ResourceVersion)
	}
	for i := range o.services.Items {
		versions = append(versions, o.services.Items[i].ResourceVersion)
	}
	for i := range o.budgets.Items {
		versions = append(versions, o.budgets.Items[i].ResourceVersion)
	}
	slices.Sort(versions)
	return strings.Join(versions, " ")
}

// containerPorts are no ports of a run, though their number may be that of one.
var containerPorts = regexp.MustCompile(`(containerPort\\*": ?\d)(\d)`)

// state of a namespace whose ports begin at a number.
func (o *objects) state(namespace string, firstPort int32) state {
	result := state{}
	ports := []string{namespace, "NAMESPACE"}
	for i := range portsPerRun {
		ports = append(ports, strconv.Itoa(int(firstPort+i)), fmt.Sprintf("PORT+%d", i))
	}
	same := strings.NewReplacer(ports...)
	note := func(kind string, object client.Object, content map[string]any) {
		content["metadata"] = metadataOf(object)
		text, err := json.MarshalIndent(content, "", " ")
		if err != nil {
			panic(err) // what came from JSON can go back to it.
		}
		result[kind+" "+object.GetName()] = same.Replace(containerPorts.ReplaceAllString(string(text), "${1}_${2}"))
	}
	for i := range o.webs.Items {
		web := o.webs.Items[i].DeepCopy()
		note("ElasticWeb", web, map[string]any{"spec": web.Spec, "status": statusOf(web)})
	}
	for i := range o.deployments.Items {
		note("Deployment", &o.deployments.Items[i], map[string]any{"spec": deploymentSpec(&o.deployments.Items[i])})
	}
	for i := range o.services.Items {
		service := o.services.Items[i].DeepCopy()
		note("Service", service, map[string]any{"spec": serviceSpec(service)})
	}
	for i := range o.budgets.Items {
		note("PodDisruptionBudget", &o.budgets.Items[i], map[string]any{"spec": o.budgets.Items[i].Spec})
	}
	return result
}

// metadataOf keeps what the operator sets, and what others might have left.
func metadataOf(object client.Object) map[string]any {
	annotations := map[string]any{}
	for key, value := range object.GetAnnotations() {
		switch key {
		case "deployment.kubernetes.io/revision":
		case apply.AnnotationIntent: // a hash over the owner's UID and the namespace, among others.
			annotations[key] = value != ""
		case annotationChanged:
		case plan.AnnotationRecord:
			annotations[key] = recordOf(object)
		default:
			annotations[key] = value
		}
	}
	var owners []string
	for _, owner := range object.GetOwnerReferences() {
		owners = append(owners, fmt.Sprintf("%s %s controller=%t", owner.Kind, owner.Name, owner.Controller != nil && *owner.Controller))
	}
	return map[string]any{
		"labels": object.GetLabels(), "annotations": annotations, "owners": owners,
		"finalizers": object.GetFinalizers(), "isDeleted": object.GetDeletionTimestamp() != nil,
		"fields": fieldsOf(object),
	}
}

// recordOf leaves out the generation, which counts the changes of the spec, those that led nowhere included,
// and what the number of pods was worked out with: that is compared itself.
func recordOf(object client.Object) any {
	deployment, isDeployment := object.(*appsv1.Deployment)
	record := map[string]any{}
	if !isDeployment || json.Unmarshal([]byte(deployment.Annotations[plan.AnnotationRecord]), &record) != nil {
		return nil
	}
	for _, key := range []string{"generation", "basis", "topUp", "grown", "replicas"} {
		delete(record, key)
	}
	if isMixed(&deployment.Spec.Template.Spec) {
		delete(record, "maxSkew")
		delete(record, "wholeSkew")
		delete(record, "pod") // a hash of the node selector, too.
	}
	return record
}

// isMixed knows pods that run on nodes of their place alone, whose number at the time of a rollout is counted for the skew.
func isMixed(pod *corev1.PodSpec) bool { return pod.NodeSelector[labelPlace] != "" }

// fieldsOf are the fields that the operator owns.
func fieldsOf(object client.Object) map[string]any {
	fields := map[string]any{}
	uids := []string{}
	for _, owner := range object.GetOwnerReferences() {
		uids = append(uids, string(owner.UID), "UID")
	}
	for _, entry := range object.GetManagedFields() {
		if entry.Manager != controllers.FieldManager || entry.FieldsV1 == nil {
			continue
		}
		content := map[string]any{}
		text := strings.NewReplacer(uids...).Replace(string(entry.FieldsV1.GetRawBytes()))
		if json.Unmarshal([]byte(text), &content) == nil {
			// Given back by somebody else, it is theirs until the next write.
			if metadata, isMap := content["f:metadata"].(map[string]any); isMap {
				delete(metadata, "f:ownerReferences")
				if len(metadata) == 0 {
					delete(content, "f:metadata")
				}
			}
			if len(content) == 0 {
				continue // nothing is left of a taking back, which not every run needs.
			}
			fields[string(entry.Operation)+" "+entry.Subresource] = content
		}
	}
	if _, isWeb := object.(*elasticwebv1.ElasticWeb); isWeb {
		return nil // those of a status depend on which of its parts were ever written.
	}
	return fields
}

// deploymentSpec has the surge that a rollout ends with: while it runs, and one that cannot make its pods runs on, the surge stays
// as high as it was.
func deploymentSpec(deployment *appsv1.Deployment) *appsv1.DeploymentSpec {
	spec := deployment.Spec.DeepCopy()
	if plan.IsRollingOut(deployment) && spec.Strategy.RollingUpdate != nil {
		spec.Strategy.RollingUpdate.MaxSurge = ptr.To(intstr.FromString(plan.MaxSurge))
	}
	if isMixed(&spec.Template.Spec) {
		for i := range spec.Template.Spec.TopologySpreadConstraints {
			spec.Template.Spec.TopologySpreadConstraints[i].MaxSkew = 0
		}
	}
	return spec
}

func serviceSpec(service *corev1.Service) map[string]any {
	service.Spec.ClusterIP, service.Spec.ClusterIPs, service.Spec.HealthCheckNodePort = "", nil, 0
	for i := range service.Spec.Ports {
		if service.Spec.Type != corev1.ServiceTypeNodePort {
			service.Spec.Ports[i].NodePort = 0
		}
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&service.Spec)
	if err != nil {
		panic(err)
	}
	return content
}

// statusOf has generations as how far they are behind.
func statusOf(web *elasticwebv1.ElasticWeb) elasticwebv1.ElasticWebStatus {
	status := web.Status
	status.ObservedGeneration -= web.Generation
	status.Conditions = slices.Clone(status.Conditions)
	for i := range status.Conditions {
		status.Conditions[i].ObservedGeneration -= web.Generation
		status.Conditions[i].LastTransitionTime = metav1.Time{}
	}
	return status
}
