// The figure: what is shown of it, moving and zooming, the selection, folding.

const SMALLEST = 0.02;
const LARGEST = 4;
const READABLE = 0.3;

/** Heights at which the figure is cut into columns, between boxes, so that it has about the form of a page. */
function cuts(layout) {
  const count = Math.max(1, Math.round(Math.sqrt((0.72 * layout.height) / (layout.width + 16))));
  const boxes = layout.units.filter((unit) => !unit.open).sort((a, b) => a.y - b.y);
  const free = [];
  let bottom = 0;
  for (const box of boxes) {
    if (box.y > bottom) free.push((bottom + box.y) / 2);
    bottom = Math.max(bottom, box.y + box.height);
  }
  const found = [];
  for (let part = 1; part < count; part += 1) {
    const wanted = (layout.height * part) / count;
    const nearest = free.reduce((best, each) => (Math.abs(each - wanted) < Math.abs(best - wanted) ? each : best), Infinity);
    if (nearest < layout.height && !(nearest <= found.at(-1))) found.push(nearest);
  }
  return found;
}

/** The figure in its element; `report` is called when the selection or the folding changes. */
function createFigure(data, element, report) {
  const model = prepare(data);
  const closed = new Set(model.frames.filter((frame) => frame.closed).map((frame) => frame.index));
  const stage = svg("g", { class: "drawing" });
  const root = svg("svg", { class: "figure", "aria-hidden": "true", focusable: "false" }, stage);
  element.append(root);
  const view = { x: 0, y: 0, scale: 1 };
  let layout = null;
  let items = [];
  let selected = null;
  let marked = new Set();
  let hovered = new Set();
  let printing = false;

  function update() {
    layout = layOut(model, closed, data.texts);
    stage.replaceChildren();
    items = [
      ...layout.units.filter((unit) => unit.open).map(item),
      // Those with labels last, whose background hides the lines behind them.
      ...layout.lines.filter((line) => !line.shape).map(lineItem),
      ...layout.lines.filter((line) => line.shape).map(lineItem),
      ...layout.units.filter((unit) => !unit.open).map(item),
    ];
    draw();
  }

  function item(unit) {
    const box = { left: unit.x, top: unit.y, right: unit.x + unit.width, bottom: unit.y + unit.height };
    return { ...box, key: unit.key, make: () => drawUnit(unit) };
  }

  function lineItem(line) {
    const xs = line.points.map(([x]) => x);
    const ys = line.points.map(([, y]) => y);
    const label = line.shape ? 0.6 * data.texts.shapes * line.shape.length + 5 : 3;
    const box = { left: Math.min(...xs) - 3, top: Math.min(...ys), right: Math.max(...xs) + label, bottom: Math.max(...ys) };
    return { ...box, ends: [line.from, ...line.to], make: () => drawLine(line, data.texts) };
  }

  function drawUnit(unit) {
    let group;
    if (unit.open) {
      const depth = model.around(unit.frame).length - 1;
      group = drawFrame(model.frames[unit.frame], unit.x, unit.y, unit.width, unit.height, depth, data.texts);
    } else if (unit.frame !== undefined) {
      group = svg("g");
      drawClosed({ ...model.frames[unit.frame], note: "" }, unit.x, unit.y, data.texts, group);
    } else {
      group = drawBox(model.boxes[unit.box], unit.x, unit.y, data.texts);
    }
    const ring = { x: round(unit.x - 2), y: round(unit.y - 2), width: round(unit.width + 4), height: round(unit.height + 4) };
    group.append(svg("rect", { ...ring, rx: 8, class: "ring" }));
    group.setAttribute("data-key", unit.key);
    group.setAttribute("class", unit.open ? "unit open" : "unit");
    return group;
  }

  /** Show what is in the window, and only that: a network may have thousands of boxes. */
  function draw() {
    if (printing) return;
    const { width, height } = element.getBoundingClientRect();
    const shown = { left: -view.x / view.scale, top: -view.y / view.scale };
    shown.right = shown.left + width / view.scale;
    shown.bottom = shown.top + height / view.scale;
    stage.setAttribute("transform", `translate(${round(view.x)},${round(view.y)}) scale(${view.scale})`);
    root.classList.toggle("distant", view.scale < READABLE);
    let after = null;
    for (let index = items.length - 1; index >= 0; index -= 1) {
      const each = items[index];
      const inside = each.left <= shown.right && each.right >= shown.left && each.top <= shown.bottom && each.bottom >= shown.top;
      if (inside && !each.element) {
        each.element = each.make();
        mark(each);
        stage.insertBefore(each.element, after);
      } else if (!inside && each.element) {
        each.element.remove();
        each.element = null;
      }
      after = each.element ?? after;
    }
  }

  function mark(each) {
    const classes = each.element.classList;
    classes.toggle("selected", each.key !== undefined && each.key === selected);
    classes.toggle("match", each.key !== undefined && marked.has(each.key));
    classes.toggle("linked", each.key !== undefined && hovered.has(each.key));
    classes.toggle("near", each.ends !== undefined && each.ends.includes(selected));
  }

  function markAll() {
    for (const each of items) if (each.element) mark(each);
  }

  /** The shown unit of a box or frame, which may be inside a closed frame. */
  function visible(key) {
    const index = Number(key.slice(1));
    if (key[0] === "b") return shownBy(model, index, closed);
    const frame = model.around(model.frames[index].parent).find((each) => closed.has(each));
    return frame === undefined ? key : `f${frame}`;
  }

  function select(key, { reveal = true, center = true } = {}) {
    if (key !== null && reveal) open(key);
    selected = key === null ? null : visible(key);
    if (selected !== null && center) show(selected);
    markAll();
    report("select", key);
  }

  /** Open the frames around a box or frame. */
  function open(key) {
    const index = Number(key.slice(1));
    const frames = model.around(key[0] === "b" ? model.boxes[index].frame : model.frames[index].parent);
    const before = closed.size;
    frames.forEach((frame) => closed.delete(frame));
    if (closed.size < before) {
      update();
      report("fold");
    }
  }

  /** Move the window so that a unit is in it, if it is not. */
  function show(key) {
    const unit = layout.units.find((each) => each.key === key);
    if (!unit) return;
    const { width, height } = element.getBoundingClientRect();
    const [x, y] = [view.x + unit.x * view.scale, view.y + unit.y * view.scale];
    const outside = x < 0 || y < 0 || x + unit.width * view.scale > width || y + Math.min(unit.height, 60) * view.scale > height;
    if (view.scale < READABLE) view.scale = 1;
    else if (!outside) return;
    view.x = width / 2 - (unit.x + unit.width / 2) * view.scale;
    view.y = Math.min(height / 2 - (unit.y + unit.height / 2) * view.scale, 20 - unit.y * view.scale + Math.max(0, height / 3));
    draw();
  }

  function toggle(frame) {
    const key = `f${frame}`;
    const before = layout.units.find((unit) => unit.key === key);
    if (!closed.delete(frame)) closed.add(frame);
    update();
    const after = layout.units.find((unit) => unit.key === key);
    if (before && after) {
      // The upper middle of the frame stays where it is.
      view.x += (before.x + before.width / 2 - after.x - after.width / 2) * view.scale;
      view.y += (before.y - after.y) * view.scale;
      draw();
    }
    report("fold");
  }

  function foldAll(which) {
    closed.clear();
    model.frames.filter(which).forEach((frame) => closed.add(frame.index));
    update();
    fit();
    if (selected !== null) select(selected, { reveal: false });
    report("fold");
  }

  function zoom(factor, at) {
    const { width, height } = element.getBoundingClientRect();
    const [x, y] = at ?? [width / 2, height / 2];
    const scale = Math.min(LARGEST, Math.max(SMALLEST, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    draw();
  }

  function pan(dx, dy) {
    view.x += dx;
    view.y += dy;
    draw();
  }

  /** Show the whole width at a readable size, from the top; or with `all` everything. */
  function fit(all = false) {
    const { width, height } = element.getBoundingClientRect();
    const whole = Math.min((width - 32) / layout.width, (height - 32) / layout.height);
    view.scale = Math.min(all ? 1.5 : Math.max(0.7, Math.min(1, (width - 32) / layout.width)), Math.max(whole, all ? SMALLEST : 0.7));
    if (!all && whole > view.scale) view.scale = Math.min(1.5, whole);
    view.x = (width - layout.width * view.scale) / 2;
    view.y = Math.max(16, (height - layout.height * view.scale) / 2);
    draw();
  }

  /** Everything at once, in columns as on a page; returns the function that restores the window. */
  function forPrint() {
    printing = true;
    stage.setAttribute("transform", "");
    stage.id = "everything";
    root.classList.remove("distant");
    for (const each of items) each.element ??= each.make();
    stage.replaceChildren(...items.map((each) => each.element));
    const ends = [-8, ...cuts(layout), layout.height + 8];
    const tallest = Math.max(...ends.slice(1).map((end, index) => end - ends[index]));
    const columns = ends.slice(1).map((end, index) => {
      const box = `-8 ${round(ends[index])} ${round(layout.width + 16)} ${round(tallest)}`;
      const window = svg("svg", { viewBox: box, preserveAspectRatio: "xMidYMin meet", class: "figure column" });
      window.append(svg("svg", { x: -8, y: round(ends[index]), width: round(layout.width + 16), height: round(end - ends[index]), viewBox: `-8 ${round(ends[index])} ${round(layout.width + 16)} ${round(end - ends[index])}` }, svg("use", { href: "#everything" })));
      return window;
    });
    const paper = document.createElement("div");
    paper.className = "paper";
    paper.append(...columns);
    element.append(paper);
    return () => {
      paper.remove();
      printing = false;
      draw();
    };
  }

  const step = (by) => {
    const keys = layout.units.map((unit) => unit.key).sort((a, b) => place(a) - place(b));
    const at = selected === null ? (by > 0 ? -1 : keys.length) : keys.indexOf(selected);
    const next = keys[Math.min(keys.length - 1, Math.max(0, at + by))];
    if (next !== undefined) select(next);
  };
  const places = new Map(sequence(model.root).map((key, index) => [key, index]));
  const place = (key) => places.get(key);

  /** Frames before what is in them, in the order of the network. */
  function sequence(frame) {
    return frame.children.flatMap((child) =>
      child.box !== undefined ? [`b${child.box}`] : [`f${child.frame}`, ...sequence(model.frames[child.frame])],
    );
  }

  return {
    model, closed, view, update, draw, select, toggle, foldAll, zoom, pan, fit, forPrint, step, visible,
    get layout() { return layout; },
    get selected() { return selected; },
    get shownItems() { return items.filter((each) => each.element).length; },
    setMatches(keys) { marked = new Set(keys); markAll(); },
    setLinked(keys) { hovered = new Set(keys); markAll(); },
  };
}
