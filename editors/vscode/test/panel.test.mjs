import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "../dist/parts/panelHtml.mjs";

const hostile = `<script>alert("1")</script>`;

test("names are text", () => {
  const html = page(hostile, "https://x/panel.js", "https://x");
  assert.equal(html.split("<script").length, 2, "only its own script");
  assert.equal(html.split("&lt;script&gt;").length, 3);
});

test("the page allows images, styles and its own script alone", () => {
  assert.match(page("n", "https://x/panel.js", "https://x"), /default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src https:\/\/x"/);
});
