// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"context"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxIndexDepth is how many indexes may lie within one another. No tool makes
// more than two.
const maxIndexDepth = 3

// source is where a survey reads from.
type source interface {
	manifest(ctx context.Context, identifier string) (body []byte, digest string, err error)
	config(ctx context.Context, digest v1.Hash) ([]byte, error)
}

// survey collects what an image holds.
type survey struct {
	source source
	// remaining is the number of manifests that may still be read.
	remaining int
	// images are the manifests found, those of which the config was read
	// included.
	images  map[Platform]v1.Hash
	configs map[Platform]imageConfig
}

// surveyImage reads an image's index and as few manifests and configs as it
// takes: none of an image whose index names all platforms, but for the one that
// port and user are read from.
func surveyImage(ctx context.Context, src source, ref reference, maxManifests int) (Facts, error) {
	s := survey{
		source:    src,
		remaining: maxManifests,
		images:    map[Platform]v1.Hash{},
		configs:   map[Platform]imageConfig{},
	}
	root, digest, err := s.read(ctx, ref.Identifier())
	if err != nil {
		return Facts{}, err
	}
	if err := s.add(ctx, root, v1.Hash{}, 0); err != nil {
		return Facts{}, err
	}
	if err := s.sample(ctx); err != nil {
		return Facts{}, err
	}
	return s.facts(ref.String(), digest), nil
}

func (s *survey) read(ctx context.Context, identifier string) (manifest, string, error) {
	if s.remaining == 0 {
		return manifest{}, "", errTooManyManifests
	}
	s.remaining--
	body, digest, err := s.source.manifest(ctx, identifier)
	if err != nil {
		return manifest{}, "", err
	}
	m, err := parseManifest(body)
	return m, digest, err
}

func (s *survey) readEntry(ctx context.Context, digest v1.Hash) (manifest, error) {
	if digest == (v1.Hash{}) {
		return manifest{}, errMalformedManifest
	}
	m, _, err := s.read(ctx, digest.String())
	return m, err
}

// add takes in a manifest, and what it refers to where that is needed.
func (s *survey) add(ctx context.Context, m manifest, digest v1.Hash, depth int) error {
	if m.config != nil {
		return s.addImage(ctx, *m.config, digest)
	}
	if depth == maxIndexDepth {
		return errTooDeep
	}
	for _, entry := range m.entries {
		kind, platform := classify(entry)
		switch kind {
		case entryImage:
			if err := s.addPlatform(platform, entry.Digest); err != nil {
				return err
			}
		case entryIndex, entryUnlabelled:
			if err := s.follow(ctx, entry.Digest, depth+1); err != nil {
				return err
			}
		case entryOmitted:
		}
	}
	return nil
}

// follow reads an entry of an index. One that the registry lacks is left out:
// mirrors often hold a part of an index only.
func (s *survey) follow(ctx context.Context, digest v1.Hash, depth int) error {
	m, err := s.readEntry(ctx, digest)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.add(ctx, m, digest, depth)
}

// addImage takes the platform from the config, for want of another source.
func (s *survey) addImage(ctx context.Context, config descriptor, digest v1.Hash) error {
	if config.MediaType != "" && !config.MediaType.IsConfig() {
		return nil
	}
	c, err := s.readConfig(ctx, config)
	if err != nil {
		return err
	}
	platform, ok := normalPlatform(c.platform.OS, c.platform.Architecture, c.platform.Variant)
	if !ok {
		return nil
	}
	if _, known := s.images[platform]; !known {
		s.configs[platform] = c
	}
	return s.addPlatform(platform, digest)
}

// addPlatform keeps the first of several images for one platform, as container
// runtimes do.
func (s *survey) addPlatform(platform Platform, digest v1.Hash) error {
	if _, known := s.images[platform]; known {
		return nil
	}
	if len(s.images) == maxPlatforms {
		return errTooManyPlatforms
	}
	s.images[platform] = digest
	return nil
}

func (s *survey) readConfig(ctx context.Context, config descriptor) (imageConfig, error) {
	if config.Digest == (v1.Hash{}) {
		return imageConfig{}, errMalformedManifest
	}
	body, err := s.source.config(ctx, config.Digest)
	if isMissing(err) {
		return imageConfig{}, errIncomplete
	}
	if err != nil {
		return imageConfig{}, err
	}
	return parseConfig(body)
}

// sample reads the config of one platform, unless one was read already. A
// platform whose manifest turns out to be missing is no platform of the image.
func (s *survey) sample(ctx context.Context) error {
	if len(s.configs) > 0 {
		return nil
	}
	if len(s.images) == 0 {
		return errNoLinux
	}
	for _, platform := range s.byPreference() {
		m, err := s.readEntry(ctx, s.images[platform])
		switch {
		case isMissing(err):
			delete(s.images, platform)
			continue
		case err != nil:
			return err
		case m.config == nil:
			return errNotManifest
		}
		c, err := s.readConfig(ctx, *m.config)
		if err != nil {
			return err
		}
		s.configs[platform] = c
		return nil
	}
	return errIncomplete
}

func (s *survey) byPreference() []Platform {
	sorted := s.platforms()
	first := Platform{OS: linux, Architecture: "amd64"}
	if i := slices.Index(sorted, first); i > 0 {
		sorted = slices.Insert(slices.Delete(sorted, i, i+1), 0, first)
	}
	return sorted
}

func (s *survey) platforms() []Platform {
	all := make([]Platform, 0, len(s.images))
	for p := range s.images {
		all = append(all, p)
	}
	slices.SortFunc(all, comparePlatforms)
	return all
}

func (s *survey) facts(reference, digest string) Facts {
	var ports []*int32
	var users []*int64
	for _, c := range s.configs {
		ports = append(ports, c.port)
		users = append(users, c.user)
	}
	return Facts{
		Reference: reference,
		Digest:    digest,
		Platforms: s.platforms(),
		Port:      agreed(ports),
		User:      agreed(users),
	}
}
