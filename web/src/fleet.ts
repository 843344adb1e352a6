// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { bar } from "./bar";
import { h, only } from "./dom";
import { number, plural } from "./format";
import { badge, byName, byNeed, stateNames, states } from "./states";
import type { Row, State } from "./types";
import { keyText } from "./types";

/** rowHeight is that of the style sheet, and beyond is how many rows are drawn that are not in sight. */
const rowHeights = { wide: 44, narrow: 84 };
const beyond = 8;
const narrow = window.matchMedia("(max-width: 699px)");

const columns = ["Name", "State", "Serving", "Pods", "Architectures", "Reason"];

/** Fleet is the list of all ElasticWebs. Of a long one only what is in sight is drawn. */
export class Fleet {
  readonly element = h("section", { class: "fleet", "aria-labelledby": "fleet-title" });
  private readonly counts = h("div", { class: "counts", role: "group", "aria-label": "Filter by state" });
  private readonly namespaces = h("select", { id: "namespace" });
  private readonly search = h("input", { id: "search", type: "search", placeholder: "Name", autocomplete: "off", spellcheck: "false" });
  private readonly order = h("select", { id: "order" }, h("option", { value: "need" }, "what needs a look"), h("option", { value: "name" }, "name"));
  private readonly summary = h("p", { class: "summary", role: "status" });
  private readonly body = h("div", { class: "rows", role: "rowgroup" });
  private readonly table = h("div", { class: "table", role: "table", "aria-label": "ElasticWebs" });
  private readonly scroll = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "List of ElasticWebs" });
  private readonly chosen = new Set<State>();
  private readonly drawn = new Map<string, { element: HTMLElement; text: string }>();
  private shown: Row[] = [];
  private isLoaded = false;

  constructor(private readonly all: ReadonlyMap<string, Row>) {
    const head = h("div", { class: "row head", role: "row", "aria-rowindex": 1 }, ...columns.map((title) => h("span", { role: "columnheader" }, title)));
    this.table.append(h("div", { role: "rowgroup" }, head), this.body);
    this.scroll.append(this.table);
    this.element.append(
      h("h1", { id: "fleet-title", class: "sr" }, "All ElasticWebs"),
      this.counts,
      h("div", { class: "filters" },
        h("label", {}, "Namespace ", this.namespaces),
        h("label", {}, "Name ", this.search),
        h("label", {}, "Sorted by ", this.order)),
      this.summary, this.scroll);
    for (const input of [this.namespaces, this.search, this.order]) input.addEventListener("input", () => this.update());
    this.scroll.addEventListener("scroll", () => this.drawRows(), { passive: true });
    this.scroll.addEventListener("keydown", (event) => this.move(event));
    new ResizeObserver(() => this.drawRows()).observe(this.scroll);
    narrow.addEventListener("change", () => this.drawRows());
    document.addEventListener("keydown", (event) => {
      const target = event.target as HTMLElement;
      if (event.key === "/" && this.element.isConnected && !target.matches("input, select, textarea")) {
        event.preventDefault();
        this.search.focus();
      }
    });
  }

  loaded(isLoaded: boolean): void {
    this.isLoaded = isLoaded;
    this.update();
  }

  update(): void {
    if (!this.element.isConnected) return;
    this.drawCounts();
    this.drawNamespaces();
    const namespace = this.namespaces.value;
    const words = this.search.value.trim().toLowerCase();
    this.shown = [...this.all.values()].filter((row) =>
      (this.chosen.size === 0 || this.chosen.has(row.state)) && (namespace === "" || row.namespace === namespace) && row.name.toLowerCase().includes(words));
    this.shown.sort(this.order.value === "name" ? byName : byNeed);
    this.summary.textContent = this.said();
    this.drawRows();
  }

  private said(): string {
    if (this.all.size === 0) return this.isLoaded ? "There is no ElasticWeb that you may see." : "The cluster is being read.";
    if (this.shown.length === this.all.size) return plural(this.all.size, "ElasticWeb");
    return `${number(this.shown.length)} of ${plural(this.all.size, "ElasticWeb")}`;
  }

  private drawCounts(): void {
    const count = new Map<State, number>();
    for (const row of this.all.values()) count.set(row.state, (count.get(row.state) ?? 0) + 1);
    for (const state of stateNames) {
      let button = this.counts.querySelector<HTMLButtonElement>(`[data-state="${state}"]`);
      if (!button) {
        button = h("button", { type: "button", class: `count ${state}`, "data-state": state, title: states[state].says },
          h("b", {}), " ", badge(state));
        button.addEventListener("click", () => {
          if (!this.chosen.delete(state)) this.chosen.add(state);
          this.update();
        });
        this.counts.append(button);
      }
      button.setAttribute("aria-pressed", String(this.chosen.has(state)));
      button.firstElementChild!.textContent = number(count.get(state) ?? 0);
      button.hidden = !count.get(state) && !this.chosen.has(state);
    }
  }

  private drawNamespaces(): void {
    const names = [...new Set([...this.all.values()].map((row) => row.namespace))].sort();
    const chosen = this.namespaces.value;
    if (chosen !== "" && !names.includes(chosen)) names.push(chosen);
    const text = names.join("\n");
    if (this.namespaces.dataset["names"] === text) return;
    this.namespaces.dataset["names"] = text;
    only(this.namespaces, h("option", { value: "" }, "all"), ...names.map((name) => h("option", { value: name }, name)));
    this.namespaces.value = chosen;
  }

  private height(): number {
    return narrow.matches ? rowHeights.narrow : rowHeights.wide;
  }

  /** drawRows draws what is in sight. An element of a row stays as long as that does, and with it the focus. */
  private drawRows(): void {
    const height = this.height();
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / height) - beyond);
    const last = Math.min(this.shown.length, Math.ceil((this.scroll.scrollTop + this.scroll.clientHeight) / height) + beyond);
    this.body.style.height = `${this.shown.length * height}px`;
    this.table.setAttribute("aria-rowcount", String(this.shown.length + 1));
    const kept = new Set<string>();
    for (let at = first; at < last; at++) {
      const row = this.shown[at]!;
      const key = keyText(row);
      kept.add(key);
      const text = JSON.stringify(row);
      let entry = this.drawn.get(key);
      if (!entry) {
        entry = { element: h("div", { class: "row", role: "row" }), text: "" };
        this.drawn.set(key, entry);
        this.body.append(entry.element);
      }
      if (entry.text !== text) {
        entry.text = text;
        drawRow(entry.element, row);
      }
      entry.element.dataset["index"] = String(at);
      entry.element.setAttribute("aria-rowindex", String(at + 2));
      entry.element.style.transform = `translateY(${at * height}px)`;
    }
    for (const [key, entry] of this.drawn) {
      if (kept.has(key)) continue;
      entry.element.remove();
      this.drawn.delete(key);
    }
  }

  /** move takes the focus from row to row by the arrow keys. */
  private move(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || this.shown.length === 0) return;
    const focused = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>(".row");
    const at = focused?.dataset["index"] === undefined ? (step > 0 ? -1 : 0) : Number(focused.dataset["index"]);
    const to = Math.max(0, Math.min(this.shown.length - 1, at + step));
    event.preventDefault();
    const height = this.height();
    const head = 40;
    if (to * height < this.scroll.scrollTop) this.scroll.scrollTop = to * height;
    if ((to + 1) * height + head > this.scroll.scrollTop + this.scroll.clientHeight) {
      this.scroll.scrollTop = (to + 1) * height + head - this.scroll.clientHeight;
    }
    this.drawRows();
    this.drawn.get(keyText(this.shown[to]!))?.element.querySelector<HTMLElement>("a")?.focus({ preventScroll: true });
  }
}

function drawRow(element: HTMLElement, row: Row): void {
  let link = element.querySelector<HTMLAnchorElement>("a"); // it may have the focus.
  if (!link) {
    link = h("a", { href: address(row) }, h("span", { class: "name" }, row.name), " ", h("span", { class: "namespace" }, row.namespace));
    element.append(h("span", { role: "cell", class: "of" }, link));
  }
  while (element.children.length > 1) element.lastElementChild!.remove();
  const serving = row.wanted > 0
    ? [bar("Serving", row.serving, row.wanted, "requests per second"), h("span", { class: "amount" }, `${number(row.serving)} of ${number(row.wanted)}`)]
    : [h("span", { class: "amount" }, `up to ${number(row.serving)}`)];
  element.append(
    h("span", { role: "cell", class: "state" }, badge(row.state)),
    h("span", { role: "cell", class: "serving" }, ...serving),
    h("span", { role: "cell", class: "pods" }, `${number(row.ready)}/${number(row.pods)}`),
    h("span", { role: "cell", class: "architectures", title: row.architectures }, row.architectures),
    h("span", { role: "cell", class: "reason", title: row.message }, h("b", {}, row.reason), row.message ? ` ${row.message}` : ""));
}

/** address is that of an ElasticWeb's screen. */
export const address = (row: { namespace: string; name: string }): string => `#/web/${encodeURIComponent(row.namespace)}/${encodeURIComponent(row.name)}`;
