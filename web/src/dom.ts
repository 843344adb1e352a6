// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Elements are made here and nowhere else. What comes from a cluster becomes text, never markup.

type Child = Node | string | null | undefined | false;

/** h makes an element. Attributes are set as attributes, so that none of them is code; those named by `on` take functions. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error(`attribute ${name}`);
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** only has an element hold these children and no others. */
export function only(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
}

/** arrange has an element hold these children in this order. Those that are in their place are not touched. */
export function arrange(element: Element, children: Element[]): void {
  const kept = new Set(children);
  for (const child of [...element.children]) {
    if (!kept.has(child)) child.remove();
  }
  children.forEach((child, at) => {
    const there = element.children[at];
    if (there !== child) element.insertBefore(child, there ?? null);
  });
}

/** say gives an element a text, unless it has it. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** hidden is for those who cannot see what is drawn. */
export const hidden = (text: string): HTMLElement => h("span", { class: "sr" }, text);

/** fresh draws anew only what is another than it was: what somebody reads, has opened or has the focus in stays. */
export class Fresh {
  private readonly drawn = new Map<Element, string>();

  draw<T>(element: Element, data: T, draw: (data: T) => Child[]): void {
    const text = JSON.stringify(data);
    if (this.drawn.get(element) === text) return;
    this.drawn.set(element, text);
    only(element, ...draw(data));
  }
}
