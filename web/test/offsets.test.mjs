import assert from "node:assert/strict";
import { test } from "node:test";
import { Offsets } from "../src/offsets.mjs";

test("positions are those of the characters", () => {
  for (const text of ["", "conv", "🧠", "a🧠b🧠🧠c", "한×\ud800x", "🧠\n🧠", "x\udc00\ud800"]) {
    const offsets = new Offsets(text);
    let python = 0;
    let javascript = 0;
    for (const character of text) {
      assert.equal(offsets.toPython(javascript), python, text);
      assert.equal(offsets.fromPython(python), javascript, text);
      python += 1;
      javascript += character.length;
    }
    assert.equal(offsets.toPython(text.length), python, text);
    assert.equal(offsets.fromPython(python), text.length, text);
  }
});
