// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// AnnotationIntent is the annotation that holds the hash of the intent that an object was written with.
const AnnotationIntent = "elasticweb.example.com/intent"

// Intent is the fields of one object that are to have certain values.
type Intent struct {
	// Kind, Namespace and Name of the object.
	Kind, Namespace, Name string
	// Configuration is an apply configuration of client-go, with its metadata.
	Configuration runtime.ApplyConfiguration
	// Into is an empty object of the kind, into which the API server's answer is decoded.
	Into client.Object
	// Notes are annotations that are written along with a change, but are no reason for one.
	Notes map[string]string
	// IsIncomplete is true where the object must be written though its fields are as wanted.
	IsIncomplete bool
	// Manager is the field manager; "" for that of the Applier. What another one applies takes no field away from it.
	Manager string
	// Owner is the UID of the controller that the object must have to be touched.
	Owner types.UID
	// Confirm is asked before each write whether the intent still stands; nil for always. Its error counts as that of
	// the write.
	Confirm func(context.Context) error
}

// prepared is an intent in the form that it is compared and sent in.
type prepared struct {
	Intent
	hash string
}

func prepare(intent Intent) (*prepared, error) {
	text, err := json.Marshal(intent.Configuration)
	if err != nil {
		return nil, fmt.Errorf("marshal the apply configuration: %w", err)
	}
	return &prepared{Intent: intent, hash: hash(text)}, nil
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

func (p *prepared) attempt() Write { return Write{p.Kind, p.Namespace, p.Name, p.hash, p.Manager} }

func (p *prepared) key() objectKey { return p.attempt().key() }

// unlike is a hash of how live differs from the intent; "" where it has all its fields. That for another intent is another.
func (p *prepared) unlike(live client.Object) string {
	found := differences(reflect.ValueOf(live), reflect.ValueOf(p.Configuration), comparison{})
	if found == nil {
		return ""
	}
	slices.Sort(found)
	return hash([]byte(p.hash + " " + strings.Join(found, " ")))
}

// body is the patch: the fields, the hash, the notes, and the resource version that the object must have.
func (p *prepared) body(resourceVersion string) ([]byte, error) {
	configuration := reflect.New(reflect.TypeOf(p.Configuration).Elem())
	configuration.Elem().Set(reflect.ValueOf(p.Configuration).Elem())
	metadata := configuration.Elem().FieldByName("ObjectMetaApplyConfiguration")
	own := *metadata.Interface().(*metav1ac.ObjectMetaApplyConfiguration)
	annotations := map[string]string{AnnotationIntent: p.hash}
	maps.Copy(annotations, own.Annotations)
	maps.Copy(annotations, p.Notes)
	own.Annotations, own.ResourceVersion = annotations, &resourceVersion
	metadata.Set(reflect.ValueOf(&own))
	return json.Marshal(configuration.Interface())
}
