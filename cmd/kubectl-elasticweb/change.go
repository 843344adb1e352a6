// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// change is what is asked about: a patch of an ElasticWeb that is there, or a new one.
type change struct {
	// before is nil for a new one.
	before *elasticwebv1.ElasticWeb
	patch  client.Patch
	// manifest to be created, or applied by the server.
	manifest *unstructured.Unstructured
	options  []client.PatchOption
}

// setPath reads one --set.
func setPath(spec map[string]any, assignment string) error {
	path, text, isAssignment := strings.Cut(assignment, "=")
	steps := strings.Split(strings.TrimPrefix(path, "spec."), ".")
	if !isAssignment || strings.ContainsAny(path, "[]") || steps[0] == "" {
		return fmt.Errorf("--set %s: write it as path=value, with the path below spec, for instance rollout.maxSurge=1; a list is given as a whole, as JSON", assignment)
	}
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return fmt.Errorf("--set %s: the value is neither a word nor JSON: %w", assignment, err)
	}
	for _, step := range steps[:len(steps)-1] {
		below, isMap := spec[step].(map[string]any)
		if !isMap {
			below = map[string]any{}
			spec[step] = below
		}
		spec = below
	}
	spec[steps[len(steps)-1]] = value
	return nil
}

// changeOf is what a manifest changes: by default as kubectl apply would, from what it applied last.
func changeOf(before *elasticwebv1.ElasticWeb, live, manifest *unstructured.Unstructured, serverSide bool, manager string, force bool) (change, error) {
	if before == nil || serverSide {
		c := change{before: before, manifest: manifest, options: []client.PatchOption{client.FieldOwner(manager)}}
		if force {
			c.options = append(c.options, client.ForceOwnership)
		}
		if before != nil {
			c.patch = client.Apply //nolint:staticcheck // the file holds what its author wrote, which no apply configuration does.
		}
		return c, nil
	}
	current, err := json.Marshal(live)
	if err != nil {
		return change{}, fmt.Errorf("marshal the live object: %w", err)
	}
	modified, err := json.Marshal(manifest)
	if err != nil {
		return change{}, fmt.Errorf("marshal the manifest: %w", err)
	}
	var original []byte
	if last := live.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; last != "" {
		original = []byte(last)
	}
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(original, modified, current)
	if err != nil {
		return change{}, fmt.Errorf("compare the manifest with the live object: %w", err)
	}
	return change{before: before, patch: client.RawPatch(types.MergePatchType, patch), manifest: manifest}, nil
}

// tried is the ElasticWeb as it would be, by a dry run of the API server: its defaults, rules and admission. Where the user may not write,
// it is worked out here, and isUnchecked.
func (c change) tried(ctx context.Context, cluster client.Client) (after *elasticwebv1.ElasticWeb, isUnchecked bool, err error) {
	if c.before == nil {
		after, err = fromManifest(c.manifest)
		if err != nil {
			return nil, false, err
		}
		tried := c.manifest.DeepCopy() // as it was written: a decoded one has lost the fields that there are not.
		err = cluster.Create(ctx, tried, client.DryRunAll, client.FieldValidation("Strict"))
		if isDenied(err) {
			return after, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		after, err = fromManifest(tried)
		return after, false, err
	}
	tried := &unstructured.Unstructured{}
	tried.SetGroupVersionKind(elasticwebv1.GroupVersion.WithKind("ElasticWeb"))
	if c.manifest != nil {
		c.manifest.DeepCopyInto(tried)
	}
	tried.SetName(c.before.Name)
	tried.SetNamespace(c.before.Namespace)
	err = cluster.Patch(ctx, tried, c.patch, append(c.options, client.DryRunAll, client.FieldValidation("Strict"))...)
	if isDenied(err) {
		after, err = c.merged()
		return after, true, err
	}
	if err != nil {
		return nil, false, err
	}
	after, err = fromManifest(tried)
	return after, false, err
}

// isDenied reports whether it is the user who may not write. Admission says Forbidden as well, of what is written.
func isDenied(err error) bool {
	return apierrors.IsForbidden(err) && notAllowed.MatchString(err.Error())
}

var notAllowed = regexp.MustCompile(` cannot (create|patch) resource `)

// merged is the ElasticWeb as it would be, but for what the API server makes of it.
func (c change) merged() (*elasticwebv1.ElasticWeb, error) {
	if c.patch.Type() != types.MergePatchType {
		return nil, errors.New("without the right to patch ElasticWebs it cannot be told what --server-side makes of it: leave that out")
	}
	before, err := json.Marshal(c.before)
	if err != nil {
		return nil, fmt.Errorf("marshal the ElasticWeb: %w", err)
	}
	patch, err := c.patch.Data(c.before)
	if err != nil {
		return nil, fmt.Errorf("make the patch: %w", err)
	}
	text, err := jsonpatch.MergePatch(before, patch)
	if err != nil {
		return nil, fmt.Errorf("merge the change: %w", err)
	}
	after := &elasticwebv1.ElasticWeb{}
	if err := json.Unmarshal(text, after); err != nil {
		return nil, fmt.Errorf("read the changed ElasticWeb: %w", err)
	}
	after.Generation++
	return after, readable(after)
}

func fromManifest(manifest *unstructured.Unstructured) (*elasticwebv1.ElasticWeb, error) {
	text, err := json.Marshal(manifest)
	if err != nil {
		return nil, fmt.Errorf("marshal the manifest: %w", err)
	}
	web := &elasticwebv1.ElasticWeb{}
	if err := json.Unmarshal(text, web); err != nil {
		return nil, fmt.Errorf("read the ElasticWeb: %w", err)
	}
	return web, readable(web)
}

func readable(web *elasticwebv1.ElasticWeb) error {
	if web.UnreadableSpec != "" {
		return fmt.Errorf("the spec of ElasticWeb %s cannot be read: %s", web.Name, web.UnreadableSpec)
	}
	return nil
}
