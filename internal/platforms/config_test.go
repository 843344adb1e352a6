// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyTCPPort(t *testing.T) {
	tests := map[string]struct {
		ports []string
		want  *int32
	}{
		"none":                        {},
		"one":                         {ports: []string{"8080/tcp"}, want: new(int32(8080))},
		"no protocol means TCP":       {ports: []string{"80"}, want: new(int32(80))},
		"upper case":                  {ports: []string{"80/TCP"}, want: new(int32(80))},
		"UDP beside it":               {ports: []string{"53/udp", "8080/tcp"}, want: new(int32(8080))},
		"UDP only":                    {ports: []string{"53/udp"}},
		"two":                         {ports: []string{"80/tcp", "443/tcp"}},
		"the same twice":              {ports: []string{"80/tcp", "80"}, want: new(int32(80))},
		"a range is several":          {ports: []string{"8000-8010/tcp"}},
		"a range beside one":          {ports: []string{"80/tcp", "8000-8010/tcp"}},
		"what is no port is ignored":  {ports: []string{"", "http", "0", "65536", "80/tcp/x", "8080"}, want: new(int32(8080))},
		"a variable left as it was":   {ports: []string{"$PORT/tcp"}},
		"the highest":                 {ports: []string{"65535/tcp"}, want: new(int32(65535))},
		"the same number for UDP too": {ports: []string{"80/udp", "80/tcp"}, want: new(int32(80))},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, onlyTCPPort(tc.ports)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNumericUser(t *testing.T) {
	tests := map[string]struct {
		user string
		want *int64
	}{
		"none":                     {},
		"number":                   {user: "1001", want: new(int64(1001))},
		"number and group":         {user: "65532:65532", want: new(int64(65532))},
		"number and group by name": {user: "1001:web", want: new(int64(1001))},
		"root by number":           {user: "0"},
		"root by number and group": {user: "0:1001"},
		"root by name":             {user: "root"},
		"name":                     {user: "nginx"},
		"name with digits":         {user: "1001a"},
		"negative":                 {user: "-1"},
		"signed":                   {user: "+1"},
		"highest":                  {user: "2147483647", want: new(int64(2147483647))},
		"above what Kubernetes has": {
			user: "2147483648",
		},
		"above any number": {user: strings.Repeat("9", 40)},
		"group only":       {user: ":1001"},
		"blank":            {user: " 1001"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, numericUser(tc.user)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseConfig(t *testing.T) {
	tests := map[string]struct {
		body string
		want imageConfig
		err  error
	}{
		"all there is": {
			body: `{"os":"linux","architecture":"arm","variant":"v7","config":{"User":"101","ExposedPorts":{"8080/tcp":{}}}}`,
			want: imageConfig{
				platform: ociPlatform{OS: "linux", Architecture: "arm", Variant: "v7"},
				port:     new(int32(8080)),
				user:     new(int64(101)),
			},
		},
		"no config": {
			body: `{"os":"linux","architecture":"amd64"}`,
			want: imageConfig{platform: ociPlatform{OS: "linux", Architecture: "amd64"}},
		},
		"nulls": {
			body: `{"os":"linux","architecture":"amd64","config":{"User":null,"ExposedPorts":null}}`,
			want: imageConfig{platform: ociPlatform{OS: "linux", Architecture: "amd64"}},
		},
		"a bad date elsewhere": {
			body: `{"os":"linux","architecture":"amd64","created":"yesterday"}`,
			want: imageConfig{platform: ociPlatform{OS: "linux", Architecture: "amd64"}},
		},
		"ports in a list":   {body: `{"config":{"ExposedPorts":["80/tcp"]}}`, err: errMalformedConfig},
		"a number for user": {body: `{"config":{"User":5}}`, err: errMalformedConfig},
		"no JSON":           {body: `<html>`, err: errMalformedConfig},
		"nothing":           {err: errMalformedConfig},
		"too many ports":    {body: `{"config":{"ExposedPorts":{` + strings.Repeat(`"1":{},`, maxExposedPorts) + `"1":{}}}}`, err: errMalformedConfig},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseConfig([]byte(tc.body))
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(imageConfig{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
