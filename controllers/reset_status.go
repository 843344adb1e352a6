// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/apply"
)

// ResetStatus takes away a status that could not be decoded: the difference to a new one would leave in it what nobody can read.
// The event of it brings the object again, with a status that is empty.
func ResetStatus(ctx context.Context, writer client.Client, object client.Object) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": object.GetResourceVersion()}, "status": nil,
	})
	if err != nil {
		return err
	}
	answer, isObject := object.DeepCopyObject().(client.Object)
	if !isObject {
		return fmt.Errorf("%T is no object", object)
	}
	err = writer.Status().Patch(ctx, answer, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager))
	if err != nil && !apply.IsGone(err) {
		return fmt.Errorf("reset the status, which cannot be read: %w", err)
	}
	return nil
}
