// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"fmt"
	"strings"
)

// Service is a backend of a Route: its weight, and the addresses of its pods, as host:port.
type Service struct {
	Weight int32
	Pods   []string
}

// RouterWeights are those that OpenShift's router gives each pod of each Service: the weight of a Service is divided by the number of its
// pods, these are scaled so that the greatest is 256, cut to whole numbers, and are 1 at least. Where only one Service has pods and a
// weight, its pods have 1. (openshift/router, pkg/router/template/router.go, calculateServiceWeights, at 015e038.)
func RouterWeights(services []Service) []int32 {
	weights := make([]int32, len(services))
	active := 0
	var greatest float32
	perPod := make([]float32, len(services))
	for i, service := range services {
		if len(service.Pods) == 0 {
			continue
		}
		perPod[i] = float32(service.Weight) / float32(len(service.Pods))
		greatest = max(greatest, perPod[i])
		if service.Weight > 0 {
			active++
			weights[i] = 1
		}
	}
	if active < 2 {
		return weights
	}
	for i := range services {
		weights[i] = int32(perPod[i] * (256 / greatest))
		if perPod[i] > 0 {
			weights[i] = max(weights[i], 1)
		}
	}
	return weights
}

// RouterConfiguration is what HAProxy is given for a Route without TLS, as far as it decides where requests go: all pods of all Services
// in one backend. A pod of several Services is in it several times, under several names.
func RouterConfiguration(listen string, services []Service) string {
	var text strings.Builder
	fmt.Fprintf(&text, `global
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option redispatch
  retries 3
frontend public
  bind %s
  default_backend be_http:dev:shop
backend be_http:dev:shop
  balance roundrobin
`, listen)
	weights := RouterWeights(services)
	for i, service := range services {
		for _, pod := range service.Pods {
			fmt.Fprintf(&text, "  server pod:%d:%s %s weight %d\n", i, pod, pod, weights[i])
		}
	}
	return text.String()
}
