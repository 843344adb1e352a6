// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// Deployment is the Deployment of an ElasticWeb, without its record.
func Deployment(web *elasticwebv1.ElasticWeb, p *plan.Plan) (*appsv1ac.DeploymentApplyConfiguration, error) {
	template, err := podTemplate(web, p)
	if err != nil {
		return nil, err
	}
	deployment := DeploymentAround(web, p)
	deployment.Spec.WithTemplate(template)
	return deployment, nil
}

func podTemplate(web *elasticwebv1.ElasticWeb, p *plan.Plan) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	spec, err := podSpecApplyConfiguration(web, p)
	if err != nil {
		return nil, err
	}
	podLabels := labels(web.Name)
	if p.Record.Joins {
		podLabels[elasticwebv1.LabelJoined] = elasticwebv1.JoinedTrue // so that pods serve that are made while no operator runs.
	}
	for _, architecture := range p.TemplateTiers {
		podLabels[elasticwebv1.LabelTierPrefix+architecture] = "true"
	}
	for key, value := range web.Spec.PodLabels {
		if _, isOurs := podLabels[key]; !isOurs && (!p.Record.Joins || !isStamped(key)) {
			podLabels[key] = value
		}
	}
	template := corev1ac.PodTemplateSpec().WithLabels(podLabels).WithSpec(spec)
	if len(web.Spec.PodAnnotations) > 0 {
		template.WithAnnotations(web.Spec.PodAnnotations)
	}
	return template, nil
}

// isStamped reports whether a label is one that the operator puts on pods. Older releases let the spec hold it: in a template of theirs it
// stays until the user's next rollout, since taking it away restarts the pods.
func isStamped(label string) bool {
	return label == elasticwebv1.LabelJoined || label == elasticwebv1.LabelArchitecture || strings.HasPrefix(label, elasticwebv1.LabelTierPrefix)
}

// DeploymentAround is the Deployment without the template of its pods.
func DeploymentAround(web *elasticwebv1.ElasticWeb, p *plan.Plan) *appsv1ac.DeploymentApplyConfiguration {
	deployment := appsv1ac.DeploymentSpec().
		WithReplicas(p.Replicas + p.Surge).
		WithProgressDeadlineSeconds(p.Rollout.ProgressDeadlineSeconds).
		WithMinReadySeconds(p.Rollout.MinReadySeconds). // 0 as well: what pods count for goes by it, and the spec says it.
		WithPaused(false).                              // else a paused rollout would be on its way for ever: the ElasticWeb has a pause of its own.
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(plan.Selector(web.Name))).
		WithStrategy(appsv1ac.DeploymentStrategy().
			WithType(appsv1.RollingUpdateDeploymentStrategyType).
			WithRollingUpdate(appsv1ac.RollingUpdateDeployment().
				WithMaxUnavailable(p.Rollout.MaxUnavailable).
				WithMaxSurge(p.Rollout.MaxSurge)))
	return appsv1ac.Deployment(web.Name, web.Namespace).
		WithLabels(labels(web.Name)).
		WithOwnerReferences(owner(web)).
		WithSpec(deployment)
}

// podSpecApplyConfiguration takes the way through JSON, in which both forms are the same: the user's fields
// are core types, for which client-go has no conversion.
func podSpecApplyConfiguration(web *elasticwebv1.ElasticWeb, p *plan.Plan) (*corev1ac.PodSpecApplyConfiguration, error) {
	merged, err := podtemplate.Merge(podSpec(web, p), web.Spec.PodTemplate)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(merged)
	if err != nil {
		return nil, fmt.Errorf("marshal the pod spec: %w", err)
	}
	spec := corev1ac.PodSpec()
	if err := json.Unmarshal(text, spec); err != nil {
		return nil, fmt.Errorf("read the pod spec: %w", err)
	}
	leaveOutEmptySettings(spec)
	return spec, nil
}
