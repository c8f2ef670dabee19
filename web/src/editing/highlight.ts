// Colors of the text in the editor: the classes of archdsl's lexer as tags of CodeMirror.
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { tags, type Tag } from "@lezer/highlight";
import { Lexer } from "../lexer.mjs";

const TAGS: Record<string, Tag> = {
  comment: tags.lineComment,
  string: tags.string,
  keyword: tags.keyword,
  "word-operator": tags.operatorKeyword,
  operator: tags.operator,
  punctuation: tags.punctuation,
  layer: tags.typeName,
  block: tags.className,
  definition: tags.definition(tags.className),
  function: tags.function(tags.name),
  argument: tags.attributeName,
  flag: tags.modifier,
  shorthand: tags.attributeValue,
  name: tags.name,
  number: tags.number,
  size: tags.integer,
  repetition: tags.float,
  at: tags.special(tags.name),
  invalid: tags.invalid,
};

const COLORS: [Tag | Tag[], string][] = [
  [tags.lineComment, "comment"],
  [[tags.keyword, tags.operatorKeyword, tags.modifier], "keyword"],
  [tags.typeName, "layer"],
  [[tags.className, tags.definition(tags.className), tags.function(tags.name)], "block"],
  [[tags.number, tags.integer, tags.float], "number"],
  [[tags.string, tags.special(tags.name)], "string"],
  [[tags.attributeName, tags.attributeValue], "argument"],
  [tags.invalid, "error"],
];

/** The rules of the lexer, of archdsl/highlight/rules.py. */
export type Rules = Record<string, any[]>;

const style = syntaxHighlighting(HighlightStyle.define(COLORS.map(([tag, name]) => ({ tag, color: `var(--code-${name})` }))));

export function highlighting(rules: Rules): Extension {
  const lexer = new Lexer(rules);
  const arch = StreamLanguage.define({
    name: "arch",
    startState: () => lexer.start(),
    copyState: ({ stack, pending }) => ({ stack, pending: [...pending] }),
    token(stream, state) {
      if (stream.sol()) lexer.startLine(state);
      const [length, kind] = lexer.next(stream.string, stream.pos, state);
      stream.pos = Math.min(stream.pos + length, stream.string.length);
      return kind || null;
    },
    blankLine: (state) => lexer.startLine(state),
    languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", "{", '"'] } },
    tokenTable: TAGS,
  });
  return [arch, style];
}
