// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"strings"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// IsNodePortTaken knows the API server's words for a node port that another Service has.
func IsNodePortTaken(err error) bool {
	return strings.Contains(err.Error(), "provided port is already allocated")
}

// NodePortTaken is the problem of a node port that another Service has. holder is whose, "" where it is no ElasticWeb's.
func NodePortTaken(port int32, holder string) Problem {
	whose := ", to a Service that no ElasticWeb has"
	if holder != "" {
		whose = " to " + holder
	}
	return Problem{Reason: elasticwebv1.ReasonNodePortConflict, Message: fmt.Sprintf(
		"node port %d is already allocated%s: choose another spec.port or spec.service.type, or free the port there", port, whose)}
}
