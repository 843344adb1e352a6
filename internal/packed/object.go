// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package packed

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Message is an object with an encoding as a protocol buffer, as all kinds of k8s.io/api are.
type Message interface {
	metav1.Object
	runtime.Object
	Marshal() ([]byte, error)
	Unmarshal(text []byte) error
}

// Object is a packed object. It cannot be changed, and what its metadata hold must not be, as with any object of a cache.
type Object struct {
	immutable
	kind *kind
	// What informers ask for again and again: all in one string.
	namespace, name, resourceVersion string
	text                             []byte
}

func pack(whole Message, kind *kind) (*Object, error) {
	text, err := whole.Marshal()
	if err != nil {
		return nil, fmt.Errorf("pack %T %s/%s: %w", whole, whole.GetNamespace(), whole.GetName(), err)
	}
	namespace, name := len(whole.GetNamespace()), len(whole.GetName())
	all := whole.GetNamespace() + whole.GetName() + whole.GetResourceVersion()
	return &Object{
		kind: kind, text: text,
		namespace: all[:namespace], name: all[namespace : namespace+name], resourceVersion: all[namespace+name:],
	}, nil
}

// DeepCopyObject gives the whole object, as a new one that may be changed.
func (o *Object) DeepCopyObject() runtime.Object { return o.whole() }

func (o *Object) whole() Message {
	whole := o.kind.empty()
	if err := whole.Unmarshal(o.text); err != nil {
		panic(fmt.Sprintf("unpack %T %s/%s: %v", whole, o.namespace, o.name, err)) // it was marshalled by pack.
	}
	return whole
}

func (o *Object) metadata() *metav1.ObjectMeta { return o.kind.metadataOf(o) }

// GetObjectKind implements runtime.Object. Typed objects of a cache carry no kind, either.
func (o *Object) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// GetNamespace implements metav1.Object.
func (o *Object) GetNamespace() string { return o.namespace }

// GetName implements metav1.Object.
func (o *Object) GetName() string { return o.name }

// GetResourceVersion implements metav1.Object.
func (o *Object) GetResourceVersion() string { return o.resourceVersion }

// GetGenerateName implements metav1.Object.
func (o *Object) GetGenerateName() string { return o.metadata().GenerateName }

// GetUID implements metav1.Object.
func (o *Object) GetUID() types.UID { return o.metadata().UID }

// GetGeneration implements metav1.Object.
func (o *Object) GetGeneration() int64 { return o.metadata().Generation }

// GetSelfLink implements metav1.Object.
func (o *Object) GetSelfLink() string { return o.metadata().SelfLink } //nolint:staticcheck // the interface still has it.

// GetCreationTimestamp implements metav1.Object.
func (o *Object) GetCreationTimestamp() metav1.Time { return o.metadata().CreationTimestamp }

// GetDeletionTimestamp implements metav1.Object.
func (o *Object) GetDeletionTimestamp() *metav1.Time { return o.metadata().DeletionTimestamp }

// GetDeletionGracePeriodSeconds implements metav1.Object.
func (o *Object) GetDeletionGracePeriodSeconds() *int64 {
	return o.metadata().DeletionGracePeriodSeconds
}

// GetLabels implements metav1.Object.
func (o *Object) GetLabels() map[string]string { return o.metadata().Labels }

// GetAnnotations implements metav1.Object.
func (o *Object) GetAnnotations() map[string]string { return o.metadata().Annotations }

// GetFinalizers implements metav1.Object.
func (o *Object) GetFinalizers() []string { return o.metadata().Finalizers }

// GetOwnerReferences implements metav1.Object.
func (o *Object) GetOwnerReferences() []metav1.OwnerReference { return o.metadata().OwnerReferences }

// GetManagedFields implements metav1.Object.
func (o *Object) GetManagedFields() []metav1.ManagedFieldsEntry { return o.metadata().ManagedFields }
