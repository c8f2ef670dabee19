// Positions: Python counts characters, JavaScript counts units of UTF-16, in which some characters are two.

/** The positions of one text in both. */
export class Offsets {
  /** @param {string} text */
  constructor(text) {
    /** The positions of the second halves, of which Python has none. @type {number[]} */
    this.halves = [];
    for (let i = text.search(/[\ud800-\udbff][\udc00-\udfff]/); i >= 0 && i < text.length; i++) {
      const code = text.codePointAt(i) ?? 0;
      if (code > 0xffff) this.halves.push(++i);
    }
  }

  /**
   * The position in Python of one in JavaScript.
   * @param {number} position
   */
  toPython(position) {
    let before = 0;
    while (before < this.halves.length && this.halves[before] < position) before++;
    return position - before;
  }

  /**
   * The position in JavaScript of one in Python.
   * @param {number} position
   */
  fromPython(position) {
    let before = 0;
    while (before < this.halves.length && this.halves[before] - before <= position) before++;
    return position + before;
  }
}
