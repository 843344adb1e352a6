// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// FuzzTerminationMessage: whatever the load generator's container ends with, the result is sound, and its words are bounded.
func FuzzTerminationMessage(f *testing.F) {
	f.Add(`{"reason":"Measured","qps":800,"p50Micros":1200,"p99Micros":9000,"errorRate":0.001}`, int32(0))
	f.Add(`{"reason":"Measured","qps":-1}`, int32(0))
	f.Add(`{"reason":"`+strings.Repeat("x", 4000)+`","qps":1}`, int32(0))
	f.Add(`{"reason":"Measured","qps":1,"limitedBy":"`+strings.Repeat("x", 4000)+`"}`, int32(0))
	f.Add(`{"reason":"Measured","qps":1,"p50Micros":5,"p99Micros":-5,"errorRate":0.5}`, int32(0))
	f.Add("panic: "+strings.Repeat("\xff", 4096), int32(2))
	f.Fuzz(func(t *testing.T, message string, exitCode int32) {
		result := resultOf(&Pod{Generator: Container{Ended: true, ExitCode: exitCode, Message: message}})
		if result == nil || result.Reason == "" || result.QPS < 0 || result.Reason == v1alpha1.ReasonNoResult && result.QPS != 0 {
			t.Fatalf("the result is %+v", result)
		}
		for _, figure := range []string{result.P50, result.P99, result.ErrorRate} {
			if strings.HasPrefix(figure, "-") {
				t.Fatalf("less than nothing: %+v", result)
			}
		}
		for _, text := range []string{result.Reason, result.LimitedBy, result.Message, result.P50, result.P99, result.ErrorRate} {
			if len(text) > quote.LongestMessage || !utf8.ValidString(text) {
				t.Fatalf("%d bytes, valid: %t, in %+v", len(text), utf8.ValidString(text), result)
			}
		}
	})
}
