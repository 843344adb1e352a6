// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCount(t *testing.T) {
	tests := map[string]struct {
		events []string
		want   result
	}{
		"nothing ran": {},
		"subtests count, their parent does not": {
			events: []string{
				`{"Action":"pass","Package":"p","Test":"TestA/one"}`,
				`{"Action":"fail","Package":"p","Test":"TestA/two/deep"}`,
				`{"Action":"fail","Package":"p","Test":"TestA/two"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"skip","Package":"p","Test":"TestB"}`,
				`{"Action":"fail","Package":"p","Elapsed":1.5}`,
			},
			want: result{
				passed: 1, failed: 1, skipped: 1,
				failures: []string{"p TestA/two/deep"},
				packages: []pkg{{"p", 1500 * time.Millisecond}},
			},
		},
		"a parent that fails by itself counts": {
			events: []string{
				`{"Action":"pass","Package":"p","Test":"TestA/one"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
			},
			want: result{passed: 1, failed: 1, failures: []string{"p TestA"}},
		},
		"the specs of a suite count one by one": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestSuite","Output":"\u001b[38;5;10m\u001b[1mSUCCESS!\u001b[0m -- \u001b[38;5;10m\u001b[1m12 Passed\u001b[0m | \u001b[38;5;9m\u001b[1m0 Failed\u001b[0m | \u001b[38;5;11m\u001b[1m1 Pending\u001b[0m | \u001b[38;5;14m\u001b[1m2 Skipped\u001b[0m\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestSuite"}`,
			},
			want: result{passed: 12, skipped: 3},
		},
		"failed specs count one by one": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestSuite","Output":"FAIL! -- 9 Passed | 2 Failed | 0 Pending | 0 Skipped\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestSuite"}`,
			},
			want: result{passed: 9, failed: 2, failures: []string{"p TestSuite"}},
		},
		"a suite that fails with no failed spec is a failure": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestSuite","Output":"FAIL! - Interrupted -- 9 Passed | 0 Failed | 0 Pending | 4 Skipped\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestSuite"}`,
			},
			want: result{passed: 9, failed: 1, skipped: 4, failures: []string{"p TestSuite"}},
		},
		"a package that does not build is a failure": {
			events: []string{
				`{"Action":"build-output","ImportPath":"p","Output":"undefined: x\n"}`,
				`{"Action":"build-fail","ImportPath":"p"}`,
				`{"Action":"fail","Package":"p","FailedBuild":"p"}`,
				`{"Action":"pass","Package":"q","Elapsed":2}`,
			},
			want: result{
				failed:   1,
				failures: []string{"p"},
				packages: []pkg{{"q", 2 * time.Second}, {"p", 0}},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			events, err := decodeEvents(strings.NewReader(strings.Join(tt.events, "\n")))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, count(events), cmp.AllowUnexported(result{}, pkg{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
