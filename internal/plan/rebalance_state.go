// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// The wait before a try to bring pods back: the first one, and the longest that it is doubled to.
const (
	firstRebalanceWait   = time.Minute
	longestRebalanceWait = time.Hour
	// longestSurgeWait is how long the pods of a try may wait for a node: a node autoscaler brings one in less.
	longestSurgeWait = 3 * time.Minute
	// longEnoughAtHome is how long pods that were brought back must stay, at least, for the next spill not to look like somebody's work.
	longEnoughAtHome = 30 * time.Minute
)

// RebalancePhase is how far bringing pods back is.
type RebalancePhase int

const (
	// RebalanceUnknown: nothing was looked at yet.
	RebalanceUnknown RebalancePhase = iota
	// RebalanceHome: no pod is where it is preferred less than where nodes are.
	RebalanceHome
	// RebalanceWaiting: some are, and the next try is to come.
	RebalanceWaiting
	// RebalanceSurging: more pods are asked for.
	RebalanceSurging
	// RebalanceSettling: as many are to go.
	RebalanceSettling
)

// RebalanceFailure is why the last try brought no pod back.
type RebalanceFailure int

const (
	// RebalanceMoved: it did, or there was none.
	RebalanceMoved RebalanceFailure = iota
	// RebalanceNoRoom: the pods landed where others were already, or nowhere.
	RebalanceNoRoom
	// RebalanceNotReady: the pods have nodes, and did not become ready in time.
	RebalanceNotReady
	// RebalanceRefused: the pods were refused.
	RebalanceRefused
	// RebalanceLimited: maxReplicas leaves no room for one more.
	RebalanceLimited
	// RebalanceInterrupted: a rollout came, or what else changes the pods.
	RebalanceInterrupted
)

// Rebalance is what is remembered of bringing pods back to where they are preferred. The zero value remembers nothing; one that is lost
// costs no more than a try: what was asked for stands in the Record.
type Rebalance struct {
	Phase RebalancePhase
	// Since is when the phase began, and Next when the next try may, while waiting.
	Since, Next time.Time
	// Wait is the last one, which the next failure doubles.
	Wait time.Duration
	// Surge is how many more pods the present try asks for.
	Surge int32
	// Far is how far from home pods were when the present try began, Nearest the least since the first one for Demand.
	Far, Nearest int
	Demand       Demand
	// Nodes that the pods could come home to, when the last wait began.
	Nodes int
	// Tries are those since pods left home; Failure is what became of the last one, and Said what was said of it.
	Tries   int
	Failure RebalanceFailure
	Said    string
}

// RebalanceStep is what a decision did, for metrics; "" where nothing ended.
type RebalanceStep string

const (
	// StepMoved: a try brought pods back.
	StepMoved RebalanceStep = "moved"
	// StepNoRoom, StepNotReady, StepRefused and StepInterrupted: it did not.
	StepNoRoom      RebalanceStep = "no_room"
	StepNotReady    RebalanceStep = "not_ready"
	StepRefused     RebalanceStep = "refused"
	StepInterrupted RebalanceStep = "interrupted"
	// StepRestarted: what waited for a rollout was taken up.
	StepRestarted RebalanceStep = "restarted"
)

// RebalanceSteps are all that there are.
var RebalanceSteps = []RebalanceStep{StepMoved, StepNoRoom, StepNotReady, StepRefused, StepInterrupted, StepRestarted}

// stepOf is what a failure is called.
var stepOf = map[RebalanceFailure]RebalanceStep{
	RebalanceMoved: StepMoved, RebalanceNoRoom: StepNoRoom, RebalanceNotReady: StepNotReady,
	RebalanceRefused: StepRefused, RebalanceInterrupted: StepInterrupted,
}
