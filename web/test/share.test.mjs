// Links hold every text, and nothing that a link holds can do more than fail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { fromFragment, LinkError, MOST_LINK, MOST_TEXT, toFragment } from "../src/share.mjs";

const fragment = (bytes) => `#text/${Buffer.from(deflateRawSync(bytes)).toString("base64url")}`;

test("a text is what was shared", async () => {
  const texts = ["", "input 8; fc 2\n", "×é한국어🧠\u0000\u202e", '<script>alert("&")</script>', "a\n".repeat(90_000), "\ufeffinput 8"];
  for (const text of texts) assert.deepEqual(await fromFragment(await toFragment(text)), { text });
  assert.deepEqual(await fromFragment(fragment("a\r\nb")), { text: "a\nb" });
});

test("a fragment has only characters that need no escape", async () => {
  for (let i = 0; i < 50; i++) assert.match(await toFragment(`conv ${i} 한 ${"?>~".repeat(i)}`), /^#text\/[\w-]+$/);
});

test("networks of the zoo are named", async () => {
  assert.deepEqual(await fromFragment("#zoo:resnet50"), { zoo: "resnet50" });
  assert.equal(await fromFragment(""), null);
  assert.equal(await fromFragment("#"), null);
});

test("everything else is refused with a message", async () => {
  const random = (length) => `#text/${Buffer.from(Array.from({ length }, (_, i) => (i * i * 31 + 7 * length) % 256)).toString("base64url")}`;
  const hostile = [
    "#<script>alert(1)</script>", "#text/", "#text/<img>", "#text/AAAA____", "#zoo:", "#zoo:../../etc/passwd", "#zoo:A", "#javascript:alert(1)",
    `#zoo:${"a".repeat(61)}`, `#text/${"A".repeat(MOST_LINK)}`, fragment("conv 6 k5\n".repeat(200)).slice(0, -5), fragment(Buffer.from([0xff, 0xfe, 0x80])),
    ...Array.from({ length: 40 }, (_, i) => random(i + 1)),
  ];
  for (const each of hostile) await assert.rejects(fromFragment(each), (error) => error instanceof LinkError && error.message.length < 100, each.slice(0, 60));
});

test("a bomb is not unpacked, and a text that is too long is not packed", async () => {
  const bomb = fragment(Buffer.alloc(50_000_000, 32));
  assert.ok(bomb.length < MOST_LINK);
  await assert.rejects(fromFragment(bomb), /more than 200,000 characters/);
  await assert.rejects(toFragment("a".repeat(MOST_TEXT + 1)), LinkError);
  const random = Array.from({ length: 150_000 }, (_, i) => String.fromCharCode(33 + ((i * 7919 + ((i * i) % 1013) * 31) % 1500))).join("");
  await assert.rejects(toFragment(random), /too long for a link/);
});
