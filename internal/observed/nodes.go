// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/utils/lru"

	"github.com/elasticweb/elasticweb-operator/internal/placement"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// Nodes are those of the cluster. They are never changed once they were given out. The zero value is for an operator that may not read
// them.
type Nodes struct {
	// Architecture by the name of a node.
	Architecture map[string]string
	// HasKarpenter is true where Karpenter made one.
	HasKarpenter bool
	// groups of Linux nodes that are alike for every pod, by what they are like; nil where the operator may not read nodes.
	groups map[string]nodeGroup
	// forAny counts them for pods without any terms, counted for those with some, by a hash of these.
	forAny  *plan.Nodes
	counted *lru.Cache
}

// mostCounted bounds for how many terms the counts are remembered: users choose these, and nodes may stay as they are for months.
const mostCounted = 4096

// nodeGroup has one of the nodes, and their number.
type nodeGroup struct {
	like  *corev1.Node
	count int
}

// labelNodePool is on every node that Karpenter made.
const labelNodePool = "karpenter.sh/nodepool"

// NodeTerms are what of a pod decides about the nodes that it may be bound to.
type NodeTerms struct {
	NodeSelector map[string]string
	Affinity     *corev1.Affinity
	Tolerations  []corev1.Toleration
}

// CountNodes counts the Linux nodes of a cluster, those that are alike together.
func CountNodes(nodes []corev1.Node) Nodes {
	result := Nodes{Architecture: make(map[string]string, len(nodes)), groups: map[string]nodeGroup{}, counted: lru.New(mostCounted)}
	for i := range nodes {
		architecture := nodes[i].Labels[corev1.LabelArchStable]
		result.Architecture[nodes[i].Name] = architecture
		if _, isPooled := nodes[i].Labels[labelNodePool]; isPooled {
			result.HasKarpenter = true
		}
		if system, isThere := nodes[i].Labels[corev1.LabelOSStable]; architecture == "" || isThere && system != "linux" {
			continue
		}
		likeness := likenessOf(&nodes[i])
		result.groups[likeness] = nodeGroup{&nodes[i], result.groups[likeness].count + 1}
	}
	result.forAny = result.count(NodeTerms{})
	return result
}

// For counts the nodes by architecture as the scheduler does for pods with these terms; nil where the operator may not read nodes. The
// names of nodes are not looked at, whatever the terms say of them.
func (n Nodes) For(terms NodeTerms) *plan.Nodes {
	if terms.NodeSelector == nil && terms.Affinity == nil && terms.Tolerations == nil || n.groups == nil {
		return n.forAny
	}
	text, err := json.Marshal(terms)
	if err != nil {
		return n.count(terms)
	}
	key := sha256.Sum256(text)
	if known, isKnown := n.counted.Get(key); isKnown {
		return known.(*plan.Nodes) // nothing else is in it.
	}
	counts := n.count(terms)
	n.counted.Add(key, counts)
	return counts
}

func (n Nodes) count(terms NodeTerms) *plan.Nodes {
	counts := &plan.Nodes{All: map[string]int{}, Schedulable: map[string]int{}}
	required := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: corev1.PodSpec{
		NodeSelector: nameless(terms.NodeSelector), Affinity: namelessAffinity(terms.Affinity),
	}})
	for _, group := range n.groups {
		architecture := group.like.Labels[corev1.LabelArchStable]
		if matches, err := required.Match(group.like); err != nil || !matches {
			continue
		}
		refused := refusedBy(group.like, architecture, terms.Tolerations)
		if !slices.ContainsFunc(refused, isLasting) {
			counts.All[architecture] += group.count
		}
		if len(refused) == 0 && group.like.DeletionTimestamp == nil {
			counts.Schedulable[architecture] += group.count
		}
	}
	return counts
}

// refusedBy are the taints of a node that keep pods with these tolerations away, a cordon among them. Each pod tolerates the taint that
// some clouds mark an architecture with, see package placement.
func refusedBy(node *corev1.Node, architecture string, tolerations []corev1.Toleration) []corev1.Taint {
	taints := node.Spec.Taints
	if node.Spec.Unschedulable {
		taints = append(slices.Clone(taints), corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	}
	var refused []corev1.Taint
	for _, taint := range taints {
		isArchitecture := taint.Key == corev1.LabelArchStable && taint.Value == architecture && taint.Effect == corev1.TaintEffectNoSchedule
		isTolerated := slices.ContainsFunc(tolerations, func(t corev1.Toleration) bool { return placement.Tolerates(t, taint) })
		if taint.Effect != corev1.TaintEffectPreferNoSchedule && !isArchitecture && !isTolerated {
			refused = append(refused, taint)
		}
	}
	return refused
}

// passing are the beginnings of taints with which Kubernetes, clouds, drivers and node autoscalers mark a node for a while: one that is not
// ready, cordoned, not initialized yet, or about to go.
var passing = []string{
	"node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node.cluster.x-k8s.io/", "karpenter.sh/",
	"ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler",
	"node.cilium.io/", "ebs.csi.aws.com/", "efs.csi.aws.com/", "aws-node-termination-handler/", "cloud.google.com/impending-node-termination",
}

func isLasting(taint corev1.Taint) bool {
	return !slices.ContainsFunc(passing, func(begin string) bool { return strings.HasPrefix(taint.Key, begin) })
}

// nameless is a node selector without the name of a node.
func nameless(selector map[string]string) map[string]string {
	if _, hasName := selector[corev1.LabelHostname]; hasName {
		selector = maps.Clone(selector)
		delete(selector, corev1.LabelHostname)
	}
	return selector
}

// namelessAffinity is the required terms without what they say of the names of nodes.
func namelessAffinity(affinity *corev1.Affinity) *corev1.Affinity {
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	required := &corev1.NodeSelector{}
	for _, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		if len(term.MatchFields)+len(term.MatchExpressions) == 0 {
			continue // matches no node.
		}
		kept := slices.DeleteFunc(slices.Clone(term.MatchExpressions), func(r corev1.NodeSelectorRequirement) bool { return r.Key == corev1.LabelHostname })
		if len(kept) == 0 {
			return nil // any node will do, as far as labels go.
		}
		required.NodeSelectorTerms = append(required.NodeSelectorTerms, corev1.NodeSelectorTerm{MatchExpressions: kept})
	}
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: required}}
}

// AnnotationLikeness is where a cached node has its Likeness: it is worked out once for each version of a node, and not for each count.
const AnnotationLikeness = "elasticweb.example.com/likeness"

func likenessOf(node *corev1.Node) string {
	if likeness, isMarked := node.Annotations[AnnotationLikeness]; isMarked {
		return likeness
	}
	return Likeness(node)
}

// Likeness is the same for nodes that are alike for every pod: their labels but the host name, taints that keep pods away, and whether they
// are cordoned or being deleted.
func Likeness(node *corev1.Node) string {
	labels := nameless(node.Labels)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&text, "%q%q", key, labels[key])
	}
	for _, taint := range node.Spec.Taints {
		if taint.Effect == corev1.TaintEffectPreferNoSchedule {
			continue
		}
		fmt.Fprintf(&text, "|%q%q%q", taint.Key, taint.Value, taint.Effect)
	}
	fmt.Fprint(&text, node.Spec.Unschedulable, node.DeletionTimestamp != nil)
	return text.String()
}

// IsLike reports whether two clusters have the same nodes, but for their names and how many there are of each.
func (n Nodes) IsLike(other Nodes) bool {
	isAny := func(nodeGroup, nodeGroup) bool { return true }
	return (n.groups == nil) == (other.groups == nil) && maps.EqualFunc(n.groups, other.groups, isAny)
}

// IsSameFor reports whether the two clusters have nodes of the same architectures for these pods, and room for them on the same.
func (n Nodes) IsSameFor(terms NodeTerms, other Nodes) bool {
	a, b := n.For(terms), other.For(terms)
	if a == nil || b == nil {
		return a == b
	}
	isAny := func(int, int) bool { return true } // how many there are is another thing.
	return maps.EqualFunc(a.All, b.All, isAny) && maps.EqualFunc(a.Schedulable, b.Schedulable, isAny)
}

// HasMoreFor reports whether more nodes of some architecture take these pods now than in the other cluster.
func (n Nodes) HasMoreFor(terms NodeTerms, other Nodes) bool {
	now, before := n.For(terms), other.For(terms)
	if now == nil || before == nil {
		return false
	}
	for name, count := range now.Schedulable {
		if count > before.Schedulable[name] {
			return true
		}
	}
	return false
}

// NodeDiffers reports whether a change of a node concerns what is counted.
func NodeDiffers(before, after any) bool {
	a, isNode := before.(*corev1.Node)
	b, isAlsoNode := after.(*corev1.Node)
	return !isNode || !isAlsoNode || likenessOf(a) != likenessOf(b)
}
