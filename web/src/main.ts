// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import { h, only } from "./dom";
import { Fleet } from "./fleet";
import { clock, refreshAges, since } from "./format";
import { Stream } from "./stream";
import type { Cluster, Key } from "./types";
import { Web } from "./web";

const main = document.getElementById("main")!;
const alerts = document.getElementById("alerts")!;
const link = document.getElementById("link")!;
let web: Web | null = null;
let cluster: Cluster | null = null;
let isUp = true;
let isRefused = false;
let lastUp = Date.now() / 1000;

const stream = new Stream({
  rows: () => fleet.update(),
  cluster: (told) => {
    cluster = told;
    document.getElementById("cluster")!.textContent = told.name;
    fleet.loaded(told.loaded);
    drawAlerts();
  },
  web: (detail) => {
    if (web && detail.namespace === web.key.namespace && detail.name === web.key.name) web.set(detail);
  },
  missing: () => web?.missing(),
  unread: (why) => {
    if (!cluster?.away) web?.unread(why);
  },
  link: (told, refused) => {
    if (isUp && !told) lastUp = Date.now() / 1000;
    isUp = told;
    isRefused = refused;
    drawAlerts();
  },
});
const fleet = new Fleet(stream.all);

/** drawAlerts says what is not as it is shown: since when, and that it comes back. */
function drawAlerts(): void {
  const isAway = Boolean(cluster?.away);
  document.documentElement.classList.toggle("stale", isAway || !isUp);
  link.textContent = !isUp ? "disconnected" : isAway ? "cluster away" : cluster?.loaded ? "live" : "reading";
  link.className = `link ${!isUp || isAway ? "down" : "up"}`;
  const alert = (name: string, ...children: (Node | string)[]): HTMLElement => h("div", { class: `alert ${name}` }, ...children);
  only(alerts,
    isRefused ? alert("down", "kubectl elasticweb dashboard serves 16 windows, and this is one more: close some. Or it was started anew: then open the address that it printed last.") : null,
    !isUp && !isRefused ? alert("down", `kubectl elasticweb dashboard has not answered since ${clock(lastUp)}, `, since(lastUp), " ago. What is shown is from then. If it was ended, start it again, and open the address that it prints.") : null,
    isUp && isAway ? alert("down", `The cluster has not answered since ${clock(cluster!.awaySince ?? 0)}, `, since(cluster!.awaySince ?? 0), ` ago. What is shown is from then; it comes back by itself. ${cluster!.away}`) : null,
    cluster?.refused?.length ? alert("refusals", h("details", {}, h("summary", {}, "Some may not be read, and is not shown"), h("ul", {}, ...cluster.refused.map((text) => h("li", {}, text))))) : null);
}

function route(): Key | null {
  const [, screen, namespace, name] = location.hash.split("/");
  if (screen !== "web" || !namespace || !name) return null;
  try {
    return { namespace: decodeURIComponent(namespace), name: decodeURIComponent(name) };
  } catch {
    return null;
  }
}

function show(): void {
  const key = route();
  web?.close();
  web = key ? new Web(key) : null;
  only(main, web ? web.element : fleet.element);
  document.title = key ? `${key.name} in ${key.namespace}, ElasticWebs` : "ElasticWebs";
  stream.open(key);
  fleet.update();
  window.scrollTo(0, 0);
}

window.addEventListener("hashchange", () => {
  show();
  main.focus({ preventScroll: true });
});
document.getElementById("skip")!.addEventListener("click", (event) => {
  event.preventDefault(); // the hash is the screen's.
  main.focus();
});
window.setInterval(refreshAges, 1000);
show();
