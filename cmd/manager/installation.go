// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// testPatience is how long the operator may take to report: it may have to start first.
const testPatience = 2 * time.Minute

// testInstallation has the operator that runs report on an ElasticWeb without demand, for which it makes nothing: the CRD, the
// watch and the rights to report are there then.
func testInstallation(ctx context.Context, o options) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	live, err := client.New(config, client.Options{Scheme: newScheme()})
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "installation-test-", Namespace: o.testNamespace},
		Spec:       elasticwebv1.ElasticWebSpec{Image: "registry.example.com/none", Port: ptr.To[int32](30000), SinglePodsQPS: ptr.To[int32](1)},
	}
	if err := live.Create(ctx, web); err != nil {
		return fmt.Errorf("make an ElasticWeb: %w", err)
	}
	err = wait.PollUntilContextTimeout(ctx, time.Second, testPatience, true, func(ctx context.Context) (bool, error) {
		if err := live.Get(ctx, client.ObjectKeyFromObject(web), web); err != nil {
			return false, fmt.Errorf("read the ElasticWeb: %w", err)
		}
		ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady)
		return ready != nil && ready.Reason == elasticwebv1.ReasonNoDemand && ready.ObservedGeneration == web.Generation, nil
	})
	if wait.Interrupted(err) {
		err = fmt.Errorf("the operator did not report on the ElasticWeb within %s: see whether it runs, and watches the namespace %s", testPatience, o.testNamespace)
	}
	// Also where the test was ended: nobody else would remove it.
	if failure := live.Delete(context.WithoutCancel(ctx), web); failure != nil {
		err = errors.Join(err, fmt.Errorf("remove the ElasticWeb %s: %w", web.Name, failure))
	}
	if err == nil {
		fmt.Printf("The operator reported on an ElasticWeb in %s.\n", o.testNamespace)
	}
	return err
}
