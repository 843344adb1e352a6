// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { h, hidden } from "./dom";
import { number, plural } from "./format";
import type { Node as ClusterNode, Pod, PodState } from "./types";

const signs: Record<PodState, { sign: string; says: string }> = {
  serving: { sign: "●", says: "serves" },
  warming: { sign: "◐", says: "warms up" },
  starting: { sign: "○", says: "starts" },
  failing: { sign: "!", says: "fails" },
  waiting: { sign: "…", says: "waits for a node" },
  ending: { sign: "×", says: "ends" },
};

/** podMap is the pods by architecture and node, each with a sign for its state. */
export function podMap(nodes: ClusterNode[], podsHidden: number): HTMLElement[] {
  if (nodes.length === 0) return [h("p", {}, "There are no pods.")];
  const groups = new Map<string, ClusterNode[]>();
  for (const node of nodes) {
    const title = node.name === "" ? "" : node.architecture || "unknown architecture";
    groups.set(title, [...(groups.get(title) ?? []), node]);
  }
  const drawn = [...groups].map(([title, members]) => {
    const pods = members.flatMap((node) => node.pods);
    const serving = pods.filter((pod) => pod.state === "serving");
    const each = pods[0]?.qps ?? 0;
    const head = title === "" ? "Without a node" : title;
    const says = title === ""
      ? plural(pods.length, "pod")
      : `${number(serving.length)} of ${plural(pods.length, "pod")} serve${each > 0 ? `, ${number(each)} requests per second each` : ""}`;
    return h("section", { class: "architecture" }, h("h3", {}, head, " ", h("small", {}, says)), h("ul", { class: "nodes" }, ...members.map(drawNode)));
  });
  if (podsHidden > 0) drawn.push(h("section", {}, h("p", {}, `and ${plural(podsHidden, "more pod")}`)));
  const key = h("ul", { class: "key-of-pods", "aria-label": "Signs" }, ...(Object.keys(signs) as PodState[]).map((state) =>
    h("li", {}, h("span", { class: `pod ${state}`, "aria-hidden": "true" }, signs[state].sign), ` ${signs[state].says}`)));
  return [h("div", { class: "architectures-map" }, ...drawn), key];
}

function drawNode(node: ClusterNode): HTMLElement {
  const reasons = [...new Set(node.pods.filter((pod) => (pod.state === "failing" || pod.state === "waiting") && pod.why).map((pod) => pod.why!))].slice(0, 3);
  return h("li", { class: "node" },
    h("span", { class: "node-name" }, node.name || "no node yet"),
    h("ul", { class: "pods" }, ...node.pods.map(drawPod)),
    ...reasons.map((reason) => h("p", { class: "why" }, reason)));
}

function drawPod(pod: Pod): HTMLElement {
  const { sign, says } = signs[pod.state];
  const text = `${pod.name} ${says}${pod.state === "serving" && pod.qps > 0 ? ` ${number(pod.qps)} requests per second` : ""}${pod.why ? `: ${pod.why}` : ""}`;
  return h("li", { class: `pod ${pod.state}`, title: text, "data-pod": pod.name }, h("span", { "aria-hidden": "true" }, sign), hidden(text));
}
