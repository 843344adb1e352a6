// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"strings"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// The API server's words for a node port that another Service has, and for one outside the cluster's range.
const (
	portTaken      = "provided port is already allocated"
	portOutOfRange = "provided port is not in the valid range"
)

// nodePortWords are the words of every refusal of a node port.
var nodePortWords = []string{portTaken, portOutOfRange, "nodePort"}

// IsNodePortTaken reports whether a Service was refused for a node port that another one has.
func IsNodePortTaken(err error) bool { return strings.Contains(err.Error(), portTaken) }

func nodePortRefusal(message string) Problem {
	if saysAny(message, portOutOfRange) {
		return Problem{Reason: elasticwebv1.ReasonNodePortConflict, IsFinal: true,
			Message: "choose a spec.port within the cluster's node port range, or another spec.service.type"}
	}
	return Problem{Reason: elasticwebv1.ReasonNodePortConflict,
		Message: "choose a free spec.port within the cluster's node port range, or another spec.service.type"}
}

// NodePortTakenError says that another Service has a node port.
type NodePortTakenError struct {
	Port int32
	// Holder is whose Service has it; "" where it is no ElasticWeb's.
	Holder string
}

// Error implements error.
func (e *NodePortTakenError) Error() string { return e.problem().Message }

func (e *NodePortTakenError) problem() Problem {
	whose := ", to a Service that no ElasticWeb has"
	if e.Holder != "" {
		whose = " to " + e.Holder
	}
	return Problem{Reason: elasticwebv1.ReasonNodePortConflict, Message: fmt.Sprintf(
		"node port %d is already allocated%s: choose another spec.port or spec.service.type, or free the port there", e.Port, whose)}
}
