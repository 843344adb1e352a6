// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { h } from "./dom";
import type { Row, State } from "./types";

/** states are in the order of how much they need a look. A sign and a word say what a colour repeats. */
export const states: Record<State, { rank: number; word: string; sign: string; says: string }> = {
  stuck: { rank: 0, word: "Stuck", sign: "✖", says: "nothing but a person helps" },
  short: { rank: 1, word: "Short", sign: "▼", says: "what is ready serves less than is asked for" },
  trouble: { rank: 2, word: "Trouble", sign: "!", says: "it serves enough, and something is wrong" },
  unknown: { rank: 3, word: "Unknown", sign: "?", says: "the operator has said nothing yet" },
  changing: { rank: 4, word: "Changing", sign: "↻", says: "the operator is at work" },
  paused: { rank: 5, word: "Paused", sign: "‖", says: "nothing is carried out" },
  well: { rank: 6, word: "Well", sign: "✔", says: "all is as planned" },
};

export const stateNames = Object.keys(states) as State[];

export function badge(state: State): HTMLElement {
  const { word, sign } = states[state];
  return h("span", { class: `badge ${state}` }, h("span", { "aria-hidden": "true" }, sign), " ", word);
}

/** byNeed puts first what needs a look most: the state, and then how much of what is asked for is served. */
export function byNeed(a: Row, b: Row): number {
  const served = (row: Row): number => (row.wanted > 0 ? row.serving / row.wanted : 1);
  return states[a.state].rank - states[b.state].rank || served(a) - served(b) || byName(a, b);
}

export function byName(a: Row, b: Row): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
