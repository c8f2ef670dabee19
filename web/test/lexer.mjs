// Reads {states, texts} from stdin, and writes the pieces of each text as [class, text], without spaces.
import { readFileSync } from "node:fs";
import { Lexer } from "../src/lexer.mjs";

const { states, texts } = JSON.parse(readFileSync(0, "utf8"));
const lexer = new Lexer(states);

function pieces(text) {
  const state = lexer.start();
  const found = [];
  for (const line of text.split("\n")) {
    lexer.startLine(state);
    for (let at = 0; at < line.length; ) {
      const [length, kind] = lexer.next(line, at, state);
      if (kind) found.push([kind, line.slice(at, at + length)]);
      at += length;
    }
  }
  return found;
}

process.stdout.write(JSON.stringify(texts.map(pieces)));
