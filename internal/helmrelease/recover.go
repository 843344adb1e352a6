// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-logr/logr"
	helmclient "github.com/operator-framework/helm-operator-plugins/pkg/client"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Recover marks a release that is pending as failed before anything is done with it: the reconciler then upgrades it, which
// finishes what was begun. A reconcile works on one object at a time and under leadership, so whoever left
// it pending is gone. Helm itself refuses to touch a pending release. Neither an uninstall nor a rollback is needed: the
// former would throw away Jobs that run, the latter start those of the previous release again.
func Recover(next helmclient.ActionClientGetter) helmclient.ActionClientGetter {
	return helmclient.ActionClientGetterFunc(func(ctx context.Context, object client.Object) (helmclient.ActionInterface, error) {
		actions, err := next.ActionClientFor(ctx, object)
		if err != nil {
			return nil, err
		}
		return actions, failPending(ctx, actions, object.GetName())
	})
}

func failPending(ctx context.Context, actions helmclient.ActionInterface, name string) error {
	releases := actions.Config().Releases
	last, err := releases.Last(name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the last Helm release: %w", err)
	}
	if !last.Info.Status.IsPending() {
		return nil
	}
	logr.FromContextOrDiscard(ctx).Info("Release was left pending: it is taken up again", "release", name, "revision", last.Version,
		"status", last.Info.Status)
	last.SetStatus(release.StatusFailed, "left "+last.Info.Status.String()+" by an operator that ended")
	if err := releases.Update(last); err != nil {
		return fmt.Errorf("take up the pending Helm release: %w", err)
	}
	return nil
}
