// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way

import (
	"slices"
	"strings"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// KindOf is the kind of the way in that an ElasticWeb asks for; "" for none.
func KindOf(web *elasticwebv1.ElasticWeb) string {
	switch asked := web.Spec.Expose; {
	case asked == nil:
		return ""
	case asked.HTTPRoute != nil:
		return KindHTTPRoute
	case asked.Route != nil:
		return KindRoute
	case asked.Ingress != nil:
		return KindIngress
	default:
		return ""
	}
}

// ParentReferences are the Gateways of an ElasticWeb that asks for an HTTPRoute, as that names them.
func ParentReferences(web *elasticwebv1.ElasticWeb) []ParentReference {
	references := make([]ParentReference, 0, len(web.Spec.Expose.HTTPRoute.ParentRefs))
	for _, parent := range web.Spec.Expose.HTTPRoute.ParentRefs {
		references = append(references, ParentReference{
			Group: HTTPRouteVersion.Group, Kind: "Gateway", Namespace: parent.Namespace, Name: parent.Name,
			SectionName: parent.SectionName, Port: ptr.Deref(parent.Port, 0),
		})
	}
	return references
}

// Address is the URL under which clients reach the application; "" where the spec has only names that stand for many, or none, and no host is
// known otherwise.
func Address(web *elasticwebv1.ElasticWeb, host string) string {
	isSecure, path := false, elasticwebv1.URLPath("")
	switch asked := web.Spec.Expose; KindOf(web) {
	case KindHTTPRoute:
		host, path = firstName(asked.HTTPRoute.Hostnames), asked.HTTPRoute.PathPrefix
		isSecure = slices.ContainsFunc(asked.HTTPRoute.ParentRefs, isOfHTTPS)
	case KindRoute:
		if asked.Route.Host != "" {
			host = string(asked.Route.Host)
		}
		path, isSecure = asked.Route.Path, asked.Route.TLS != nil
	case KindIngress:
		host = firstName([]elasticwebv1.Hostname{asked.Ingress.Host})
		path, isSecure = asked.Ingress.Path, asked.Ingress.TLS != nil
	}
	if host == "" {
		return ""
	}
	scheme := "http://"
	if isSecure {
		scheme = "https://"
	}
	return scheme + host + "/" + strings.TrimPrefix(string(path), "/")
}

// isOfHTTPS tells it by what the spec says, since the operator reads no Gateways.
func isOfHTTPS(gateway elasticwebv1.GatewayReference) bool {
	return ptr.Deref(gateway.Port, 0) == 443 || strings.HasPrefix(gateway.SectionName, "https")
}

// firstName is the first that stands for one host alone.
func firstName(names []elasticwebv1.Hostname) string {
	at := slices.IndexFunc(names, func(name elasticwebv1.Hostname) bool { return !strings.HasPrefix(string(name), "*") })
	if at < 0 {
		return ""
	}
	return string(names[at])
}
