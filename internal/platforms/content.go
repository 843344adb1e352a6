// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

// contentError is something wrong with what a registry holds. It completes the
// sentence "the image cannot be used: ...", and quotes nothing of the content.
type contentError string

func (e contentError) Error() string { return string(e) }

const (
	errMalformedManifest contentError = "its manifest is malformed"
	errMalformedConfig   contentError = "its config is malformed"
	errNotManifest       contentError = "it is neither an image index nor an image manifest"
	errSchema1           contentError = "it is in Docker's image format of before 2016 (schema 1), which container runtimes no longer run"
	errWrongDigest       contentError = "what the registry sends does not have the digest that was asked for"
	errTooLarge          contentError = "its manifest or config is too large"
	errTooManyManifests  contentError = "its index refers to too many manifests that have to be read one by one"
	errTooManyPlatforms  contentError = "its index lists too many platforms"
	errTooDeep           contentError = "its indexes are nested too deeply"
	errNoLinux           contentError = "it holds nothing that runs on Linux"
	errIncomplete        contentError = "the registry lacks manifests or configs that the image refers to"
)
