// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
	"github.com/elasticweb/elasticweb-operator/internal/whatif"
)

// isHostDenied reports whether OpenShift does not let the user, of whom it asks for routes/custom-host, choose a host or a certificate. It says that
// of the object, and the operator has that right.
func isHostDenied(err error) bool {
	return apierrors.IsInvalid(err) && strings.Contains(err.Error(), "you do not have permission to set")
}

// refusedObjects is what the API server would refuse of what the operator would write, by dry runs: a node port that is taken, a field that
// is invalid. notes are about what cannot be told with the rights of the user: policies may allow the operator what they refuse to others.
func refusedObjects(ctx context.Context, cluster client.Client, side whatif.Side) (refused, notes []string, err error) {
	objects := whatif.Objects(side)
	for _, kind := range slices.Sorted(maps.Keys(objects)) {
		err := cluster.Apply(ctx, objects[kind], client.DryRunAll, client.ForceOwnership, client.FieldOwner(controllers.FieldManager))
		switch {
		case err == nil:
		case meta.IsNoMatchError(err):
			refused = append(refused, fmt.Sprintf("the cluster does not have the kind %s that spec.expose asks for: install it, or take another way in", kind))
		case isDenied(err) || isHostDenied(err):
			notes = append(notes, "what the API server would refuse of the "+kind+" is not known: you may not write it")
		case apierrors.IsForbidden(err):
			notes = append(notes, "admission refuses the "+kind+" to you, and may refuse it to the operator: "+quote.Said(err.Error()))
		case apierrors.IsConflict(err):
			refused = append(refused, fmt.Sprintf("there is a %s of this name that is not this ElasticWeb's: delete it, or give the ElasticWeb another name", kind))
		case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
			refused = append(refused, kind+": "+quote.Said(side.Words.Say(err.Error())))
		case apierrors.ReasonForError(err) != metav1.StatusReasonUnknown: // an answer: a webhook that is down, a kind that has just gone.
			notes = append(notes, "what the API server would refuse of the "+kind+" is not known: "+quote.Said(err.Error()))
		default:
			return nil, nil, fmt.Errorf("try the %s: %w", kind, err)
		}
	}
	return refused, notes, nil
}
