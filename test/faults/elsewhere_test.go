// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// restless are resources that change by themselves, or with what is in a namespace: the addresses of its Services.
var restless = []string{"leases", "nodes", "ipaddresses"}

// listable is a kind that can be listed.
type listable struct {
	apischema.GroupVersionKind
	resource     string
	isNamespaced bool
}

// listables are all kinds of the API server.
func (r *run) listables() []listable {
	r.t.Helper()
	api, err := discovery.NewDiscoveryClientForConfig(r.world.plane.RESTConfig())
	r.must(err)
	lists, err := api.ServerPreferredResources()
	r.must(err)
	var all []listable
	for _, list := range lists {
		version, err := apischema.ParseGroupVersion(list.GroupVersion)
		r.must(err)
		for _, resource := range list.APIResources {
			if slices.Contains(resource.Verbs, "list") {
				all = append(all, listable{version.WithKind(resource.Kind), resource.Name, resource.Namespaced})
			}
		}
	}
	return all
}

// elsewhere is what is in the cluster but for the namespaces of runs, with its versions. The bystander's is not left out.
func (n *neighbours) elsewhere() map[string]string {
	n.t.Helper()
	isApart := func(namespace string) bool {
		return strings.HasPrefix(namespace, namespacePrefix) && namespace != n.bystander.namespace
	}
	versions := map[string]string{}
	for _, kind := range n.listables() {
		if slices.Contains(restless, kind.resource) {
			continue
		}
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := n.world.live.List(n.ctx, list); err != nil && !meta.IsNoMatchError(err) {
			continue // what is no object, such as the status of components.
		}
		for i := range list.Items {
			object := &list.Items[i]
			// What the API server says of the addresses of Services.
			isRepair := kind.Kind == "Event" && object.Namespace == metav1.NamespaceDefault
			if !isApart(object.Namespace) && !isApart(object.Name) && !isRepair {
				versions[fmt.Sprintf("%s %s/%s", kind.resource, object.Namespace, object.Name)] = object.ResourceVersion
			}
		}
	}
	return versions
}

// readable is all that the tenant can read, by kind and name. It can read nothing of the neighbours.
func (h *hostile) readable(ctx context.Context) map[string]string {
	h.t.Helper()
	texts := map[string]string{}
	for _, kind := range h.listables() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		scopes := []string{""}
		if kind.isNamespaced {
			scopes = append(scopes, h.namespaces...)
			for _, foreign := range h.foreign {
				if h.as.List(ctx, list, client.InNamespace(foreign)) == nil {
					h.differ("the tenant can list the %s of %s", kind.resource, foreign)
				}
			}
		}
		for _, namespace := range scopes {
			if h.as.List(ctx, list, client.InNamespace(namespace)) != nil {
				continue
			}
			for i := range list.Items {
				text, err := list.Items[i].MarshalJSON()
				h.must(err)
				texts[fmt.Sprintf("%s %s/%s", kind.resource, namespace, list.Items[i].GetName())] = string(text)
			}
		}
	}
	return texts
}

// expectNoWord looks for words as they are, and as they stand in Secrets.
func (n *neighbours) expectNoWord(where, text string, words []string) {
	n.t.Helper()
	for _, word := range words {
		for _, spelt := range spellings(word) {
			if at := strings.Index(text, spelt); at >= 0 {
				n.differ("%s tells %s: %s", where, word, text[max(0, at-200):min(len(text), at+200)])
			}
		}
	}
}

// spellings are a word itself, and what is sure of it in the base64 of a text that holds it.
func spellings(word string) []string {
	all := []string{word}
	for before := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", before) + word))
		all = append(all, encoded[4:len(encoded)-4])
	}
	return all
}

func body(request *http.Request) (string, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}
