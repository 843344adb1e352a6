// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// invariants are what must hold at every moment of every run, whatever goes wrong.
type invariants struct {
	mu sync.Mutex
	// violations by namespace.
	violations map[string][]string
	// templates counts the changes of pod templates by namespace, with each of which all pods restart.
	templates map[string]int
	// falls counts how often the number of pods that a Deployment asks for went down, by namespace.
	falls map[string]int
}

func (i *invariants) handler() toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		UpdateFunc: func(before, after any) {
			switch now := after.(type) {
			case *appsv1.Deployment:
				if was, isDeployment := before.(*appsv1.Deployment); isDeployment && was.UID == now.UID {
					i.checkDeployment(was, now)
				}
			case *elasticwebv1.ElasticWeb:
				if was, isWeb := before.(*elasticwebv1.ElasticWeb); isWeb && was.UID == now.UID {
					i.checkWeb(was, now)
				}
			}
		},
	}
}

// checkDeployment: what was made of a newer spec is never replaced by what an older one calls for. An ElasticWeb that was made again
// may take back what that of before left, ere the garbage collector has it.
func (i *invariants) checkDeployment(before, after *appsv1.Deployment) {
	was, now := plan.RecordOf(before), plan.RecordOf(after)
	isOfAnother := !equality.Semantic.DeepEqual(metav1.GetControllerOf(before), metav1.GetControllerOf(after))
	if was != nil && now != nil && now.Generation < was.Generation && !isOfAnother {
		i.violate(after.Namespace, "Deployment %s went back from generation %d to %d", after.Name, was.Generation, now.Generation)
	}
	if *after.Spec.Replicas < *before.Spec.Replicas {
		i.count(&i.falls, after.Namespace)
	}
	if !equality.Semantic.DeepEqual(before.Spec.Template, after.Spec.Template) {
		i.count(&i.templates, after.Namespace)
	}
}

func (i *invariants) count(what *map[string]int, namespace string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if *what == nil {
		*what = map[string]int{}
	}
	(*what)[namespace]++
}

func (i *invariants) fallsIn(namespace string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.falls[namespace]
}

// checkWeb: a status never speaks of an older spec than the one before it, nor of one that is still to come.
func (i *invariants) checkWeb(before, after *elasticwebv1.ElasticWeb) {
	if after.Status.ObservedGeneration < before.Status.ObservedGeneration {
		i.violate(after.Namespace, "the status of %s went back from generation %d to %d",
			after.Name, before.Status.ObservedGeneration, after.Status.ObservedGeneration)
	}
	if after.Status.ObservedGeneration > after.Generation {
		i.violate(after.Namespace, "the status of %s speaks of generation %d, and it is at %d",
			after.Name, after.Status.ObservedGeneration, after.Generation)
	}
}

func (i *invariants) violate(namespace, format string, arguments ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.violations == nil {
		i.violations = map[string][]string{}
	}
	i.violations[namespace] = append(i.violations[namespace], fmt.Sprintf(format, arguments...))
}

func (i *invariants) templatesIn(namespace string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.templates[namespace]
}

func (i *invariants) violationsIn(namespace string) []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.violations[namespace])
}
