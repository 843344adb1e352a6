// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package packed

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// longestJSON is how long a JSON may be that is kept. What the operator itself writes into one is a fraction of that.
const longestJSON = 128 << 10

// JSON is a part of an object as the text that it travels in: of a type that the operator does not have, or that others may have changed.
// Nothing that stands in it keeps the object from being decoded. One that is too long is kept as null, which is like nothing.
type JSON string

// UnmarshalJSON keeps the text, without what only makes it longer. It never fails.
func (j *JSON) UnmarshalJSON(text []byte) error {
	var compact bytes.Buffer
	if len(text) > longestJSON || json.Compact(&compact, text) != nil {
		*j = "null"
		return nil
	}
	*j = JSON(compact.String())
	return nil
}

// MarshalJSON gives the text; null for none.
func (j JSON) MarshalJSON() ([]byte, error) {
	if j == "" {
		return []byte("null"), nil
	}
	return []byte(j), nil
}

// Decode gives the value, in the types of encoding/json, with json.Number for numbers.
func (j JSON) Decode() (value any, err error) {
	text, _ := j.MarshalJSON()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	return value, nil
}
