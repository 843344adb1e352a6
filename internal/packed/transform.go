// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package packed

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Transform is the transform of a cache that packs objects of one kind, as trim gives them. trim must not change the
// object that it is given, unless that is what it returns. Informers transform some objects twice: what is packed stays
// as it is.
func Transform[T any, P interface {
	*T
	Message
}](trim func(P) P) func(any) (any, error) {
	kind := &kind{empty: func() Message { return P(new(T)) }}
	return func(object any) (any, error) {
		switch object := object.(type) {
		case *Object:
			return object, nil
		case P:
			return pack(trim(object), kind)
		default:
			return nil, fmt.Errorf("%T is no %T", object, P(nil))
		}
	}
}

// WithoutManagedFields is for Transform. Nobody reads from a cache who owns which field, and it is half of an object.
func WithoutManagedFields[P metav1.Object](object P) P {
	object.SetManagedFields(nil)
	return object
}

// Whole is the object itself, unpacked where it is packed.
func Whole[O interface {
	metav1.Object
	runtime.Object
}](object O) O {
	if packed, isPacked := any(object).(*Object); isPacked {
		if whole, isSameKind := any(packed.whole()).(O); isSameKind {
			return whole
		}
	}
	return object
}
