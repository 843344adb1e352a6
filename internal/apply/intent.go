// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// AnnotationIntent is the annotation that holds the hash of the intent that an object was written with.
const AnnotationIntent = "elasticweb.example.com/intent"

// Intent is the fields of one object that are to have certain values.
type Intent struct {
	// Kind, Namespace and Name of the object.
	Kind, Namespace, Name string
	// Configuration is an apply configuration of client-go, or maps of the same form.
	Configuration any
	// Into is an empty object of the kind, into which the API server's answer is decoded.
	Into client.Object
	// Notes are annotations that are written along with a change, but are no reason for one.
	Notes map[string]string
	// IsIncomplete is true where the object must be written though its fields are as wanted.
	IsIncomplete bool
	// Owner is the UID of the controller that the object must have to be touched.
	Owner types.UID
	// Confirm is asked before each write whether the intent still stands; nil for always. Its error counts as that of
	// the write.
	Confirm func(context.Context) error
}

// prepared is an intent in the form that it is compared and sent in.
type prepared struct {
	kind, namespace, name string
	configuration         reflect.Value
	text                  []byte
	hash                  string
	notes                 map[string]string
	into                  client.Object
	owner                 types.UID
	isIncomplete          bool
	confirm               func(context.Context) error
}

func prepare(intent Intent) (*prepared, error) {
	text, err := json.Marshal(intent.Configuration)
	if err != nil {
		return nil, fmt.Errorf("marshal the apply configuration: %w", err)
	}
	sum := sha256.Sum256(text)
	return &prepared{
		kind: intent.Kind, namespace: intent.Namespace, name: intent.Name,
		configuration: reflect.ValueOf(intent.Configuration), text: text, hash: hex.EncodeToString(sum[:12]),
		notes: intent.Notes, into: intent.Into, owner: intent.Owner,
		isIncomplete: intent.IsIncomplete, confirm: intent.Confirm,
	}, nil
}

// isHeldBy reports whether live has the fields of the intent. The type is left out, which typed objects do not carry.
func (p *prepared) isHeldBy(live client.Object) bool {
	object := content(reflect.ValueOf(live))
	for name, value := range members(content(p.configuration)) {
		if name != "kind" && name != "apiVersion" && !holds(member(object, name), value, comparisonOf(name)) {
			return false
		}
	}
	return true
}

// fields are those of the intent without the type, as JSON has them.
func (p *prepared) fields() (map[string]any, error) {
	fields := map[string]any{}
	if err := json.Unmarshal(p.text, &fields); err != nil {
		return nil, p.unreadable(err)
	}
	delete(fields, "kind")
	delete(fields, "apiVersion")
	return fields, nil
}

func (p *prepared) unreadable(err error) error {
	return fmt.Errorf("read the apply configuration of %s %s: %w", p.kind, p.name, err)
}

func (p *prepared) key() objectKey {
	return objectKey{kind: p.kind, NamespacedName: types.NamespacedName{Namespace: p.namespace, Name: p.name}}
}

func (p *prepared) attempt() attempt { return attempt{p.key(), p.hash} }

// body is the patch: the fields, the hash, the notes, and the resource version that the object must have. What is not
// metadata is sent as it was marshalled, without being read: a value is marshalled by itself as it is within another.
func (p *prepared) body(resourceVersion string) ([]byte, error) {
	own := content(member(content(p.configuration), "metadata"))
	if !own.IsValid() {
		return nil, p.unreadable(errors.New("no metadata"))
	}
	before, err := json.Marshal(own.Interface())
	if err != nil {
		return nil, err
	}
	metadata, err := p.metadata(before, resourceVersion)
	if err != nil {
		return nil, p.unreadable(fmt.Errorf("metadata: %w", err))
	}
	const name = `"metadata":`
	head, tail, isThere := bytes.Cut(p.text, slices.Concat([]byte(name), before))
	if !isThere {
		return nil, p.unreadable(fmt.Errorf("its metadata is not %s", before))
	}
	return slices.Concat(head, []byte(name), metadata, tail), nil
}

// metadata adds to the intent's own what is not compared.
func (p *prepared) metadata(own []byte, resourceVersion string) ([]byte, error) {
	members, err := rawMembers(own)
	if err != nil {
		return nil, err
	}
	annotations := map[string]string{AnnotationIntent: p.hash}
	if text, isThere := members["annotations"]; isThere {
		var own map[string]string
		if err := json.Unmarshal(text, &own); err != nil {
			return nil, fmt.Errorf("annotations: %w", err)
		}
		maps.Copy(annotations, own)
	}
	maps.Copy(annotations, p.notes)
	if members["annotations"], err = json.Marshal(annotations); err != nil {
		return nil, err
	}
	if members["resourceVersion"], err = json.Marshal(resourceVersion); err != nil {
		return nil, err
	}
	return joined(members), nil
}

// rawMembers are the values of a JSON object by their keys, as they are.
func rawMembers(object []byte) (map[string]json.RawMessage, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(object, &values); err != nil {
		return nil, err
	}
	if values == nil {
		return nil, errors.New("null is no object")
	}
	return values, nil
}

// joined is the object that has the members. It is what json.Marshal gives, which would read each of them again.
func joined(members map[string]json.RawMessage) []byte {
	var text []byte
	for _, name := range slices.Sorted(maps.Keys(members)) {
		quoted, _ := json.Marshal(name) // a string always can be.
		text = append(append(text, ','), quoted...)
		text = append(text, ':')
		text = append(text, members[name]...)
	}
	if text == nil {
		return []byte("{}")
	}
	text[0] = '{'
	return append(text, '}')
}
