// Copyright The ElasticWebBenchmark Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"encoding/json"
	"fmt"

	"github.com/elasticweb/elasticweb-operator/api/internal/tolerant"
)

// UnmarshalJSON decodes an ElasticWebBenchmark even where its spec or status does not fit the Go types: that part is left empty, and
// UnreadableSpec or UnreadableStatus says why. An error here would end every list and watch that the ElasticWebBenchmark is in.
func (b *ElasticWebBenchmark) UnmarshalJSON(data []byte) error {
	type plain ElasticWebBenchmark
	unreadable, err := tolerant.Decode(data, (*plain)(b))
	b.UnreadableSpec, b.UnreadableStatus = unreadable.Spec, unreadable.Status
	if b.UnreadableStatus != "" {
		b.Status = ElasticWebBenchmarkStatus{} // half of a run could pass for one that has ended.
	}
	return err
}

// MarshalJSON refuses an ElasticWebBenchmark that was not read as a whole: what was left out would be written back as empty.
func (b ElasticWebBenchmark) MarshalJSON() ([]byte, error) {
	if b.UnreadableSpec != "" || b.UnreadableStatus != "" {
		return nil, fmt.Errorf("ElasticWebBenchmark %s was not read as a whole, and is not written: %s%s", b.Name, b.UnreadableSpec, b.UnreadableStatus)
	}
	type plain ElasticWebBenchmark
	return json.Marshal(plain(b))
}
