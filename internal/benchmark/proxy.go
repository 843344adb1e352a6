// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// withoutUserInfo are the variables of proxies as anybody may read them: the address alone. Who runs the measured pod may read
// its variables, and has no right to the operator's passwords.
func withoutUserInfo(proxy []corev1.EnvVar) []corev1.EnvVar {
	var public []corev1.EnvVar
	for _, variable := range proxy {
		if strings.EqualFold(variable.Name, "NO_PROXY") {
			variable.Value = publicHosts(variable.Value)
		} else {
			variable.Value = publicAddress(variable.Value)
		}
		if variable.Value != "" {
			public = append(public, variable)
		}
	}
	return public
}

// publicAddress is scheme, host and port of an address, "" where it is none. Everything before the last @ may belong to a
// password that is not escaped as it should be.
func publicAddress(address string) string {
	scheme, rest, hasScheme := strings.Cut(address, "://")
	if !hasScheme {
		scheme, rest = "http", address
	}
	parsed, err := url.Parse(scheme + "://" + rest[strings.LastIndex(rest, "@")+1:])
	if err != nil || parsed.Hostname() == "" || parsed.User != nil {
		return ""
	}
	if !hasScheme {
		return parsed.Host
	}
	return parsed.Scheme + "://" + parsed.Host
}

// publicHosts are the entries of a list of hosts that are nothing else.
func publicHosts(list string) string {
	var hosts []string
	for host := range strings.SplitSeq(list, ",") {
		if !strings.Contains(host, "@") {
			hosts = append(hosts, host)
		}
	}
	return strings.Join(hosts, ",")
}
