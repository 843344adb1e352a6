// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import uPlot from "uplot";
import { h, only } from "./dom";
import { clock, number } from "./format";
import type { Sample } from "./types";

type Curve = "demand" | "expected" | "planned" | "serving";

/** curves differ in their dashes and widths, too. */
const curves: { name: Curve; label: string; color: string; dash: number[]; width: number; fill?: boolean }[] = [
  { name: "serving", label: "Serving", color: "--curve-serving", dash: [], width: 2, fill: true },
  { name: "planned", label: "Planned, with headroom", color: "--curve-planned", dash: [2, 4], width: 2 },
  { name: "expected", label: "Expected", color: "--curve-expected", dash: [10, 5], width: 2 },
  { name: "demand", label: "Demand", color: "--curve-demand", dash: [], width: 2 },
];

const leastSpan = 60;

/** Chart draws demand and capacity over time. */
export class Chart {
  readonly element = h("div", { class: "chart" });
  private readonly legend = h("dl", { class: "legend" });
  private readonly canvas = h("div", { class: "canvas", role: "img" });
  private readonly note = h("p", { class: "note" });
  private plot: uPlot | null = null;
  private samples: Sample[] = [];
  private past: Sample[] = [];
  private readonly observer = new ResizeObserver(() => this.resize());
  private readonly dark = window.matchMedia("(prefers-color-scheme: dark)");
  private readonly redraw = (): void => this.draw(true);
  private readonly timer = window.setInterval(() => document.hidden || this.draw(false), 5000);

  constructor() {
    this.element.append(this.canvas, this.legend, this.note);
    this.observer.observe(this.canvas);
    this.dark.addEventListener("change", this.redraw);
  }

  close(): void {
    window.clearInterval(this.timer);
    this.observer.disconnect();
    this.dark.removeEventListener("change", this.redraw);
    this.plot?.destroy();
  }

  setPast(past: Sample[], note: string): void {
    this.past = past;
    this.note.textContent = note;
    this.draw(false);
  }

  set(samples: Sample[]): void {
    this.samples = samples;
    this.draw(false);
  }

  /** data is a column of times and one of each curve: what was before the page was opened, what was seen since, and now. */
  private data(): (number | null)[][] {
    const first = this.samples[0]?.at ?? Infinity;
    const rows = [...this.past.filter((sample) => sample.at < first), ...this.samples];
    const last = rows.at(-1);
    if (last) {
      const now = Math.floor(Date.now() / 1000);
      if (now > last.at) rows.push({ ...last, at: now });
    }
    return [rows.map((row) => row.at), ...curves.map(({ name }) => rows.map((row) => row[name]))];
  }

  private draw(anew: boolean): void {
    const data = this.data() as uPlot.AlignedData;
    if (anew) {
      this.plot?.destroy();
      this.plot = null;
    }
    if (this.plot) this.plot.setData(data);
    else if (this.canvas.clientWidth > 0) this.plot = new uPlot(this.options(), data, this.canvas);
    this.drawLegend(data, data[0].length - 1);
    const values = curves.map(({ label }, i) => `${label}: ${said(data[i + 1]?.at(-1))}`).join("; ");
    this.canvas.setAttribute("aria-label", `Requests per second over time. At the end: ${values}`);
  }

  private drawLegend(data: uPlot.AlignedData, at: number): void {
    const rows = curves.map(({ name, label }, i) => [
      h("dt", { class: name }, h("span", { class: "key", "aria-hidden": "true" }), label),
      h("dd", {}, said(data[i + 1]?.[at])),
    ]);
    const time = data[0][at];
    only(this.legend, ...rows.map((pair) => h("div", {}, ...pair)), time === undefined ? null : h("div", {}, h("dt", {}, "At"), h("dd", {}, clock(time))));
  }

  private options(): uPlot.Options {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const axis = { stroke: color("--text-2"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const stepped = uPlot.paths.stepped!({ align: 1 });
    return {
      width: this.canvas.clientWidth, height: this.canvas.clientHeight,
      legend: { show: false },
      fmtDate: (template) => uPlot.fmtDate(asElsewhere(template)),
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: (_, min, max) => (Number.isFinite(min) && Number.isFinite(max) ? [Math.min(min, max - leastSpan), max] : [0, leastSpan]) },
        y: { range: (_, __, max) => [0, Number.isFinite(max) && max > 0 ? max * 1.1 : 1] },
      },
      axes: [{ ...axis }, { ...axis, size: 64, values: (_, splits) => splits.map((value) => number(value)) }],
      series: [{}, ...curves.map(({ label, color: name, dash, width, fill }) => ({
        label, stroke: color(name), dash, width, paths: stepped, points: { show: false }, ...(fill ? { fill: color("--curve-fill") } : {}),
      }))],
      hooks: { setCursor: [(plot: uPlot) => this.drawLegend(plot.data, plot.cursor.idx ?? plot.data[0].length - 1)] },
    };
  }

  private resize(): void {
    if (this.canvas.clientWidth === 0) return;
    if (this.plot) this.plot.setSize({ width: this.canvas.clientWidth, height: this.canvas.clientHeight });
    else this.draw(false);
  }
}

/** asElsewhere has times and dates as the rest of the page has them: 24 hours, the year first. */
const asElsewhere = (template: string): string => template
  .replace("{h}:{mm}{aa}", "{HH}:{mm}").replace("{h}{aa}", "{HH}:00").replace("{M}/{D}/{YY}", "{YYYY}-{MM}-{DD}").replace("{M}/{D}", "{MM}-{DD}");

const said = (value: number | null | undefined): string => (value === null || value === undefined ? "not known" : number(value));
