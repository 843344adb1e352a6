// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package way holds the weights of internal/way against the programs that are given them: HAProxy with the configuration that OpenShift's
// router makes of a Route, and Traefik with what its Gateway provider makes of an HTTPRoute. Its command, cmd/way, measures what each way
// to spread requests is worth.
package way
