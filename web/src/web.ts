// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { bar } from "./bar";
import { Chart } from "./chart";
import { Fresh, h, only } from "./dom";
import { number, plural, since } from "./format";
import { PodMap } from "./map";
import { badge } from "./states";
import type { Condition, Detail, Key, Sample } from "./types";
import { WhatIf } from "./whatif";

/** Web is the screen of one ElasticWeb. */
export class Web {
  readonly element = h("article", { class: "web" });
  private readonly fresh = new Fresh();
  private readonly title = h("div", { class: "title" });
  private readonly trouble = h("div", { role: "status" });
  private readonly amounts = h("div", { class: "amounts" });
  private readonly map = new PodMap();
  private readonly architectures = h("div", { class: "wide-content", tabindex: 0, role: "region", "aria-label": "Architectures" });
  private readonly conditions = h("ul", { class: "conditions" });
  private readonly facts = h("dl", { class: "facts" });
  private readonly steps = h("div", { class: "steps" });
  private readonly changes = h("ol", { class: "log" });
  private readonly events = h("ol", { class: "log" });
  private readonly chart = new Chart();
  private readonly whatIf: WhatIf;
  private readonly cards = h("div", { class: "cards" });

  constructor(readonly key: Key) {
    this.whatIf = new WhatIf(key);
    this.cards.append(
      card("amounts-title", "Demand and capacity", "over", this.amounts, this.chart.element),
      this.whatIf.element,
      card("map-title", "Pods", "pods-card", this.map.element),
      card("conditions-title", "Conditions", "", this.conditions),
      card("architectures-title", "What a pod serves", "", this.architectures),
      card("changes-title", "Seen on this page", "", this.changes),
      card("events-title", "Last events", "", this.events),
      card("why-title", "How the number of pods came about", "", this.steps),
      card("facts-title", "Facts", "", this.facts));
    this.cards.hidden = true;
    this.element.append(
      h("p", { class: "back" }, h("a", { href: "#/" }, "← All ElasticWebs")), this.title, this.trouble, this.cards);
    only(this.title, h("h1", {}, key.name, " ", h("small", {}, `in ${key.namespace}`)), h("p", {}, "It is being read."));
    void this.readPast();
  }

  close(): void {
    this.chart.close();
    this.whatIf.close();
  }

  missing(): void {
    this.tell("There is no such ElasticWeb, or not any more. What is shown is what was seen of it last.");
  }

  unread(why: string): void {
    this.tell(`It could not be read: ${why}`);
  }

  /** tell says what is wrong until there is something to show again. */
  private tell(text: string): void {
    this.fresh.draw(this.trouble, text, () => [h("p", { class: "refused" }, text)]);
  }

  set(detail: Detail): void {
    this.cards.hidden = false;
    const draw = this.fresh;
    draw.draw(this.trouble, [detail.unreadable, detail.missing], ([unreadable]) => [
      unreadable ? h("p", { class: "refused" }, `The spec cannot be read, and nothing is planned: ${unreadable as string}`) : null,
      ...detail.missing.map((text) => h("p", { class: "refused" }, `Not shown, since it could not be read: ${text}`)),
    ]);
    draw.draw(this.title, [detail.state, detail.reason, detail.message, detail.since], () => [
      h("h1", {}, this.key.name, " ", h("small", {}, `in ${this.key.namespace}`)),
      h("p", { class: "standing" }, badge(detail.state), " ", h("b", {}, detail.reason), detail.since ? since(detail.since, ", for ") : ""),
      h("p", { class: "message" }, detail.message),
    ]);
    draw.draw(this.amounts, [detail.serving, detail.planned, detail.wanted, detail.ready, detail.podsPlanned, detail.pods, detail.podsAsked], () => amounts(detail));
    this.map.draw(detail.nodes ?? [], detail.podsHidden);
    draw.draw(this.architectures, detail.byArchitecture, () => architectures(detail));
    draw.draw(this.conditions, detail.conditions, (all) => (all?.length ? all.map(condition) : [h("li", {}, "The operator has reported none yet.")]));
    draw.draw(this.facts, detail.facts, (facts) => facts.map(({ label, text }) => h("div", {}, h("dt", {}, label), h("dd", {}, text))));
    draw.draw(this.steps, detail.steps, (steps) => [
      h("ol", {}, ...steps.map(({ title, sentences }) => h("li", {}, h("b", {}, title), " ", sentences.join(" "))))]);
    draw.draw(this.changes, detail.changes, (all) => (all?.length
      ? all.map(({ at, text }) => h("li", {}, since(at, "", " ago"), " ", text))
      : [h("li", {}, "Nothing has changed since this page is served.")]));
    draw.draw(this.events, detail.events, (all) => (all.length
      ? all.map((event) => h("li", { class: event.type === "Warning" ? "warning" : "normal" },
        since(event.last, "", " ago"), ` ${event.type} `, h("b", {}, event.reason), event.count > 1 ? ` (${plural(event.count, "time")})` : "", ` ${event.object}: ${event.message}`))
      : [h("li", {}, "None are kept.")]));
    this.chart.set(detail.samples ?? []);
    this.whatIf.set(detail);
  }

  private async readPast(): Promise<void> {
    const query = new URLSearchParams({ namespace: this.key.namespace, name: this.key.name });
    try {
      const response = await fetch(`past?${query}`);
      if (!response.ok) throw new Error(await response.text());
      const samples = (await response.json()) as Sample[];
      this.chart.setPast(samples, samples.length > 0 ? "" : "From when kubectl elasticweb dashboard was started; with --prometheus-url, from before.");
    } catch (error) {
      this.chart.setPast([], `What was before is not known: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function card(id: string, title: string, name: string, ...content: HTMLElement[]): HTMLElement {
  return h("section", { class: `card ${name}`, "aria-labelledby": id }, h("h2", { id }, title), ...content);
}

function amounts(detail: Detail): HTMLElement[] {
  const goal = detail.planned || detail.wanted;
  const rows = [
    goal > 0
      ? [h("dt", {}, "Serving"), h("dd", {}, bar("Serving", detail.serving, goal, "requests per second"), h("span", {}, `${number(detail.serving)} of ${number(goal)} requests per second`))]
      : [h("dt", {}, "Serving"), h("dd", {}, h("span", {}, `up to ${number(detail.serving)} requests per second`))],
    [h("dt", {}, "Pods"), h("dd", {}, bar("Pods", detail.ready, detail.podsPlanned, "pods"), h("span", {}, `${number(detail.ready)} of ${number(detail.podsPlanned)} ready${detail.pods !== detail.podsPlanned ? `, ${number(detail.pods)} there` : ""}`))],
  ];
  const limited = detail.podsAsked !== detail.podsPlanned ? [h("p", { class: "note" }, `The demand calls for ${plural(detail.podsAsked, "pod")}; the limits make that ${number(detail.podsPlanned)}.`)] : [];
  return [h("dl", { class: "bars" }, ...rows.map((pair) => h("div", {}, ...pair))), ...limited];
}

function architectures(detail: Detail): HTMLElement[] {
  const all = detail.byArchitecture ?? [];
  if (all.length === 0) return [h("p", {}, "No architecture is known yet.")];
  const head = ["Architecture", "Pods", "Ready", "QPS of a pod", "Weight", "From"];
  return [h("table", {},
    h("thead", {}, h("tr", {}, ...head.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, ...all.map((entry) => h("tr", {},
      h("th", { scope: "row" }, entry.name), h("td", {}, number(entry.pods)), h("td", {}, number(entry.ready)),
      h("td", {}, `${number(entry.qps)}${entry.atLeast ? " or more" : ""}`), h("td", {}, entry.weight > 0 ? number(entry.weight) : "–"), h("td", {}, entry.from)))))];
}

const moods: Record<Condition["mood"], { sign: string; word: string }> = {
  good: { sign: "✔", word: "good" }, bad: { sign: "✖", word: "bad" }, uncertain: { sign: "?", word: "uncertain" },
};

function condition(entry: Condition): HTMLElement {
  const mood = moods[entry.mood];
  return h("li", { class: entry.mood },
    h("span", { class: "sign", role: "img", "aria-label": mood.word }, mood.sign), " ", h("b", {}, `${entry.type}: ${entry.status}`), `, ${entry.reason}`,
    entry.since > 0 ? since(entry.since, ", for ") : "", h("p", {}, entry.message));
}
