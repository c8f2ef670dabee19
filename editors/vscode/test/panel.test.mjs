import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "../dist/parts/panelHtml.mjs";

const hostile = `<script>alert("1")</script>`;

test("names, tables and errors are text", () => {
  const html = page(hostile, { table: hostile, svg: null, error: hostile });
  assert.ok(!html.includes("<script"));
  assert.equal(html.split("&lt;script&gt;").length, 5);
});

test("a diagram is an image, in which no script runs", () => {
  const html = page("net.arch", { table: "", svg: `<svg xmlns="http://www.w3.org/2000/svg">${hostile}×</svg>`, error: null });
  assert.ok(!html.includes("<script"));
  const data = /src="data:image\/svg\+xml;base64,([^"]+)"/.exec(html);
  assert.ok(data && Buffer.from(data[1], "base64").toString("utf8").includes("×"));
});

test("the page allows images and styles alone", () => {
  assert.match(page("n", { table: "", svg: null, error: null }), /default-src 'none'; img-src data:; style-src 'unsafe-inline'/);
});
