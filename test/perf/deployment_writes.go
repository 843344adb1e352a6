// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
)

// deploymentWrites times how long after a change the specs of Deployments follow.
type deploymentWrites struct {
	mu          sync.Mutex
	generations map[string]int64
	sent        map[string]time.Time
	took        []float64
}

// begin notes that an ElasticWeb is about to be changed.
func (w *deploymentWrites) begin(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent[name] = time.Now()
}

func (w *deploymentWrites) note(object any) {
	deployment, isDeployment := object.(*appsv1.Deployment)
	if !isDeployment {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	isNewer := deployment.Generation > w.generations[deployment.Name]
	w.generations[deployment.Name] = deployment.Generation
	if sent, isAwaited := w.sent[deployment.Name]; isAwaited && isNewer {
		delete(w.sent, deployment.Name)
		w.took = append(w.took, float64(time.Since(sent))/float64(time.Millisecond))
	}
}

// take gives the milliseconds since the last call of it.
func (w *deploymentWrites) take() []float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	took := w.took
	w.took = nil
	return took
}
