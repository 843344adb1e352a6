// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestNoUserInfoIsPassedOn(t *testing.T) {
	for given, want := range map[string]string{
		"http://proxy.example.com:3128":  "http://proxy.example.com:3128",
		"http://proxy.example.com:3128/": "http://proxy.example.com:3128",
		"proxy.example.com:3128":         "proxy.example.com:3128",
		"proxy":                          "proxy",
		"http://[fd00::1]:3128":          "http://[fd00::1]:3128",
		"http://user:secret@proxy:3128":  "http://proxy:3128",
		"http://secret@proxy:3128":       "http://proxy:3128",
		"user:secret@proxy:3128":         "proxy:3128",
		"socks5://user:secret@proxy":     "socks5://proxy",
		"HTTPS://user:secret@proxy":      "https://proxy",
		"http://user:sec%40ret@proxy":    "http://proxy",
		"http://user:s@ecret@proxy":      "http://proxy",
		"http://user:s/ecret@proxy":      "http://proxy",
		"http://user:s?ecret#@proxy":     "http://proxy",
		"http://user:s://ecret@proxy":    "http://proxy",
		"user:s://ecret@proxy":           "",
		"http://proxy?token=secret":      "http://proxy",
		"http://proxy/secret#secret":     "http://proxy",
		"http://user:secret@":            "",
		"http://user:secret":             "",
		"user:secret":                    "",
		"http://user:secret%40proxy":     "",
		"http://":                        "",
		"http://user:secret@proxy:port":  "",
		"http://user:secret@pro xy":      "",
		"\x00secret":                     "",
	} {
		for _, name := range []string{"HTTP_PROXY", "https_proxy"} {
			got := withoutUserInfo([]corev1.EnvVar{{Name: name, Value: given}})
			if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || got[0].Value != want) {
				t.Errorf("%s=%q became %v, want %q", name, given, got, want)
			}
		}
	}
	for given, want := range map[string]string{
		"10.0.0.0/8,.svc,localhost": "10.0.0.0/8,.svc,localhost", "a,user:secret@b,c": "a,c", "*": "*",
	} {
		if got := withoutUserInfo([]corev1.EnvVar{{Name: "no_proxy", Value: given}}); len(got) != 1 || got[0].Value != want {
			t.Errorf("%q became %v, want %q", given, got, want)
		}
	}
}
