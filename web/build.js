// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Builds the page into internal/page/assets. The same sources and the same lock file give the same bytes.
import { build } from "esbuild";
import { copyFile, mkdir, rm } from "node:fs/promises";

const out = "../internal/page/assets";
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: { page: "src/main.ts", style: "src/style.css" },
  bundle: true,
  minify: true,
  charset: "ascii",
  format: "esm",
  target: ["chrome111", "firefox115", "safari16.4"],
  legalComments: "eof",
  outdir: out,
  logLevel: "warning",
});
await copyFile("src/index.html", `${out}/index.html`);
await copyFile("src/icon.svg", `${out}/icon.svg`);
await copyFile("node_modules/uplot/LICENSE", `${out}/uplot-license.txt`);
