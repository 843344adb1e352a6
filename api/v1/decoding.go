// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"encoding/json"
	"fmt"

	"github.com/elasticweb/elasticweb-operator/api/internal/tolerant"
)

// UnmarshalJSON decodes an ElasticWeb even where its spec or status does not fit the Go types: the spec is left empty then, of the
// status there is what can be read, and UnreadableSpec or UnreadableStatus says why. An error here would end every list and watch that
// the ElasticWeb is in.
func (w *ElasticWeb) UnmarshalJSON(data []byte) error {
	type plain ElasticWeb
	unreadable, err := tolerant.Decode(data, (*plain)(w))
	w.UnreadableSpec, w.UnreadableStatus = unreadable.Spec, unreadable.Status
	if w.UnreadableStatus != "" {
		w.Status.Conditions = nil // one that its type holds may still be none that the schema allows, and would be carried over.
	}
	return err
}

// MarshalJSON refuses an ElasticWeb that was not read as a whole: what was left out would be written back as empty.
func (w ElasticWeb) MarshalJSON() ([]byte, error) {
	if w.UnreadableSpec != "" || w.UnreadableStatus != "" {
		return nil, fmt.Errorf("ElasticWeb %s was not read as a whole, and is not written: %s%s", w.Name, w.UnreadableSpec, w.UnreadableStatus)
	}
	type plain ElasticWeb
	return json.Marshal(plain(w))
}
