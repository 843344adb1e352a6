// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
	"github.com/elasticweb/elasticweb-operator/test/overlays"
)

// Right is one that an installation grants to the operator.
type Right struct {
	Verb, Group, Resource string
	Scope                 Scope
}

func (r Right) String() string {
	return fmt.Sprintf("%s %s of the group %q in %s", r.Verb, r.Resource, r.Group, r.Scope)
}

// Granted are the rights of each way to install the operator.
func Granted() (map[string][]Right, error) {
	all := map[string][]Right{}
	for _, overlay := range []string{"default", "namespaced", "openshift"} {
		objects, err := overlays.Build(overlay)
		if err != nil {
			return nil, err
		}
		if all["config/"+overlay], err = ofManifests(objects, ""); err != nil {
			return nil, fmt.Errorf("config/%s: %w", overlay, err)
		}
		if overlay != "default" {
			continue
		}
		if all["config/default without benchmarks"], err = ofManifests(objects, "elasticweb-benchmark-role"); err != nil {
			return nil, err
		}
	}
	bundle, err := manifests.ReadFile(filepath.Join(overlays.Root(), "bundle/manifests/elasticweb-operator.clusterserviceversion.yaml"))
	if err != nil {
		return nil, err
	}
	if all["OLM, AllNamespaces"], err = ofBundle(bundle[0], Cluster); err != nil {
		return nil, err
	}
	// OLM makes the roles of the operator's namespace and of the watched ones alike.
	all["OLM, OwnNamespace, SingleNamespace or MultiNamespace"], err = ofBundle(bundle[0], Watched)
	return all, err
}

// ofManifests are the rights by the roles that are bound to the operator's account, but for one.
func ofManifests(objects []*unstructured.Unstructured, without string) ([]Right, error) {
	account, err := accountOf(objects)
	if err != nil {
		return nil, err
	}
	var rights []Right
	for _, object := range objects {
		if object.GetKind() != "RoleBinding" && object.GetKind() != "ClusterRoleBinding" {
			continue
		}
		binding := &rbacv1.ClusterRoleBinding{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, binding); err != nil {
			return nil, err
		}
		isBound := slices.ContainsFunc(binding.Subjects, func(s rbacv1.Subject) bool {
			return s.Name == account.GetName() && s.Namespace == account.GetNamespace()
		})
		if !isBound || binding.RoleRef.Name == without {
			continue
		}
		role, err := roleOf(objects, binding.RoleRef, object.GetNamespace())
		if err != nil {
			return nil, err
		}
		scope := Cluster
		if object.GetKind() == "RoleBinding" {
			if scope = Watched; object.GetNamespace() == account.GetNamespace() {
				scope = Own
			}
		}
		rights = append(rights, ofRules(role.Rules, scope)...)
	}
	return rights, nil
}

func accountOf(objects []*unstructured.Unstructured) (*unstructured.Unstructured, error) {
	for _, object := range objects {
		if object.GetKind() == "ServiceAccount" && slices.Contains(accounts, object.GetName()) {
			return object, nil
		}
	}
	return nil, errors.New("there is no service account of the operator")
}

func roleOf(objects []*unstructured.Unstructured, ref rbacv1.RoleRef, namespace string) (*rbacv1.ClusterRole, error) {
	for _, object := range objects {
		if object.GetKind() == ref.Kind && object.GetName() == ref.Name && (ref.Kind == "ClusterRole" || object.GetNamespace() == namespace) {
			role := &rbacv1.ClusterRole{}
			return role, runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, role)
		}
	}
	return nil, fmt.Errorf("the %s %s is bound, and is not there", ref.Kind, ref.Name)
}

// ofBundle are the rights that OLM makes of a bundle, whose namespaced ones hold in the scope.
func ofBundle(csv *unstructured.Unstructured, namespaced Scope) ([]Right, error) {
	strategy, _, err := unstructured.NestedMap(csv.Object, "spec", "install", "spec")
	if err != nil {
		return nil, err
	}
	var rights []Right
	for field, scope := range map[string]Scope{"permissions": namespaced, "clusterPermissions": Cluster} {
		list, _, err := unstructured.NestedSlice(strategy, field)
		if err != nil {
			return nil, err
		}
		for _, each := range list {
			role := &rbacv1.ClusterRole{}                                                                              // it has rules, as each of them does.
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(each.(map[string]any), role); err != nil { //nolint:forcetypeassert // by the CSV's schema.
				return nil, err
			}
			rights = append(rights, ofRules(role.Rules, scope)...)
		}
	}
	return rights, nil
}

func ofRules(rules []rbacv1.PolicyRule, scope Scope) []Right {
	var rights []Right
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					rights = append(rights, Right{Verb: verb, Group: group, Resource: resource, Scope: scope})
				}
			}
		}
	}
	return rights
}
