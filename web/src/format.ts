// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { h } from "./dom";

const numbers = new Intl.NumberFormat("en");
export const number = (value: number): string => numbers.format(value);

export const plural = (count: number, one: string, many = `${one}s`): string => `${number(count)} ${count === 1 ? one : many}`;

/** percent is rounded down: 99% is not all. */
export const percent = (part: number, whole: number): number => (whole > 0 ? Math.min(Math.floor((part / whole) * 100), 999) : 100);

/** clock is a time of day, with its date where that is another than now. */
export function clock(seconds: number, now = Date.now()): string {
  const at = new Date(seconds * 1000);
  return at.toDateString() === new Date(now).toDateString() ? at.toLocaleTimeString("en-GB") : at.toLocaleString("sv-SE"); // the year first.
}

/** age is how long ago a time was, in the unit that tells enough. */
export function age(seconds: number, now = Date.now() / 1000): string {
  const past = Math.max(0, Math.floor(now - seconds));
  if (past < 60) return `${past} s`;
  if (past < 3600) return `${Math.floor(past / 60)} min`;
  if (past < 86400) return `${Math.floor(past / 3600)} h`;
  return `${Math.floor(past / 86400)} d`;
}

/** since is an age that is kept up by refreshAges. */
export function since(seconds: number, before = "", after = ""): HTMLElement {
  const element = h("time", { "data-at": seconds, "data-before": before, "data-after": after, datetime: new Date(seconds * 1000).toISOString() });
  element.textContent = before + age(seconds) + after;
  return element;
}

export function refreshAges(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-at]")) {
    const text = (element.dataset["before"] ?? "") + age(Number(element.dataset["at"])) + (element.dataset["after"] ?? "");
    if (element.textContent !== text) element.textContent = text;
  }
}
