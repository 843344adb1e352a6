// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"encoding/json"
	"testing"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// A condition that its type holds may be none that the schema allows: carried over, it would have every status refused. The rates are
// nowhere else, and stay.
func TestNoConditionOfAnUnreadableStatusStays(t *testing.T) {
	for status, isReadable := range map[string]bool{
		`"observedGeneration": "many", "conditions": [{"type": "Odd"}, 7]`:   false,
		`"observedGeneration": "many", "conditions": [null]`:                 false,
		`"observedGeneration": 7, "conditions": [{"type": "SomebodyElses"}]`: true,
	} {
		web := &elasticwebv1.ElasticWeb{}
		text := `{"metadata": {"name": "shop"}, "status": {` + status + `, "architectures": [{"name": "arm64", "singlePodsQPS": 5}]}}`
		if err := json.Unmarshal([]byte(text), web); err != nil {
			t.Fatal(err)
		}
		if (web.UnreadableStatus == "") != isReadable || (len(web.Status.Conditions) > 0) != isReadable || len(web.Status.Architectures) != 1 {
			t.Errorf("%s: read as %+v, unreadable: %q", status, web.Status, web.UnreadableStatus)
		}
	}
}
