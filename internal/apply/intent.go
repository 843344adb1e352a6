// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// AnnotationIntent is the annotation that holds the hash of the intent that an object was written with.
const AnnotationIntent = "elasticweb.example.com/intent"

// Intent is the fields of one object that are to have certain values.
type Intent struct {
	// Configuration is an apply configuration of client-go, or anything else that marshals to one.
	Configuration any
	// Into is an empty object of the kind, into which the API server's answer is decoded.
	Into client.Object
	// Notes are annotations that are written along with a change, but are no reason for one.
	Notes map[string]string
	// Owner is the UID of the controller that the object must have to be touched.
	Owner types.UID
}

// prepared is an intent in the form that it is compared and sent in.
type prepared struct {
	fields map[string]any
	// compared is the fields without the type, which typed objects do not carry.
	compared  map[string]any
	hash      string
	notes     map[string]string
	into      client.Object
	owner     types.UID
	namespace string
	name      string
	kind      string
}

func prepare(intent Intent) (*prepared, error) {
	text, err := json.Marshal(intent.Configuration)
	if err != nil {
		return nil, fmt.Errorf("marshal the apply configuration: %w", err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("read the apply configuration: %w", err)
	}
	sum := sha256.Sum256(text)
	result := &prepared{
		fields: fields, hash: hex.EncodeToString(sum[:12]),
		notes: intent.Notes, into: intent.Into, owner: intent.Owner,
	}
	result.kind, _ = fields["kind"].(string)
	result.compared = maps.Clone(fields)
	delete(result.compared, "kind")
	delete(result.compared, "apiVersion")
	metadata, _ := fields["metadata"].(map[string]any)
	result.namespace, _ = metadata["namespace"].(string)
	result.name, _ = metadata["name"].(string)
	if result.kind == "" || result.name == "" {
		return nil, fmt.Errorf("apply configuration %T has no kind or no name", intent.Configuration)
	}
	return result, nil
}

func (p *prepared) key() objectKey {
	return objectKey{kind: p.kind, NamespacedName: types.NamespacedName{Namespace: p.namespace, Name: p.name}}
}

// body is the patch: the fields, the hash, the notes, and the resource version that the object must have.
func (p *prepared) body(resourceVersion string) ([]byte, error) {
	metadata, _ := p.fields["metadata"].(map[string]any)
	metadata = maps.Clone(metadata)
	annotations := map[string]any{AnnotationIntent: p.hash}
	if own, isMap := metadata["annotations"].(map[string]any); isMap {
		maps.Copy(annotations, own)
	}
	for key, value := range p.notes {
		annotations[key] = value
	}
	metadata["annotations"] = annotations
	metadata["resourceVersion"] = resourceVersion
	body := maps.Clone(p.fields)
	body["metadata"] = metadata
	return json.Marshal(body)
}
