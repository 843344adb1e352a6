// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// What the server sends: see row.go, detail.go, history.go and question.go of internal/page. Times are seconds since 1970.

export type State = "stuck" | "short" | "trouble" | "unknown" | "changing" | "paused" | "well";

export interface Key {
  namespace: string;
  name: string;
}

export interface Row extends Key {
  state: State;
  reason: string;
  message: string;
  serving: number;
  wanted: number;
  ready: number;
  pods: number;
  architectures: string;
  since: number;
}

export interface Sample {
  at: number;
  demand: number | null;
  expected: number | null;
  planned: number | null;
  serving: number | null;
}

export type PodState = "serving" | "standby" | "warming" | "starting" | "failing" | "waiting" | "ending";

export interface Pod {
  name: string;
  state: PodState;
  qps: number;
  why?: string;
}

export interface Node {
  name: string;
  architecture: string;
  pods: Pod[];
}

export interface Architecture {
  name: string;
  pods: number;
  ready: number;
  qps: number;
  atLeast: boolean;
  from: string;
  weight: number;
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  since: number;
  mood: "good" | "bad" | "uncertain";
}

export interface Event {
  type: string;
  reason: string;
  object: string;
  message: string;
  count: number;
  last: number;
}

export interface Change {
  at: number;
  text: string;
}

export interface Detail extends Row {
  unreadable?: string;
  facts: { label: string; text: string }[];
  planned: number;
  podsPlanned: number;
  podsAsked: number;
  byCount: boolean;
  byArchitecture: Architecture[] | null;
  nodes: Node[] | null;
  podsHidden: number;
  conditions: Condition[] | null;
  events: Event[];
  changes: Change[] | null;
  steps: { title: string; sentences: string[] }[];
  samples: Sample[] | null;
  missing: string[];
}

export interface Cluster {
  name: string;
  loaded: boolean;
  away?: string;
  awaySince?: number;
  refused?: string[];
}

export interface Answer {
  podsNow: number;
  pods: number;
  podsSettled: number;
  podsAsked: number;
  serving: string;
  architectures: string;
  architecturesNow: string;
  restarts: boolean;
  causes: string[];
  refused: string[];
  notes: string[];
  diff: string[];
}

export const keyText = (key: Key): string => `${key.namespace}/${key.name}`;
