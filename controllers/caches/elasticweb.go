// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"slices"
	"sync"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// trimElasticWeb keeps all of an ElasticWeb but what of its metadata is not read: the API server bounds labels, finalizers and owners no more
// than by what an object may weigh. What ElasticWebs have in common, they share.
func trimElasticWeb() func(*elasticwebv1.ElasticWeb) *elasticwebv1.ElasticWeb {
	common := &commonStrings{known: map[string]string{}}
	return func(web *elasticwebv1.ElasticWeb) *elasticwebv1.ElasticWeb {
		web.ManagedFields, web.Labels, web.Finalizers, web.OwnerReferences = nil, nil, nil, nil
		paused := web.Annotations[elasticwebv1.AnnotationPaused]
		if web.Annotations = nil; paused != "" && len(paused) <= len("false") { // what is longer says neither.
			web.Annotations = map[string]string{elasticwebv1.AnnotationPaused: paused}
		}
		common.share(&web.Namespace, &web.Spec.Image)
		common.shareStatus(&web.Status)
		return web
	}
}

// commonStrings keeps one of each string that many objects have. A decoder makes a new one for each of them.
type commonStrings struct {
	mu    sync.Mutex
	known map[string]string
}

// There are few reasons and messages, but images may be without number. What is forgotten is no longer shared.
const (
	longestCommonString = 512
	mostCommonStrings   = 2048
)

func (c *commonStrings) shareStatus(status *elasticwebv1.ElasticWebStatus) {
	status.Conditions = slices.Clone(status.Conditions) // a decoder leaves room for more.
	for i := range status.Conditions {
		condition := &status.Conditions[i]
		c.share(&condition.Type, (*string)(&condition.Status), &condition.Reason, &condition.Message)
	}
	status.Architectures = slices.Clone(status.Architectures) // a decoder leaves room for more.
	for i := range status.Architectures {
		c.share(&status.Architectures[i].Name, (*string)(&status.Architectures[i].Source))
	}
	c.share(&status.PodsByArchitecture)
	if image := status.Image; image != nil {
		c.share(&image.Reference, &image.Digest)
		image.Platforms = slices.Clone(image.Platforms) // a decoder leaves room for more.
		for i := range image.Platforms {
			c.share(&image.Platforms[i])
		}
	}
}

func (c *commonStrings) share(texts ...*string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range texts {
		if len(*text) > longestCommonString {
			continue
		}
		first, isKnown := c.known[*text]
		if !isKnown {
			if len(c.known) >= mostCommonStrings {
				clear(c.known)
			}
			first = *text
			c.known[first] = first
		}
		*text = first
	}
}
