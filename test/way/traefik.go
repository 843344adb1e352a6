// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"encoding/json"
	"fmt"
)

// TraefikConfiguration is what Traefik's Gateway provider makes of an HTTPRoute with these backends: each a load balancer over its pods by
// turns, and over them one that goes by the weights. (traefik v3.6.12, pkg/provider/kubernetes/gateway/httproute.go, loadWRRService.)
func TraefikConfiguration(services []Service) ([]byte, error) {
	type object = map[string]any
	all := object{}
	var weighted []object
	for i, service := range services {
		name := fmt.Sprint("backend-", i)
		servers := []object{}
		for _, pod := range service.Pods {
			servers = append(servers, object{"url": "http://" + pod})
		}
		all[name] = object{"loadBalancer": object{"servers": servers, "passHostHeader": true}}
		weighted = append(weighted, object{"name": name, "weight": service.Weight})
	}
	all["route"] = object{"weighted": object{"services": weighted}}
	return json.Marshal(object{"http": object{
		"routers":  object{"route": object{"rule": "PathPrefix(`/`)", "service": "route"}},
		"services": all,
	}})
}
