// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { arrange, h, say } from "./dom";
import { number, plural } from "./format";
import type { Node as ClusterNode, Pod, PodState } from "./types";

const signs: Record<PodState, { sign: string; says: string }> = {
  serving: { sign: "●", says: "serves" },
  standby: { sign: "◇", says: "is ready, and has no requests" },
  warming: { sign: "◐", says: "warms up" },
  starting: { sign: "○", says: "starts" },
  failing: { sign: "!", says: "fails" },
  waiting: { sign: "…", says: "waits for a node" },
  ending: { sign: "×", says: "ends" },
};

interface Group { element: HTMLElement; says: HTMLElement; nodes: HTMLElement }
interface Row { element: HTMLElement; pods: HTMLElement; reasons: HTMLElement[]; said: string }
interface Mark { element: HTMLElement; sign: HTMLElement; said: string }

/** PodMap is the pods by architecture and node, each with a sign for its state. An element stays as long as what it is of: of many pods a few change at a time. */
export class PodMap {
  readonly element = h("div", {});
  private readonly map = h("div", { class: "architectures-map" });
  private readonly none = h("p", {}, "There are no pods.");
  private readonly rest = h("p", {});
  private readonly key = h("ul", { class: "key-of-pods", "aria-label": "Signs" }, ...(Object.keys(signs) as PodState[]).map((state) =>
    h("li", {}, h("span", { class: `pod ${state}`, "aria-hidden": "true" }, signs[state].sign), ` ${signs[state].says}`)));
  private groups = new Map<string, Group>();
  private rows = new Map<string, Row>();
  private marks = new Map<string, Mark>();

  draw(nodes: ClusterNode[], podsHidden: number): void {
    const members = new Map<string, ClusterNode[]>();
    for (const node of nodes) {
      const title = node.name === "" ? "" : node.architecture || "unknown architecture";
      members.set(title, [...(members.get(title) ?? []), node]);
    }
    const before = { groups: this.groups, rows: this.rows, marks: this.marks };
    this.groups = new Map();
    this.rows = new Map();
    this.marks = new Map();
    const drawn = [...members].map(([title, those]) => this.drawGroup(title, those, before));
    this.rest.textContent = `and ${plural(podsHidden, "more pod")}`;
    arrange(this.map, podsHidden > 0 ? [...drawn, this.rest] : drawn);
    arrange(this.element, nodes.length === 0 ? [this.none] : [this.map, this.key]);
  }

  private drawGroup(title: string, nodes: ClusterNode[], before: { groups: Map<string, Group>; rows: Map<string, Row>; marks: Map<string, Mark> }): HTMLElement {
    const group = before.groups.get(title) ?? newGroup(title);
    this.groups.set(title, group);
    const pods = nodes.flatMap((node) => node.pods);
    const serving = pods.filter((pod) => pod.state === "serving");
    const each = pods[0]?.qps ?? 0;
    say(group.says, title === ""
      ? plural(pods.length, "pod")
      : `${number(serving.length)} of ${plural(pods.length, "pod")} serve${each > 0 ? `, ${number(each)} requests per second each` : ""}`);
    arrange(group.nodes, nodes.map((node) => {
      const row = before.rows.get(node.name) ?? newRow(node.name);
      this.rows.set(node.name, row);
      arrange(row.pods, node.pods.map((pod) => {
        const mark = before.marks.get(pod.name) ?? newMark(pod.name);
        this.marks.set(pod.name, mark);
        drawMark(mark, pod);
        return mark.element;
      }));
      drawReasons(row, node);
      return row.element;
    }));
    return group.element;
  }
}

function newGroup(title: string): Group {
  const says = h("small", {});
  const nodes = h("ul", { class: "nodes" });
  return { says, nodes, element: h("section", { class: "architecture" }, h("h3", {}, title || "Without a node", " ", says), nodes) };
}

function newRow(name: string): Row {
  const pods = h("ul", { class: "pods" });
  return { pods, reasons: [], said: "", element: h("li", { class: "node" }, h("span", { class: "node-name" }, name || "no node yet"), pods) };
}

function newMark(name: string): Mark {
  const sign = h("span", { role: "img" }); // a hidden text of its own would cost each of hundreds an element that is cut out.
  return { sign, said: "", element: h("li", { "data-pod": name }, sign) };
}

function drawReasons(row: Row, node: ClusterNode): void {
  const reasons = [...new Set(node.pods.filter((pod) => (pod.state === "failing" || pod.state === "waiting") && pod.why).map((pod) => pod.why!))].slice(0, 3);
  const said = reasons.join("\n");
  if (row.said === said) return;
  row.said = said;
  for (const old of row.reasons) old.remove();
  row.reasons = reasons.map((reason) => h("p", { class: "why" }, reason));
  row.element.append(...row.reasons);
}

function drawMark(mark: Mark, pod: Pod): void {
  const { sign, says } = signs[pod.state];
  const text = `${pod.name} ${says}${pod.state === "serving" && pod.qps > 0 ? ` ${number(pod.qps)} requests per second` : ""}${pod.why ? `: ${pod.why}` : ""}`;
  if (mark.said === text) return; // it says the state, too.
  mark.said = text;
  mark.element.className = `pod ${pod.state}`;
  mark.element.title = text;
  mark.sign.textContent = sign;
  mark.sign.setAttribute("aria-label", text);
}
