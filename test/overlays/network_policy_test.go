// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package overlays

import (
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

// Who the manager speaks to, by protocol, address and port.
func TestWhatTheNetworkPolicyLetsOut(t *testing.T) {
	egress := policy(t).Spec.Egress
	const registry, registry6 = "203.0.113.7", "2001:db8::7"
	for _, row := range []struct {
		protocol  corev1.Protocol
		addresses []string
		ports     []int32
		want      bool
	}{
		{corev1.ProtocolUDP, []string{"10.96.0.10", "169.254.20.10", "fd00:10::a"}, []int32{53, 5353}, true},
		{corev1.ProtocolTCP, []string{"10.96.0.10", "169.254.20.10", "fd00:10::a"}, []int32{53, 5353}, true},
		{corev1.ProtocolTCP, []string{"10.96.0.1", "192.168.1.2", registry, "fd00:10::1", registry6}, []int32{443, 6443, 8443, 16443}, true},
		{corev1.ProtocolTCP, []string{uncounted}, []int32{443, 6443, 8443, 16443}, true},
		{corev1.ProtocolTCP, []string{uncounted}, []int32{22, 80, 2379, 8080, 9090, 10250}, false},
		{corev1.ProtocolTCP, []string{"10.0.0.5", registry, registry6, "64:ff9b::cb00:7107"}, []int32{80, 443, 3128, 5000, 5050, 8080, 9090, 9091, 9092}, true},
		{corev1.ProtocolTCP, []string{"10.0.0.5", registry, registry6}, []int32{22, 25, 2379, 3306, 5432, 6379, 9093, 10250}, false},
		{corev1.ProtocolUDP, []string{"10.0.0.5", registry, registry6}, []int32{80, 443, 6443}, false},
		{corev1.ProtocolTCP, metadata, []int32{80, 988, 5000, 8080, 8775, 9090, 32526}, false},
	} {
		for _, address := range row.addresses {
			for _, port := range row.ports {
				if got := letsOut(egress, row.protocol, netip.MustParseAddr(address), port); got != row.want {
					t.Errorf("%s to %s, port %d: %t", row.protocol, address, port, got)
				}
			}
		}
	}
}

// metadata are the addresses at which clouds hand out what a node may do.
var metadata = []string{
	"169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.42.42", "169.254.0.23", // AWS, and all that took its address; Scaleway, Tencent
	"168.63.129.16", "100.100.100.200", "100.96.0.96", "192.0.0.192", // Azure, Alibaba, Volcano Engine, Oracle
	"fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "fd00:c1::a9fe:a9fe", "fd00:a9fe:a9fe::1", "fe80::a9fe:a9fe",
	"64:ff9b::a9fe:a9fe", "64:ff9b::a83f:8110", "64:ff9b::6464:64c8", "64:ff9b::6460:60", "64:ff9b::c000:c0", // by NAT64
}

// Metrics can be scraped from anywhere: who may is for the API server to say.
func TestWhoTheNetworkPolicyLetsIn(t *testing.T) {
	ingress := policy(t).Spec.Ingress
	if len(ingress) != 1 || len(ingress[0].From) != 0 || len(ingress[0].Ports) != 1 || ingress[0].Ports[0].Port.IntValue() != 8443 {
		t.Errorf("it lets in %+v, want anybody to the metrics alone", ingress)
	}
}

func TestWhereTheNetworkPolicyIs(t *testing.T) {
	if testing.Short() {
		t.Skip("needs bin/kustomize")
	}
	for overlay, want := range map[string]int{
		"default": 1, "namespaced": 1, "openshift": 1,
		"manifests": 0, // the pipelines of community catalogs refuse it in a bundle.
	} {
		objects, err := Build(overlay)
		if err != nil {
			t.Fatal(err)
		}
		isPolicy := func(o *unstructured.Unstructured) bool { return o.GetKind() == "NetworkPolicy" }
		policies := slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool { return !isPolicy(o) })
		if len(policies) != want {
			t.Errorf("%s holds %d network policies, want %d", overlay, len(policies), want)
		}
		manager := objects[slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Deployment" })]
		for _, policy := range policies {
			if policy.GetNamespace() != manager.GetNamespace() || !selects(policy, manager) {
				t.Errorf("%s: the policy %s/%s does not select the manager", overlay, policy.GetNamespace(), policy.GetName())
			}
		}
	}
}

func selects(policy, manager *unstructured.Unstructured) bool {
	wanted, _, _ := unstructured.NestedStringMap(policy.Object, "spec", "podSelector", "matchLabels")
	labels, _, _ := unstructured.NestedStringMap(manager.Object, "spec", "template", "metadata", "labels")
	for key, value := range wanted {
		if labels[key] != value {
			return false
		}
	}
	return len(wanted) > 0
}

func policy(t *testing.T) *networkingv1.NetworkPolicy {
	t.Helper()
	objects, err := manifests.ReadFile(filepath.Join(Root(), "config/network-policy/manager.yaml"))
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	policy := &networkingv1.NetworkPolicy{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(objects[0].Object, policy, true); err != nil {
		t.Fatal(err)
	}
	return policy
}

// uncounted is the address of a node, where the network counts no node to a block of addresses.
const uncounted = "192.168.1.3"

// letsOut judges as the API describes it: rules add to each other, and one without peers is for all.
func letsOut(rules []networkingv1.NetworkPolicyEgressRule, protocol corev1.Protocol, address netip.Addr, port int32) bool {
	return slices.ContainsFunc(rules, func(rule networkingv1.NetworkPolicyEgressRule) bool {
		ofPort := slices.ContainsFunc(rule.Ports, func(p networkingv1.NetworkPolicyPort) bool {
			return ptr.Deref(p.Protocol, corev1.ProtocolTCP) == protocol && p.Port.IntVal == port
		})
		ofAddress := len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(peer networkingv1.NetworkPolicyPeer) bool {
			return peer.IPBlock != nil && address.String() != uncounted && contains(peer.IPBlock.CIDR, address) &&
				!slices.ContainsFunc(peer.IPBlock.Except, func(except string) bool { return contains(except, address) })
		})
		return ofPort && ofAddress
	})
}

func contains(prefix string, address netip.Addr) bool {
	return netip.MustParsePrefix(prefix).Contains(address)
}
