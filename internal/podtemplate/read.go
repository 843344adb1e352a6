// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
)

// root is where a template stands in an ElasticWeb.
const root = "spec.podTemplate"

// mostBytes is how long a template may be.
const mostBytes = 128 << 10

// object is one in JSON.
type object = map[string]any

// read is a template as it is written, where all of it is known and of the right type.
func read(text []byte) (object, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("%s has %d bytes, and may have %d: put the largest part of it into a ConfigMap", root, len(text), mostBytes)
	}
	var document any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &document); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", root, err)
	}
	template, isObject := document.(object)
	if !isObject && document != nil {
		return nil, fmt.Errorf("%s is no object", root)
	}
	if path, err := culprit(root, template, fits); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return template, nil
}

// What a part of a template can be refused for. It is said of the innermost part that it is true of.
var (
	errUnknown   = errors.New("unknown field")
	errType      = errors.New("a value of another type, or out of range")
	errDirective = errors.New("directives of a strategic merge patch are not taken; null takes away what the operator sets by default")
	errNull      = errors.New("a list must not hold null")
	errExponent  = errors.New("an exponent may have two digits at most")
)

// fits holds a template, or part of one in its place, against the type of pod templates.
func fits(part any) error {
	if err := isPlain(part); err != nil {
		return err
	}
	text, err := json.Marshal(part)
	if err != nil {
		return errType
	}
	strict, err := kjson.UnmarshalStrict(text, &corev1.PodTemplateSpec{})
	switch {
	case err != nil:
		return errType
	case len(strict) > 0:
		return errUnknown
	default:
		return nil
	}
}

// hugeExponent is a number that a quantity would take all of the memory to round.
var hugeExponent = regexp.MustCompile(`^[+-]?[0-9.]+[eE][+-]?[0-9]{3,}$`)

// isPlain refuses what must not get any further, wherever it stands.
func isPlain(value any) error {
	switch value := value.(type) {
	case object:
		for key, field := range value {
			if strings.HasPrefix(key, "$") {
				return errDirective
			}
			if err := isPlain(field); err != nil {
				return err
			}
		}
	case []any:
		for _, item := range value {
			if item == nil {
				return errNull
			}
			if err := isPlain(item); err != nil {
				return err
			}
		}
	case string:
		if hugeExponent.MatchString(strings.TrimSpace(value)) {
			return errExponent
		}
	}
	return nil
}

// culprit is the path of the innermost part that does not fit, and why. It asks of each part alone, since decoders do not know where
// they are. What is within a part of the wrong type is not asked about: nothing would fit there.
func culprit(path string, value any, fits func(any) error) (string, error) {
	err := fits(value)
	if err == nil {
		return path, nil
	}
	switch value := value.(type) {
	case object:
		if fits(object{}) != nil {
			break
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			alone := func(part any) error { return fits(object{key: part}) }
			if alone(value[key]) != nil {
				return culprit(path+"."+key, value[key], alone)
			}
		}
	case []any:
		if fits([]any{}) != nil {
			break
		}
		for i, item := range value {
			alone := func(part any) error { return fits([]any{part}) }
			if alone(item) != nil {
				return culprit(fmt.Sprintf("%s[%d]", path, i), item, alone)
			}
		}
	}
	return path, err
}
