// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package images tests what builds, inspects and releases the images: the
// Dockerfiles and the make targets, with buildah and a registry on loopback.
//
// Its tests have the build tag images, since they need buildah. Most of them
// build small programs in the place of the product's, so that they are quick;
// those with the further tag product build the product itself.
package images
