// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/operator-framework/api/pkg/manifests"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// examplesAnnotation holds the samples that the console offers.
const examplesAnnotation = "alm-examples"

// checkSamples holds the samples against the CRDs as an API server would: the
// schema, its rules, and fields that it does not know.
func checkSamples(ctx context.Context, o options) ([]string, error) {
	bundle, err := loadBundle(o.bundle)
	if err != nil {
		return nil, err
	}
	var samples []unstructured.Unstructured
	if err := json.Unmarshal([]byte(bundle.CSV.Annotations[examplesAnnotation]), &samples); err != nil {
		return []string{fmt.Sprintf("the annotation %s of the CSV is no list of objects: %v", examplesAnnotation, err)}, nil
	}
	var mistakes []string
	checked := 0
	for _, owned := range bundle.CSV.Spec.CustomResourceDefinitions.Owned {
		found, err := samplesOf(ctx, bundle, owned, samples)
		if err != nil {
			return mistakes, err
		}
		mistakes = append(mistakes, found.mistakes...)
		checked += found.count
		if found.count == 0 {
			mistakes = append(mistakes, fmt.Sprintf("no sample in %s is a %s %s", examplesAnnotation, owned.Kind, owned.Version))
		}
	}
	if checked < len(samples) {
		mistakes = append(mistakes, fmt.Sprintf("%d of %d samples are of no kind that the CSV owns", len(samples)-checked, len(samples)))
	}
	return mistakes, nil
}

// verdict is about the samples of one kind.
type verdict struct {
	count    int
	mistakes []string
}

func samplesOf(ctx context.Context, bundle *manifests.Bundle, owned operatorsv1alpha1.CRDDescription, samples []unstructured.Unstructured) (verdict, error) {
	version, err := servedVersion(bundle, owned)
	if err != nil {
		return verdict{mistakes: []string{err.Error()}}, nil
	}
	judge, err := newSchemaJudge(version.Schema)
	if err != nil {
		return verdict{}, fmt.Errorf("the schema of %s: %w", owned.Name, err)
	}
	var v verdict
	for _, sample := range samples {
		if sample.GetKind() != owned.Kind || sample.GroupVersionKind().Version != owned.Version {
			continue
		}
		v.count++
		for _, mistake := range judge.mistakes(ctx, sample) {
			v.mistakes = append(v.mistakes, fmt.Sprintf("the sample %s %s: %s", sample.GetKind(), sample.GetName(), mistake))
		}
	}
	return v, nil
}

// schemaJudge validates objects as the API server does.
type schemaJudge struct {
	structural *structuralschema.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
}

func newSchemaJudge(schema *apiextensionsv1.CustomResourceValidation) (*schemaJudge, error) {
	internal := &apiextensions.CustomResourceValidation{}
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(schema, internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	return &schemaJudge{
		structural: structural, schema: validator,
		rules: cel.NewValidator(structural, true, math.MaxInt64),
	}, nil
}

func (j *schemaJudge) mistakes(ctx context.Context, object unstructured.Unstructured) []string {
	content := object.DeepCopy().Object
	var mistakes []string
	unknown := pruning.PruneWithOptions(content, j.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	for _, path := range unknown {
		mistakes = append(mistakes, "the schema has no field "+path)
	}
	defaulting.Default(content, j.structural)
	errs := validation.ValidateCustomResource(nil, content, j.schema)
	if len(errs) == 0 && j.rules != nil {
		violations, _ := j.rules.Validate(ctx, field.NewPath(""), j.structural, content, nil, math.MaxInt64)
		errs = append(errs, violations...)
	}
	for _, err := range errs {
		mistakes = append(mistakes, err.Error())
	}
	return mistakes
}
