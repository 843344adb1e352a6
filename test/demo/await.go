// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

const (
	patience     = time.Minute
	pollInterval = 50 * time.Millisecond
)

func isReady(web *elasticwebv1.ElasticWeb) bool {
	return web.Status.ObservedGeneration == web.Generation && meta.IsStatusConditionTrue(web.Status.Conditions, elasticwebv1.ConditionReady)
}

// await waits until an ElasticWeb is as wanted, and returns it. The text says how that is.
func (s *stage) await(ctx context.Context, name, text string, wanted func(*elasticwebv1.ElasticWeb) bool) (*elasticwebv1.ElasticWeb, error) {
	web := &elasticwebv1.ElasticWeb{}
	err := s.out.step(text, func() error {
		for deadline := time.Now().Add(patience); ; {
			web = &elasticwebv1.ElasticWeb{}
			if err := s.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, web); err != nil {
				return err
			}
			if wanted(web) {
				return nil
			}
			if s.operator.hasEnded() {
				return errors.New("the operator has ended")
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s is not as it should be: %s", name, describeConditions(web.Status.Conditions))
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pollInterval):
			}
		}
	})
	return web, err
}

func describeConditions(conditions []metav1.Condition) string {
	if len(conditions) == 0 {
		return "the operator has not looked at it"
	}
	lines := []string{}
	for _, condition := range conditions {
		lines = append(lines, fmt.Sprintf("\n  %s %s, %s: %s", condition.Type, condition.Status, condition.Reason, condition.Message))
	}
	return strings.Join(lines, "")
}
