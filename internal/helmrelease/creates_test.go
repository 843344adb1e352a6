// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"context"
	"testing"

	helmclient "github.com/operator-framework/helm-operator-plugins/pkg/client"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// counted is a client of Helm that counts what it creates, and fails at all else.
type counted struct {
	kube.Interface
	created *int
}

func (c counted) Create(resources kube.ResourceList) (*kube.Result, error) {
	*c.created += len(resources)
	return &kube.Result{}, nil
}

type actions struct {
	helmclient.ActionInterface
	config *action.Configuration
}

func (a actions) Config() *action.Configuration { return a.config }

// Helm takes an object with the labels and annotations of a release for its own, also one that came after it was looked for.
func TestHelmOnlyCreates(t *testing.T) {
	created := 0
	config := &action.Configuration{KubeClient: counted{created: &created}}
	getter := Rendered(helmclient.ActionClientGetterFunc(func(context.Context, client.Object) (helmclient.ActionInterface, error) {
		return actions{config: config}, nil
	}), nil)
	if _, err := getter.ActionClientFor(t.Context(), reported()); err != nil {
		t.Fatal(err)
	}
	if _, err := config.KubeClient.Update(make(kube.ResourceList, 1), make(kube.ResourceList, 2), true); err != nil || created != 2 {
		t.Errorf("%d are created (%v), want 2", created, err)
	}
	if config.Capabilities == nil {
		t.Error("Helm asks for what it does not need")
	}
}
