// Highlights a line at a time with the rules of archdsl/highlight/rules.py, as its Pygments lexer does.

/** @typedef {{ pattern: string, classes: string[] }} Rule */
/** @typedef {{ begin: Rule, end: Rule, inside: string }} Region */
/** @typedef {{ regex: RegExp, classes: string[], enter?: Frame, leave?: boolean }} Step */
/** @typedef {{ steps: Step[], endsWithLine: boolean }} Frame */
/** @typedef {{ stack: Frame[], pending: [number, string][] }} LexerState */

const SPACE = /[ \t\f\u00a0\ufeff]+/y;

export class Lexer {
  /** @param {Record<string, (Rule | Region)[]>} states */
  constructor(states) {
    this.states = states;
    /** @type {Map<string, Frame>} */
    this.frames = new Map();
    this.root = this.frame("statements", null);
  }

  /** @returns {LexerState} */
  start() {
    return { stack: [this.root], pending: [] };
  }

  /**
   * The frame of a state; inside a region, its end comes first.
   * @param {string} name
   * @param {Rule | null} end
   * @returns {Frame}
   */
  frame(name, end) {
    const key = `${name}\n${end?.pattern}`;
    const known = this.frames.get(key);
    if (known) return known;
    /** @type {Frame} */
    const made = { steps: [], endsWithLine: end !== null && new RegExp(`^(?:${end.pattern})`).test("") };
    this.frames.set(key, made);
    if (end) made.steps.push({ regex: sticky(end.pattern), classes: end.classes, leave: true });
    for (const rule of this.states[name]) {
      if ("begin" in rule) made.steps.push({ regex: sticky(rule.begin.pattern), classes: rule.begin.classes, enter: this.frame(rule.inside, rule.end) });
      else made.steps.push({ regex: sticky(rule.pattern), classes: rule.classes });
    }
    return made;
  }

  /**
   * To be called at the start of each line: regions that reach to the end of their line end there.
   * @param {LexerState} state
   */
  startLine(state) {
    state.pending = [];
    while (state.stack.length > 1 && state.stack[state.stack.length - 1].endsWithLine) state.stack.pop();
  }

  /**
   * The next piece of a line from a position: its length, at least 1, and its class; "" for spaces.
   * @param {string} line
   * @param {number} from
   * @param {LexerState} state
   * @returns {[number, string]}
   */
  next(line, from, state) {
    const waiting = state.pending.shift();
    if (waiting) return waiting;
    for (;;) {
      const found = this.match(line, from, state);
      if (!found) {
        SPACE.lastIndex = from;
        return [SPACE.exec(line)?.[0].length ?? 1, ""];
      }
      const pieces = found.filter(([length]) => length > 0);
      const first = pieces.shift();
      state.pending = pieces;
      // An empty match only left a region.
      if (first) return first;
    }
  }

  /**
   * @param {string} line
   * @param {number} from
   * @param {LexerState} state
   * @returns {[number, string][] | null}
   */
  match(line, from, state) {
    for (const { regex, classes, enter, leave } of state.stack[state.stack.length - 1].steps) {
      regex.lastIndex = from;
      const found = regex.exec(line);
      if (!found || (found[0] === "" && !leave)) continue;
      if (leave) state.stack = state.stack.slice(0, -1);
      if (enter) state.stack = [...state.stack, enter];
      if (classes.length === 1) return [[found[0].length, classes[0]]];
      return classes.map((each, i) => [found[i + 1]?.length ?? 0, each]);
    }
    return null;
  }
}

/** @param {string} pattern */
function sticky(pattern) {
  return new RegExp(pattern, "y");
}
