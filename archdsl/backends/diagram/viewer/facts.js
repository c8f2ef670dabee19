// The facts of a box or a frame, in words.

/** The name, the facts as pairs, and the statements of what a key stands for. */
function factsOf(data, model, key) {
  const index = Number(key.slice(1));
  return key[0] === "b" ? boxFacts(data, model.boxes[index]) : frameFacts(data, model.frames[index]);
}

function boxFacts(data, box) {
  const title = box.rows.map((row) => row.words).join(", ") || "a tensor that enters a repetition";
  const facts = [];
  if (box.times > 1) facts.push(["repetitions", `×${box.times}`]);
  const shape = box.shape || box.rows.at(-1)?.shape;
  if (shape) facts.push([box.role === "output" || box.role === "input" ? "shape" : "output", shape]);
  const many = box.rows.length > 1;
  for (const row of box.rows) {
    const own = [
      ["name", row.name],
      ["parameters", row.parameters && row.parameters + (row.shared ? " (shared)" : "")],
      ["MACs", row.macs],
    ].filter(([, value]) => value);
    if (many) facts.push([row.words, own.map(([name, value]) => (name === "name" ? value : `${value} ${name}`)).join(", ")]);
    else facts.push(...own);
  }
  const statements = box.rows.flatMap((row) => row.statements.slice(0, 1));
  const lines = [...new Set(statements.map((each) => lineWords(data, each)))];
  if (lines.length) facts.push(["line", lines.join(", ")]);
  const uses = [...new Set(box.rows.flatMap((row) => row.statements.slice(1)))];
  if (uses.length) facts.push(["used in", [...new Set(uses.map((each) => lineWords(data, each)))].join(", ")]);
  return { title, facts, statements, uses };
}

function frameFacts(data, frame) {
  const facts = [];
  if (frame.times > 1) facts.push(["repetitions", `×${frame.times}`]);
  if (frame.name) facts.push(["name", frame.name]);
  if (frame.shape) facts.push(["output", frame.shape]);
  facts.push(["layers", frame.layers.toLocaleString("en-US")]);
  if (frame.parameters) facts.push(["parameters", frame.parameters]);
  if (frame.macs) facts.push(["MACs", frame.macs]);
  if (frame.statements.length) facts.push(["line", frame.statements.map((each) => lineWords(data, each)).join(", ")]);
  const kind = ["stage", "aux", "group", "repetition"].includes(frame.what) ? frame.what : `block ${frame.what}`;
  return { title: frame.title ? `${kind}: ${frame.title}` : kind, facts, statements: frame.statements, uses: [] };
}

/** Where a statement is: its line, after the name of its file if there are several. */
function lineWords(data, statement) {
  const [file, , , line] = data.sources.statements[statement];
  return data.sources.files.length > 1 ? `${data.sources.files[file].name}:${line}` : `${line}`;
}

/** A key in one line, for screen readers: what the outline shows, and its facts. */
function sentence(data, model, key) {
  const index = Number(key.slice(1));
  const { facts } = factsOf(data, model, key);
  return [key[0] === "b" ? boxWords(model.boxes[index]) : frameWords(model.frames[index]), ...facts.map(([name, value]) => `${name} ${value}`)].join(", ");
}

/** The keys that a text is found in: by words, names, kinds and shapes. */
function search(model, text) {
  const wanted = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return [];
  const matches = (words) => wanted.every((each) => words.toLowerCase().includes(each));
  const found = [];
  const visit = (frame) => {
    for (const child of frame.children) {
      if (child.box === undefined) {
        const inner = model.frames[child.frame];
        if (matches([inner.title, inner.words, inner.what, inner.name].join(" "))) found.push(`f${child.frame}`);
        visit(inner);
      } else {
        const box = model.boxes[child.box];
        const words = box.rows.map((row) => [row.words, row.name, row.kind, row.shape].join(" ")).join(" ");
        if (matches(words.replaceAll("×", "x") + " " + words)) found.push(`b${child.box}`);
      }
    }
  };
  visit(model.root);
  return found;
}
