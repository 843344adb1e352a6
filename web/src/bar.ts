// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { h } from "./dom";
import { number, percent } from "./format";

/** bar draws a part of a whole, and says it. */
export function bar(label: string, part: number, whole: number, unit: string): HTMLElement {
  const share = percent(part, whole);
  const text = `${number(part)} of ${number(whole)} ${unit}, ${share}%`;
  const element = h("span", {
    class: `bar ${part >= whole ? "full" : "part"}`, role: "meter", "aria-label": label,
    "aria-valuemin": 0, "aria-valuemax": whole, "aria-valuenow": Math.min(part, whole), "aria-valuetext": text,
  });
  const filled = h("span", { class: "filled" });
  filled.style.width = `${Math.min(share, 100)}%`;
  element.append(filled);
  return element;
}
