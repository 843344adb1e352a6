// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package way holds the weights of internal/way against the program that is given them, HAProxy with the configuration that OpenShift's
// router makes of a Route, and the numbers of pods against the optimum. Its command, test/way/measure, tells these for worlds of several
// architectures.
package way
