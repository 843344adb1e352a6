// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package platforms finds out what an image reference holds: its Linux
// platforms, the port that it exposes and the user that it runs as.
//
// It has three layers. Pure functions turn the bytes of an index, a manifest
// and a config into Facts (manifest.go, config.go, facts.go). A client asks one
// registry for those bytes, on the assumption that the registry is hostile
// (client.go, guard.go, survey.go). The Resolver keeps both out of its caller's
// way: Lookup never blocks, and an answer that arrives later is announced
// through Options.Notify.
//
// The nodes' own registry mirrors and credentials are not known here: an image
// that only they can reach is reported as unreachable or unauthorized.
package platforms
