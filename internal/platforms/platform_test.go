// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalPlatform(t *testing.T) {
	tests := map[string]struct {
		os, architecture, variant string
		want                      string
	}{
		"amd64":                         {os: "linux", architecture: "amd64", want: "linux/amd64"},
		"amd64 v1 is plain amd64":       {os: "linux", architecture: "amd64", variant: "v1", want: "linux/amd64"},
		"amd64 v3 is a variant":         {os: "linux", architecture: "amd64", variant: "v3", want: "linux/amd64/v3"},
		"the kernel's name of amd64":    {os: "Linux", architecture: "x86_64", want: "linux/amd64"},
		"arm64":                         {os: "linux", architecture: "arm64", want: "linux/arm64"},
		"arm64 v8 is plain arm64":       {os: "linux", architecture: "arm64", variant: "v8", want: "linux/arm64"},
		"the kernel's name of arm64":    {os: "linux", architecture: "aarch64", want: "linux/arm64"},
		"arm v7 is not arm64":           {os: "linux", architecture: "arm", variant: "v7", want: "linux/arm/v7"},
		"arm without variant is v7":     {os: "linux", architecture: "arm", want: "linux/arm/v7"},
		"arm 6":                         {os: "linux", architecture: "arm", variant: "6", want: "linux/arm/v6"},
		"armel":                         {os: "linux", architecture: "armel", want: "linux/arm/v6"},
		"i386":                          {os: "linux", architecture: "i386", want: "linux/386"},
		"s390x":                         {os: "linux", architecture: "s390x", want: "linux/s390x"},
		"ppc64le":                       {os: "linux", architecture: "ppc64le", want: "linux/ppc64le"},
		"riscv64":                       {os: "linux", architecture: "riscv64", want: "linux/riscv64"},
		"windows":                       {os: "windows", architecture: "amd64"},
		"attestation":                   {os: "unknown", architecture: "unknown"},
		"unknown architecture":          {os: "linux", architecture: "unknown"},
		"no architecture":               {os: "linux"},
		"no operating system":           {architecture: "amd64"},
		"not a label value":             {os: "linux", architecture: "amd64\n- key: x"},
		"too long for a label value":    {os: "linux", architecture: "a123456789012345678901234567890123456789"},
		"variant that is no word":       {os: "linux", architecture: "amd64", variant: "../.."},
		"architecture that ends in '-'": {os: "linux", architecture: "amd64-"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if p, ok := normalPlatform(tc.os, tc.architecture, tc.variant); ok {
				got = p.String()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
