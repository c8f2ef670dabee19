// The panels beside the figure: the outline, the details of the selection, the source text.

function html(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Scroll an element, and not the page, so that an item in it is visible. */
function scrollInto(element, item) {
  const [outer, inner] = [element.getBoundingClientRect(), item.getBoundingClientRect()];
  if (inner.top < outer.top) element.scrollTop -= outer.top - inner.top + 8;
  if (inner.bottom > outer.bottom) element.scrollTop += inner.bottom - outer.bottom + 8;
}

/** The outline: a tree of frames and boxes that follows the folding of the figure. */
function createOutline(data, figure, element) {
  const { model, closed } = figure;
  let keys = [];
  let current = null;

  function update() {
    const focused = element.contains(document.activeElement);
    keys = [];
    const rows = [];
    const visit = (frame, level) => {
      frame.children.forEach((child, index) => {
        const key = child.box === undefined ? `f${child.frame}` : `b${child.box}`;
        if (child.box !== undefined && model.boxes[child.box].role === "entry") return;
        keys.push(key);
        rows.push(row(key, level, index + 1, frame.children.length));
        if (child.box === undefined && !closed.has(child.frame)) visit(model.frames[child.frame], level + 1);
      });
    };
    visit(model.root, 1);
    element.replaceChildren(...rows);
    focusOn(keys.includes(current) ? current : (keys[0] ?? null), focused);
  }

  function row(key, level, position, size) {
    const isFrame = key[0] === "f";
    const index = Number(key.slice(1));
    const words = isFrame ? frameWords(model.frames[index]) : boxWords(model.boxes[index]);
    const label = html("span", { class: "words" });
    label.textContent = words;
    const item = html("div", { role: "treeitem", tabindex: "-1", "aria-level": level, "aria-posinset": position, "aria-setsize": size, "data-key": key });
    item.style.setProperty("--level", level);
    item.setAttribute("aria-selected", String(key === current));
    item.setAttribute("aria-label", sentence(data, model, key));
    if (isFrame) item.setAttribute("aria-expanded", String(!closed.has(index)));
    item.append(html("span", { class: isFrame ? "fold" : `dot ${kindClass(model.boxes[index].rows[0]?.kind ?? "")}` }), label);
    return item;
  }

  function focusOn(key, focus) {
    for (const item of element.querySelectorAll('[tabindex="0"], [aria-selected="true"]')) {
      item.tabIndex = -1;
      item.setAttribute("aria-selected", "false");
    }
    current = key;
    const item = key === null ? null : element.querySelector(`[data-key="${key}"]`);
    if (!item) return;
    item.tabIndex = 0;
    if (figure.selected !== null) item.setAttribute("aria-selected", "true");
    if (focus) item.focus({ preventScroll: true });
    scrollInto(element, item);
  }

  element.addEventListener("click", (event) => {
    const item = event.target.closest("[data-key]");
    if (!item) return;
    const key = item.dataset.key;
    if (event.target.closest(".fold")) figure.toggle(Number(key.slice(1)));
    figure.select(key);
    focusOn(key, true);
  });

  element.addEventListener("keydown", (event) => {
    const at = keys.indexOf(current);
    const frame = current?.[0] === "f" ? Number(current.slice(1)) : null;
    const go = (key) => key !== undefined && (figure.select(key), focusOn(key, true));
    const actions = {
      ArrowDown: () => go(keys[at + 1]),
      ArrowUp: () => go(keys[at - 1]),
      Home: () => go(keys[0]),
      End: () => go(keys.at(-1)),
      ArrowRight: () => (frame === null ? null : closed.has(frame) ? figure.toggle(frame) : go(keys[at + 1])),
      ArrowLeft: () => (frame !== null && !closed.has(frame) ? figure.toggle(frame) : go(parentOf(current))),
      Enter: () => (frame === null ? figure.select(current) : figure.toggle(frame)),
      " ": () => (frame === null ? figure.select(current) : figure.toggle(frame)),
    };
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  function parentOf(key) {
    const index = Number(key.slice(1));
    const parent = key[0] === "b" ? model.boxes[index].frame : model.frames[index].parent;
    return parent < 0 ? undefined : `f${parent}`;
  }

  return { update, choose: (key) => keys.includes(key) && focusOn(key, false) };
}

function frameWords(frame) {
  return (frame.title || frame.words) + (frame.times > 1 ? ` ×${frame.times}` : "");
}

function boxWords(box) {
  return box.rows.map((row) => row.words).join("; ") + (box.times > 1 ? ` ×${box.times}` : "");
}

/** The facts of what is selected, as a list of terms. */
function showDetails(data, model, key, element) {
  element.replaceChildren();
  if (key === null) {
    element.append("Point at a layer, or select one, to see its details.");
    return;
  }
  const { title, facts } = factsOf(data, model, key);
  const heading = html("h2");
  heading.textContent = title;
  const list = html("dl");
  for (const [name, value] of facts) {
    const [term, description] = [html("dt"), html("dd")];
    term.textContent = name;
    description.textContent = value;
    list.append(term, description);
  }
  element.append(heading, list);
}

/** The source text, with its statements as elements, linked to what they made. */
function createSource(data, figure, element) {
  const owners = new Map();
  const own = (statement, key) => owners.set(statement, [...(owners.get(statement) ?? []), key]);
  figure.model.boxes.forEach((box, index) => box.rows.forEach((row) => row.statements.slice(0, 1).forEach((each) => own(each, `b${index}`))));
  figure.model.frames.forEach((frame) => frame.statements.forEach((each) => own(each, `f${frame.index}`)));
  const elements = new Map();
  data.sources.files.forEach((file, index) => {
    if (data.sources.files.length > 1) {
      const name = html("h2");
      name.textContent = file.name;
      element.append(name);
    }
    element.append(textOf(file, index));
  });

  function textOf(file, index) {
    const characters = Array.from(file.text);
    const ranges = data.sources.statements
      .map(([of, start, end], statement) => ({ of, start, end, statement }))
      .filter((each) => each.of === index)
      .sort((a, b) => a.start - b.start || b.end - a.end);
    const pre = html("pre", { tabindex: "0", role: "group", "aria-label": `source text of ${file.name}` });
    let at = 0;
    for (const { start, end, statement } of ranges) {
      if (start < at) continue;
      const span = html("span", { class: "statement", "data-statement": statement });
      span.textContent = characters.slice(start, end).join("");
      elements.set(statement, span);
      pre.append(characters.slice(at, start).join(""), span);
      at = end;
    }
    pre.append(characters.slice(at).join(""));
    return pre;
  }

  const statementAt = (event) => {
    const span = event.target.closest?.("[data-statement]");
    return span ? Number(span.dataset.statement) : null;
  };
  const visible = (statement) => new Set((owners.get(statement) ?? []).map((key) => figure.visible(key)));
  element.addEventListener("mouseover", (event) => {
    const statement = statementAt(event);
    figure.setLinked(statement === null ? [] : visible(statement));
  });
  element.addEventListener("mouseleave", () => figure.setLinked([]));
  const choose = (statement) => owners.get(statement)?.length && figure.select(owners.get(statement)[0]);
  element.addEventListener("click", (event) => {
    const statement = statementAt(event);
    if (statement !== null) choose(statement);
  });
  element.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.target.tagName !== "PRE") return;
    event.preventDefault();
    const spans = [...event.target.querySelectorAll(".statement")].filter((span) => owners.has(Number(span.dataset.statement)));
    const at = spans.findIndex((span) => span.classList.contains("current"));
    const next = spans[Math.min(spans.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))];
    if (next) choose(Number(next.dataset.statement));
  });

  /** Highlight the statements of a key; `scroll` brings them into view. */
  function link(key, name, scroll) {
    for (const span of elements.values()) span.classList.remove(name, `${name}-use`);
    if (key === null) return;
    const { statements, uses } = factsOf(data, figure.model, key);
    for (const each of uses) elements.get(each)?.classList.add(`${name}-use`);
    for (const each of statements) elements.get(each)?.classList.add(name);
    const first = elements.get(statements[0]);
    if (scroll && first) scrollInto(element.parentElement, first);
  }

  return { link };
}
