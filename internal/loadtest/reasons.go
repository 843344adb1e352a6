// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package loadtest

// Reason says in one CamelCase word how a search or a step ended.
type Reason string

// Why a step did not hold, and with it why a search ended without a rate or what bounds its rate.
const (
	// ReasonConnectionRefused: nothing listens at the target's port.
	ReasonConnectionRefused Reason = "ConnectionRefused"
	// ReasonConnectionClosed: the target closed or reset connections instead of answering.
	ReasonConnectionClosed Reason = "ConnectionClosed"
	// ReasonTimeout: answers did not come, or not to their end, in time.
	ReasonTimeout Reason = "Timeout"
	// ReasonServerErrors: answers with a 5xx status.
	ReasonServerErrors Reason = "ServerErrors"
	// ReasonClientErrors: answers with a 4xx status; most often the path does not exist or wants a login.
	ReasonClientErrors Reason = "ClientErrors"
	// ReasonInvalidResponse: what came back is not HTTP, or no other reason fits.
	ReasonInvalidResponse Reason = "InvalidResponse"
	// ReasonTooSlow: requests are answered, but later than the latency target.
	ReasonTooSlow Reason = "TooSlow"
	// ReasonNothingServed: no request was answered, for no reason that could be told.
	ReasonNothingServed Reason = "NothingServed"
	// ReasonGeneratorSaturated: the generator could not send as fast as it should.
	ReasonGeneratorSaturated Reason = "GeneratorSaturated"
)

// How a search ends, beside the reasons of its steps.
const (
	// ReasonMeasured: the result holds a confirmed rate.
	ReasonMeasured Reason = "Measured"
	// ReasonInterrupted: the search was told to end before it had a confirmed rate.
	ReasonInterrupted Reason = "Interrupted"
	// ReasonMaxQPS bounds a rate: the target was not to be loaded with more.
	ReasonMaxQPS Reason = "MaxQPS"
	// ReasonOutOfTime bounds a rate, or stands for none: the duration was too short to find out.
	ReasonOutOfTime Reason = "OutOfTime"
)
