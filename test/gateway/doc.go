// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gateway runs the operator beside a real Traefik, which serves the ways in that it makes, before throttled servers that stand in the
// place of simulated pods, at their addresses: what mixed sets serve by weights, and which requests fail as pods come and go. make gateway
// runs it.
//
// Everything runs in a network of its own, in which all addresses of pods are this machine's.
package gateway
