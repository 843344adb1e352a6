// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { bar } from "./bar";
import { h, only } from "./dom";
import { number, plural } from "./format";
import type { Answer, Detail, Key } from "./types";

const patience = 200;
const most = 2 ** 31 - 1;

/** WhatIf is a slider for another demand, and the plan that the operator would make of it. It changes nothing. */
export class WhatIf {
  readonly element = h("section", { class: "card whatif", "aria-labelledby": "whatif-title" });
  private readonly slider = h("input", { type: "range", min: 0, step: 1, id: "whatif-slider" });
  private readonly exact = h("input", { type: "number", min: 0, max: most, step: 1, id: "whatif-number", inputmode: "numeric" });
  private readonly label = h("label", { for: "whatif-slider" });
  private readonly output = h("div", { class: "answer", role: "status" });
  private readonly diff = h("details", { class: "diff" });
  private timer = 0;
  private asking: AbortController | null = null;
  private isMoved = false;
  private byCount = false;
  private current = -1;

  constructor(private readonly key: Key) {
    this.element.append(
      h("h2", { id: "whatif-title" }, "What if"), this.label,
      h("div", { class: "ask" }, this.slider, this.exact), this.output, this.diff);
    this.exact.setAttribute("aria-label", "The same as a number");
    this.diff.hidden = true;
    this.slider.addEventListener("input", () => this.move(this.slider.value));
    this.exact.addEventListener("input", () => this.move(this.exact.value));
  }

  /** set has what is there now: the slider begins there, and a question that was asked is asked again. */
  set(detail: Detail): void {
    const now = detail.byCount ? detail.podsPlanned : detail.wanted;
    if (now === this.current && detail.byCount === this.byCount) {
      if (this.isMoved) this.later(1000);
      return;
    }
    [this.current, this.byCount] = [now, detail.byCount];
    this.label.textContent = detail.byCount ? "Another number of pods" : "Another demand, in requests per second";
    const end = Math.min(most, Math.max(now * 4, detail.serving * 4, detail.byCount ? 10 : 1000));
    this.slider.max = String(Math.max(end, Number(this.exact.value)));
    this.slider.step = String(detail.byCount ? 1 : Math.max(1, 10 ** Math.floor(Math.log10(end / 100))));
    if (this.isMoved) this.later(1000);
    else {
      this.slider.value = this.exact.value = String(now);
      only(this.output, h("p", { class: "hint" }, "Move the slider to see the plan that the operator would make. Nothing is changed."));
    }
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.asking?.abort();
  }

  private move(value: string): void {
    this.isMoved = true;
    if (this.slider.value !== value) this.slider.value = value;
    if (this.exact.value !== value) this.exact.value = value;
    this.later(patience);
  }

  private later(wait: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), wait);
  }

  private async ask(): Promise<void> {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const value = this.exact.value;
    const query = new URLSearchParams({ namespace: this.key.namespace, name: this.key.name, [this.byCount ? "replicas" : "totalQPS"]: value });
    this.output.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(`whatif?${query}`, { signal: asking.signal });
      if (!response.ok) throw new Error(await response.text());
      this.draw((await response.json()) as Answer, value);
    } catch (error) {
      if (asking.signal.aborted) return;
      this.diff.hidden = true;
      only(this.output, h("p", { class: "refused" }, `It cannot be told: ${error instanceof Error ? error.message : String(error)}`));
    }
    this.output.removeAttribute("aria-busy");
  }

  private draw(answer: Answer, value: string): void {
    const settled = answer.podsSettled !== answer.pods ? `, and ${number(answer.podsSettled)} once they are where the order of the architectures calls for` : "";
    const whole = Math.max(answer.pods, answer.podsNow, 1);
    only(this.output,
      h("p", { class: "verdict", "data-asked": value }, h("b", {}, plural(answer.pods, "pod")), `${settled}; now ${number(answer.podsNow)}`),
      bar("Pods now, of those after the change or now", answer.podsNow, whole, "pods"),
      bar("Pods after the change, of those after the change or now", answer.pods, whole, "pods"),
      answer.serving ? h("p", {}, `They serve ${answer.serving}`) : null,
      answer.architectures ? h("p", {}, `Filled in this order: ${answer.architectures}`) : null,
      h("p", {}, answer.restarts ? `All pods are replaced, because of ${answer.causes.join(", ")}.` : "No pod is replaced."),
      list("refused", "Refused", answer.refused), list("notes", "Notes", answer.notes));
    this.diff.hidden = answer.diff.join("") === "";
    const open = this.diff.open;
    only(this.diff, h("summary", {}, "What would be written"), h("pre", { tabindex: 0 }, ...answer.diff.map((line) =>
      h("span", { class: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same" }, `${line}\n`))));
    this.diff.open = open;
  }
}

function list(name: string, title: string, texts: string[]): HTMLElement | null {
  if (texts.length === 0) return null;
  return h("div", { class: name }, h("h3", {}, title), h("ul", {}, ...texts.map((text) => h("li", {}, text))));
}
