// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

import type { Cluster, Detail, Key, Row } from "./types";
import { keyText } from "./types";

/** Listener is told of what the server says. */
export interface Listener {
  rows(): void;
  cluster(cluster: Cluster): void;
  web(detail: Detail): void;
  missing(): void;
  unread(why: string): void;
  /** isRefused: there is an answer, and it is not the stream. */
  link(isUp: boolean, isRefused: boolean): void;
}

const retryAfter = 2000;

/** Stream keeps the list of all, and of the one that is opened what the server says of it. It comes back by itself, and rests while nobody sees the page. */
export class Stream {
  readonly all = new Map<string, Row>();
  private staged: Map<string, Row> | null = null;
  private source: EventSource | null = null;
  private timer = 0;
  private opened: Key | null = null;

  constructor(private readonly listener: Listener) {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.connect()));
  }

  open(key: Key | null): void {
    this.opened = key;
    if (!document.hidden) this.connect();
  }

  private close(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private connect(): void {
    this.close();
    const query = this.opened ? `?${new URLSearchParams({ namespace: this.opened.namespace, name: this.opened.name })}` : "";
    const source = new EventSource(`events${query}`);
    this.source = source;
    const on = <T>(event: string, act: (data: T) => void): void => {
      source.addEventListener(event, (message) => {
        if (this.source === source) act(JSON.parse((message as MessageEvent<string>).data) as T);
      });
    };
    on("hello", () => {
      this.staged = new Map();
      this.listener.link(true, false);
    });
    on<Row[]>("rows", (rows) => {
      for (const row of rows) (this.staged ?? this.all).set(keyText(row), row);
      if (!this.staged) this.listener.rows();
    });
    on<Key[]>("gone", (keys) => {
      for (const key of keys) this.all.delete(keyText(key));
      this.listener.rows();
    });
    on<Cluster>("cluster", (cluster) => {
      this.unstage();
      this.listener.cluster(cluster);
    });
    on<Detail>("web", (detail) => this.listener.web(detail));
    on("missing", () => this.listener.missing());
    on<string>("unread", (why) => this.listener.unread(why));
    source.onerror = () => {
      if (this.source !== source) return;
      const isRefused = source.readyState === EventSource.CLOSED; // a server that is gone leaves it trying.
      this.close();
      this.listener.link(false, isRefused);
      this.timer = window.setTimeout(() => this.connect(), retryAfter);
    };
  }

  /** unstage takes over all that a new stream began with, and with it leaves out what is gone since the last one. */
  private unstage(): void {
    if (!this.staged) return;
    this.all.clear();
    for (const [key, row] of this.staged) this.all.set(key, row);
    this.staged = null;
    this.listener.rows();
  }
}
