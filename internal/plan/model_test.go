// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// model is a cluster with one ElasticWeb: the planner, and what the scheduler, the Deployment and ReplicaSet
// controllers and the kubelets make of its plans. Each of them acts on what it last saw.
type model struct {
	random *rand.Rand
	web    *elasticwebv1.ElasticWeb
	nodes  []*modelNode
	pods   []*modelPod
	// Deployment as the planner wrote it, and what its controller last reported.
	replicas int32
	template string
	record   string
	// weights by which the template has the scheduler fill the architectures.
	weights    map[string]int32
	generation int64
	written    bool
	status     appsv1.DeploymentStatus
	// What the planner, and the ReplicaSet controller, see of the pods.
	seenByPlanner map[string]modelPod
	seenStatus    appsv1.DeploymentStatus
	costsSeen     map[string]int32
	// sets is the number of pods of each template that the Deployment controller asked for.
	sets map[string]int32
	// chance is how often, in percent, the scheduler takes any node in the place of the best.
	chance int
	// blind is true while the ReplicaSet controller does not see new deletion costs.
	blind bool
	// policy sets the deletion cost of every pod, or where share is not 0 that of every share-th, and puts back what others set.
	policy  string
	share   int
	stamped map[string]int
	// warms is true where a pod that becomes ready does not count at once.
	warms bool
	// broken is true while no pod becomes ready.
	broken bool
	// tiers are the labels of backends that the template has, and inForce is true while gateways go by weights.
	tiers []string
	// leads is true where the way in leads there, and inForce while gateways go by the weights.
	leads, inForce bool
	serial         int
	changes        []int32
	// crowded is true where the number was changed while pods that end took up room.
	crowded bool
	// waited are the pods that had no node when the number was last changed.
	waited map[string]bool
	// most is the number of pods beyond which nothing was to be gained.
	most int32
	// lost says which replica change cost capacity that was there, and rose how a try to bring pods back changed what the demand calls for.
	lost, rose string
	// now is the time, and rebalance what the operator remembers; again is when it looks again. steps are what became of its tries.
	now       time.Time
	rebalance Rebalance
	again     time.Duration
	steps     []RebalanceStep
	// restart is what the operator remembers of what waits for a rollout, and takenUp how often it took that up by itself.
	restart Restart
	takenUp int
	// base is how many of the replicas the demand called for, and surge the others.
	base, surge int32
	// tries is true while pods are being brought back.
	tries bool
	// check is called after whatever anybody did.
	check func()
}

type modelNode struct {
	name, architecture string
	slots              int
	cordoned           bool
	// gone is true of a node whose pods are still there.
	gone bool
}

type modelPod struct {
	Pod
	node        *modelNode
	serial      int
	terminating bool
}

func newModel(random *rand.Rand, web *elasticwebv1.ElasticWeb, nodes []*modelNode) *model {
	return &model{random: random, web: web, nodes: nodes, seenByPlanner: map[string]modelPod{}, costsSeen: map[string]int32{}, sets: map[string]int32{}, stamped: map[string]int{}}
}

// begin forgets what was counted, for the next change of the world.
func (m *model) begin() {
	m.changes, m.lost, m.rose, m.most, m.crowded = nil, "", "", most(m), false
}

// actors each do what they do once, in any order, the planner being the first. They report whether anything changed.
func (m *model) actors() []func() bool {
	return []func() bool{m.plan, m.controlDeployment, m.controlSets, m.schedule, m.getReady, m.reap, m.tellPlannerPods, m.tellPlannerStatus, m.tellCosts}
}

// disturb lets some of them act, so that what they see of each other is out of step.
func (m *model) disturb(steps int) {
	for range steps {
		all := m.actors()
		all[m.random.IntN(len(all))]()
	}
}

// settle lets all act until nothing changes; false where that takes too long.
func (m *model) settle() bool {
	quiet, planned := 0, 0
	for range 400 {
		changed := false
		all := m.actors()
		for _, at := range m.random.Perm(len(all)) {
			if at == 0 && planned > 1 {
				continue // it would plan the same from the same a third time.
			}
			switch acted := all[at](); {
			case acted:
				changed, planned = true, 0
			case at == 0:
				planned++
			}
			if m.check != nil {
				m.check()
			}
		}
		if quiet++; changed {
			quiet = 0
		}
		if quiet > 20 {
			return true
		}
	}
	return false
}

func (m *model) observed() Observed {
	counts := &Nodes{All: map[string]int{}, Schedulable: map[string]int{}}
	for _, node := range m.nodes {
		if node.gone {
			continue
		}
		counts.All[node.architecture]++
		if !node.cordoned {
			counts.Schedulable[node.architecture]++
		}
	}
	observed := Observed{Nodes: counts, Image: Image{State: ImageFailed}}
	for _, pod := range m.seenByPlanner {
		pod.CostIsOthers = m.stamped[pod.Name] >= 3
		if pod.node != nil {
			if pod.Architecture = pod.node.architecture; pod.node.gone {
				pod.Architecture = ""
			}
		}
		observed.Pods = append(observed.Pods, pod.Pod)
	}
	slices.SortFunc(observed.Pods, func(a, b Pod) int { return cmp.Compare(a.Name, b.Name) })
	if m.written {
		observed.Deployment = &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Generation: m.generation, Annotations: map[string]string{AnnotationRecord: m.record}},
			Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(m.replicas), Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{elasticwebv1.LabelJoined: "true"}}}},
			Status:     m.seenStatus,
		}
	}
	m.observeWay(&observed)
	return observed
}

// observeWay is the way in with weights, where there is one.
func (m *model) observeWay(observed *Observed) {
	if m.web.Spec.Expose == nil || observed.Deployment == nil {
		return
	}
	observed.Way = Way{IsAdmitted: true, IsInForce: m.inForce, Services: map[string]bool{}}
	for _, name := range m.tiers {
		observed.Deployment.Spec.Template.Labels[elasticwebv1.LabelTierPrefix+name], observed.Way.Services[name] = "true", true
	}
}

// plan is a pass of the operator. As its applier does, it writes the record along with what changes, and by itself only where
// that is due.
func (m *model) plan() bool {
	observed := m.observed()
	before := m.rebalance.Phase
	planned := m.rebalanced(&observed)
	if IsPaused(m.web) {
		return false
	}
	m.checkBase(before, planned)
	m.leads = len(planned.Tiers) > 1
	template, err := json.Marshal(planned.Placement)
	if err != nil {
		panic(err)
	}
	shape := fmt.Sprint(planned.Record.Pod, string(template), planned.TemplateTiers)
	if observed.TakesUp != nil {
		m.takenUp++
	}
	replicas := planned.Replicas + planned.Surge
	changed := !m.written || replicas != m.replicas || m.template != shape || planned.Record.IsDue(observed.Deployment)
	if changed {
		m.generation++
		if replicas != m.replicas || !m.written {
			m.changes = append(m.changes, replicas)
			m.crowded = m.crowded || len(m.pods) > m.alive()
			m.waited = map[string]bool{}
			for _, pod := range observed.Pods {
				m.waited[pod.Name] = pod.Node == ""
			}
		}
		m.written, m.replicas, m.template, m.record = true, replicas, shape, planned.Record.String()
		m.weights, m.base, m.surge, m.tiers = preferredTerms(planned), planned.Replicas, planned.Surge, planned.TemplateTiers
	}
	return m.stamp(planned.Stamps) || changed
}

// checkBase: a try to bring pods back begins while all is met, so that it calls for no more pods than there are beside it.
func (m *model) checkBase(before RebalancePhase, planned Plan) {
	switch {
	case m.surge == 0 && planned.Surge > 0 && before != RebalanceUnknown:
		m.tries = true
	case m.surge == 0 && planned.Surge == 0:
		m.tries = false
	}
	if m.tries && planned.Surge >= m.surge && planned.Replicas > m.base { // what is taken back may have to stay.
		m.rose = fmt.Sprintf("from %d to %d beside %d", m.base, planned.Replicas, m.surge)
	}
}

// rebalanced is the plan, and what rebalancing asks for beside it.
func (m *model) rebalanced(observed *Observed) Plan {
	planned := Make(m.web, *observed)
	if m.web.Spec.Rebalance == nil {
		return planned
	}
	var step RebalanceStep
	scene := SceneOf(m.web, &planned, *observed)
	m.rebalance, m.again, step = Rebalanced(m.rebalance, scene, m.now)
	if step != "" {
		m.steps = append(m.steps, step)
	}
	observed.Surge = m.rebalance.Surge
	m.restarted(scene, observed)
	return Make(m.web, *observed)
}

// restarted has what waits for a rollout taken up, where that is due.
func (m *model) restarted(scene RebalanceScene, observed *Observed) {
	if !MayRestart(&m.web.Spec) {
		return
	}
	if !scene.IsRollingOut && observed.Deployment != nil && m.awaits(*observed) {
		scene.Awaits = []string{"how the pods are placed"}
	}
	var again time.Duration
	if m.restart, again = m.restart.Next(scene, m.rebalance.Surge, m.now); again > 0 && (m.again == 0 || again < m.again) {
		m.again = again
	}
	observed.TakesUp = m.restart.Try
}

// awaits reports whether a rollout would give the pods another template.
func (m *model) awaits(observed Observed) bool {
	planned := Make(m.web, observed)
	observed.TakesUp = &TakenUp{}
	taken := Make(m.web, observed)
	return !reflect.DeepEqual(planned.Placement, taken.Placement)
}

// stamp puts stamps on pods, but for the cost where the policy puts its own there.
func (m *model) stamp(stamps map[string]Stamp) bool {
	changed := false
	for _, pod := range m.pods {
		stamp, isDue := stamps[pod.Name]
		if !isDue {
			continue
		}
		if m.owns(pod) && stamp.Cost != nil {
			changed = changed || m.stamped[pod.Name] < 3
			m.stamped[pod.Name]++
			stamp.Cost = nil
		}
		before := pod.Pod
		pod.Pod = stamp.On(pod.Pod)
		changed = changed || pod.Pod != before
	}
	return changed
}

// owns reports whether the policy has the say about the cost of a pod.
func (m *model) owns(pod *modelPod) bool {
	return m.policy != "" && (m.share == 0 || pod.serial%m.share == 0)
}

// preferredTerms are the weights of the template's terms, each of which names one architecture.
func preferredTerms(planned Plan) map[string]int32 {
	weights := map[string]int32{}
	for _, term := range planned.Placement.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		weights[term.Preference.MatchExpressions[0].Values[0]] = term.Weight
	}
	return weights
}

// controlDeployment surges by a quarter before it removes what is old, and reports.
func (m *model) controlDeployment() bool {
	if !m.written {
		return false
	}
	before := fmt.Sprint(m.sets, m.status)
	var total, ready int32
	readyOf := map[string]int32{}
	for _, pod := range m.pods {
		if pod.terminating {
			continue
		}
		total++
		if pod.Ready {
			ready++
			readyOf[pod.TemplateHash]++
		}
	}
	updated := m.count(m.template)
	old := total - updated
	if old == 0 {
		m.sets = map[string]int32{m.template: m.replicas}
	} else {
		surge := (m.replicas + 3) / 4
		m.sets[m.template] = min(m.replicas, max(m.sets[m.template], m.replicas+surge-old))
		spare := max(ready-m.replicas, 0)
		for _, template := range slices.Sorted(maps.Keys(m.sets)) {
			if template != m.template {
				taken := min(spare, readyOf[template]) // beside those that are not ready.
				m.sets[template], spare = min(m.sets[template], readyOf[template]-taken), spare-taken
			}
		}
	}
	m.status = appsv1.DeploymentStatus{ObservedGeneration: m.generation, Replicas: total, UpdatedReplicas: updated, ReadyReplicas: ready}
	return fmt.Sprint(m.sets, m.status) != before
}

func (m *model) count(template string) int32 {
	var number int32
	for _, pod := range m.pods {
		if !pod.terminating && pod.TemplateHash == template {
			number++
		}
	}
	return number
}

// controlSets makes pods and takes them away, in the order of the ReplicaSet controller.
func (m *model) controlSets() bool {
	changed := false
	templates := []string{}
	for _, pod := range m.pods {
		if !slices.Contains(templates, pod.TemplateHash) {
			templates = append(templates, pod.TemplateHash)
		}
	}
	if m.written && !slices.Contains(templates, m.template) {
		templates = append(templates, m.template)
	}
	for _, template := range templates {
		want, have := m.sets[template], m.count(template)
		for ; have < want; have++ {
			m.serial++
			pod := &modelPod{Pod: Pod{Name: fmt.Sprintf("pod-%04d", m.serial), TemplateHash: template, JoinedLabel: "true", Tiers: m.newTiers()}, serial: m.serial}
			if m.owns(pod) {
				pod.DeletionCost = m.policy
			}
			m.pods = append(m.pods, pod)
			changed = true
		}
		if have > want {
			m.remove(template, int(have-want))
			changed = true
		}
	}
	return changed
}

// awaitsWeights reports whether the number of pods counts with weights that gateways do not go by yet.
func (m *model) awaitsWeights() bool {
	planned := Make(m.web, m.observed())
	return planned.Spread == capacity.Weighted && !planned.WeightsInForce
}

// newTiers are the labels of a pod of the template: it is in all backends.
func (m *model) newTiers() string {
	tiers := map[string]bool{}
	for _, name := range m.tiers {
		tiers[name] = true
	}
	return FormatTiers(tiers)
}

func (m *model) remove(template string, number int) {
	var candidates []*modelPod
	for _, pod := range m.pods {
		if !pod.terminating && pod.TemplateHash == template {
			candidates = append(candidates, pod)
		}
	}
	colocated := map[*modelNode]int{}
	for _, pod := range candidates {
		colocated[pod.node]++
	}
	// When pods became ready is told apart in steps of a logarithm: chance, for the model.
	since := map[*modelPod]int{}
	for _, pod := range candidates {
		since[pod] = m.random.IntN(3)
	}
	slices.SortFunc(candidates, func(a, b *modelPod) int {
		return cmp.Or(
			boolOrder(a.Node != "", b.Node != ""),
			boolOrder(a.Ready, b.Ready),
			cmp.Compare(m.costsSeen[a.Name], m.costsSeen[b.Name]),
			cmp.Compare(colocated[b.node], colocated[a.node]),
			cmp.Compare(since[a], since[b]),
			cmp.Compare(b.serial, a.serial),
		)
	})
	before, demand := m.served(), m.demand()
	for _, pod := range candidates[:number] {
		pod.terminating, pod.Gone, pod.Ready, pod.WarmUntil = true, true, false, time.Time{}
	}
	isRollout := template != m.template || m.count(template) < int32(m.alive()) //nolint:gosec // some dozens.
	isLimited := m.replicas == ptr.Deref(m.web.Spec.MaxReplicas, 0)
	isOvertaken := slices.ContainsFunc(m.pods, func(pod *modelPod) bool { return pod.Node != "" && m.waited[pod.Name] }) // it takes the place of another.
	if after := m.served(); after < min(before, demand) && !isRollout && !isLimited && !isOvertaken {
		m.lost = fmt.Sprintf("from %d to %d of %d requests per second, with %d replicas", before, after, demand, m.replicas)
	}
}

func (m *model) alive() int {
	number := 0
	for _, pod := range m.pods {
		if !pod.terminating {
			number++
		}
	}
	return number
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

func (m *model) demand() int64 {
	return capacity.WithHeadroom(ptr.Deref(m.web.Spec.TotalQPS, 0), ptr.Deref(m.web.Spec.HeadroomPercent, 0))
}

func (m *model) served() int64 {
	switch {
	case ptr.Deref(m.web.Spec.Balancing, elasticwebv1.BalancingEven) == elasticwebv1.BalancingLeastRequest:
		return capacity.LeastRequest.Served(m.ready())
	case m.leads && m.inForce:
		return capacity.Weighted.Served(m.ready())
	}
	return capacity.Joined.Served(m.ready())
}

func (m *model) ready() []capacity.Group {
	var groups []capacity.Group
	for _, entry := range m.web.Spec.Architectures {
		group := capacity.Group{Architecture: string(entry.Name), PodQPS: int64(*entry.SinglePodsQPS)}
		for _, pod := range m.pods {
			if pod.IsAvailable() && !pod.terminating && pod.Architecture == group.Architecture {
				group.Pods++
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// schedule binds one pod that waits: to the best architecture that has room, or by chance to another.
func (m *model) schedule() bool {
	changed := false
	for _, pod := range m.pods {
		if pod.Node != "" || pod.terminating {
			continue
		}
		var free []*modelNode
		for _, node := range m.nodes {
			if !node.cordoned && !node.gone && m.on(node) < node.slots {
				free = append(free, node)
			}
		}
		if len(free) == 0 {
			changed = changed || pod.Unschedulable == ""
			pod.Unschedulable = "0/3 nodes are available"
			continue
		}
		slices.SortStableFunc(free, func(a, b *modelNode) int {
			return cmp.Or(cmp.Compare(m.weights[b.architecture], m.weights[a.architecture]), cmp.Compare(m.on(a), m.on(b)))
		})
		node := free[0]
		if m.random.IntN(100) < m.chance {
			node = free[m.random.IntN(len(free))]
		}
		pod.node, pod.Node, pod.Architecture, pod.Unschedulable = node, node.name, node.architecture, ""
		changed = true
	}
	return changed
}

func (m *model) on(node *modelNode) int {
	number := 0
	for _, pod := range m.pods {
		if pod.node == node {
			number++
		}
	}
	return number
}

// getReady makes some of the bound pods ready, in any order.
func (m *model) getReady() bool {
	changed := false
	for _, pod := range m.pods {
		switch isOn := pod.Node != "" && !pod.terminating; {
		case isOn && pod.Ready && !pod.WarmUntil.IsZero():
			changed = true
			if m.random.IntN(2) == 0 {
				pod.WarmUntil = time.Time{}
			}
		case isOn && !pod.Ready && !m.broken:
			changed = true
			if pod.Ready = m.random.IntN(2) == 0; pod.Ready && m.warms {
				pod.WarmUntil = time.Unix(1, 0)
			}
		}
	}
	return changed
}

// reap ends pods that terminate; until then they take their room.
func (m *model) reap() bool {
	before := len(m.pods)
	m.pods = slices.DeleteFunc(m.pods, func(pod *modelPod) bool { return pod.terminating && m.random.IntN(2) == 0 })
	for _, node := range slices.Clone(m.nodes) {
		if node.gone && m.random.IntN(3) == 0 {
			m.lose(node)
		}
	}
	left := slices.ContainsFunc(m.pods, func(pod *modelPod) bool { return pod.terminating || pod.node != nil && pod.node.gone })
	return len(m.pods) != before || left
}

// tellPlannerPods brings some or all news of the pods: those of each pod come in order, those of different
// pods do not. A deletion cost that the planner sees, the ReplicaSet controller does, too: both watch the same API
// server. It may do so later than that in a storm; see blind.
func (m *model) tellPlannerPods() bool {
	changed := false
	alive := map[string]bool{}
	for _, pod := range m.pods {
		alive[pod.Name] = true
		if seen, isSeen := m.seenByPlanner[pod.Name]; !isSeen || seen != *pod {
			changed = true
			if m.random.IntN(4) > 0 {
				m.seenByPlanner[pod.Name] = *pod
				m.tellCost(pod)
			}
		}
	}
	for name := range m.seenByPlanner {
		if !alive[name] {
			changed = true
			delete(m.seenByPlanner, name)
		}
	}
	return changed
}

func (m *model) tellPlannerStatus() bool {
	changed := fmt.Sprint(m.seenStatus) != fmt.Sprint(m.status)
	m.seenStatus = m.status
	return changed
}

// tellCosts brings the deletion costs to the ReplicaSet controller.
func (m *model) tellCosts() bool {
	changed := false
	for _, pod := range m.pods {
		changed = m.tellCost(pod) || changed
	}
	return changed
}

func (m *model) tellCost(pod *modelPod) bool {
	if m.blind || costOf(pod.Pod) == m.costsSeen[pod.Name] {
		return false
	}
	m.costsSeen[pod.Name] = costOf(pod.Pod)
	return true
}

// lose takes a node away with its pods.
func (m *model) lose(node *modelNode) {
	m.nodes = slices.DeleteFunc(m.nodes, func(n *modelNode) bool { return n == node })
	m.pods = slices.DeleteFunc(m.pods, func(pod *modelPod) bool { return pod.node == node })
}

func (m *model) String() string {
	text := fmt.Sprintf("demand %d, %d replicas; ", m.demand(), m.replicas)
	for _, group := range m.ready() {
		slots := 0
		for _, node := range m.nodes {
			if node.architecture == group.Architecture {
				slots += node.slots
			}
		}
		text += fmt.Sprintf("%s: %d of %d at %d; ", group.Architecture, group.Pods, slots, group.PodQPS)
	}
	return text + fmt.Sprintf("changes %v", m.changes)
}
