// Boxes, frames and lines as SVG elements. Words from the network are text, never markup.

const SVG = "http://www.w3.org/2000/svg";
const [PAD_X, PAD_Y, BETWEEN, LINE, SQUARE] = [8, 4, 1, 1.2, 7];

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Lines of text below each other, centered at x, from the top of their box. */
function textLines(lines, x, top, into) {
  let y = top + PAD_Y;
  for (const { text, size, bold } of lines) {
    y += size * LINE;
    const element = svg("text", { x: round(x), y: round(y - size * 0.3), "font-size": size, "text-anchor": "middle" });
    if (bold) element.setAttribute("font-weight", "bold");
    element.textContent = text;
    into.append(element);
  }
}

function heightOf(lines) {
  return lines.reduce((sum, line) => sum + line.size * LINE, 0) + 2 * PAD_Y;
}

function wordsOf(row, texts) {
  return [{ text: row.words, size: texts.words }, ...row.numbers.map((text) => ({ text, size: texts.numbers }))];
}

/** A box at a position: stacked layers, a closed block, a merge, an input or an output. */
function drawBox(box, x, y, texts) {
  const group = svg("g");
  const middle = x + box.width / 2;
  if (box.role === "entry") {
    group.append(svg("circle", { cx: middle, cy: y + box.height / 2, r: 2, class: "point" }));
  } else if (box.symbol) {
    group.append(svg("circle", { cx: middle, cy: y + box.height / 2, r: box.width / 2, class: "plain" }));
    textLines([{ text: box.symbol, size: 14 }], middle, y + box.height / 2 - 12, group);
  } else if (box.role === "layers") {
    drawRows(box, x, y, texts, group);
  } else if (box.role === "group") {
    drawClosed({ ...box, words: box.rows[0].words, numbers: box.rows[0].numbers }, x, y, texts, group);
  } else {
    group.append(svg("rect", { x, y, width: box.width, height: box.height, rx: 6, class: "plain" }));
    textLines([{ text: box.rows[0]?.words ?? "", size: texts.words }], middle, y + (box.height - texts.words * LINE) / 2 - PAD_Y, group);
  }
  return group;
}

/** Stacked layers, with the number of repetitions to their right. */
function drawRows(box, x, y, texts, group) {
  const { aside } = box;
  let top = y;
  for (const row of box.rows) {
    const lines = wordsOf(row, texts);
    const height = heightOf(lines);
    const look = { x: round(x + aside), y: round(top), width: round(box.width - 2 * aside), height: round(height), rx: 6 };
    group.append(svg("rect", { ...look, class: `layer ${kindClass(row.kind)}` }));
    textLines(lines, x + box.width / 2, top, group);
    top += height + BETWEEN;
  }
  if (box.times > 1) {
    const at = { x: round(x + box.width - aside / 2 + 2), y: round(y + box.height / 2 + 4), "font-size": texts.words };
    const times = svg("text", { ...at, "text-anchor": "middle", "font-weight": "bold", class: "outside" });
    times.textContent = `×${box.times}`;
    group.append(times);
  }
}

/** A closed block or frame: its name, its number of repetitions, its kinds as a strip of colors, its numbers. */
function drawClosed(box, x, y, texts, group) {
  group.append(svg("rect", { x, y, width: box.width, height: box.height, rx: 6, class: "plain" }));
  const lines = [{ text: box.words, size: texts.words }];
  if (box.times > 1) lines.push({ text: `×${box.times}`, size: texts.words, bold: true });
  if (box.note) lines.push({ text: box.note, size: texts.numbers });
  lines.push(...box.numbers.map((text) => ({ text, size: texts.numbers })));
  textLines(lines, x + box.width / 2, y, group);
  const total = box.kinds.reduce((sum, [, number]) => sum + number, 0);
  const step = Math.min(SQUARE, 98 / Math.max(1, total));
  let left = x + (box.width - step * total) / 2;
  for (const [kind, number] of box.kinds) {
    const at = { x: round(left), y: round(y + box.height - PAD_Y - SQUARE), width: round(step * number), height: SQUARE };
    group.append(svg("rect", { ...at, class: `square ${kindClass(kind)}` }));
    left += step * number;
  }
}

/** An open frame: its background and its title. */
function drawFrame(frame, x, y, width, height, depth, texts) {
  const group = svg("g");
  group.append(svg("rect", { x, y, width: round(width), height: round(height), rx: 8, class: depth % 2 ? "frame inner" : "frame" }));
  const title = svg("text", { x: x + 8, y: y + 13, "font-size": texts.words - 1, class: "note" });
  title.textContent = frame.title;
  if (frame.times > 1) {
    const times = svg("tspan", { "font-weight": "bold" });
    times.textContent = `${frame.title ? " " : ""}×${frame.times}`;
    title.append(times);
  }
  group.append(title);
  return group;
}

/** A line with its arrowhead and the shape of its tensor. */
function drawLine(line, texts) {
  const group = svg("g", { class: `arrow ${line.flow}` });
  group.append(svg("path", { d: pathOf(line.points), class: "line" }));
  const [x, y] = line.points.at(-1);
  if (line.arrow) {
    group.append(svg("path", { d: `M${round(x)},${round(y)}l-2.4,-6.5h4.8z`, class: "head" }));
  }
  if (line.shape) {
    const at = { x: round(line.points[0][0] + 5), y: round(line.points[1][1] + 13), "font-size": texts.shapes };
    const label = svg("text", { ...at, class: "note" });
    label.textContent = line.shape;
    group.append(label);
  }
  return group;
}

/** The class of a kind of layer; a class name permits fewer characters than a kind. */
function kindClass(kind) {
  return `kind-${kind.replace(/[^a-z]/g, "")}`;
}
