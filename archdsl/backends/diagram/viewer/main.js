// Start the page: the figure, the panels, and what the pointer and the keys do.

const byId = (id) => document.getElementById(id);

function start() {
  // Until now, the style sheet hid what needs a script.
  document.documentElement.dataset.ready = "";
  const data = JSON.parse(byId("data").textContent);
  const element = byId("figure");
  let outline, source;
  const figure = createFigure(data, element, (what, key) => {
    if (what === "fold") outline?.update();
    if (what === "select") selected(key);
  });
  figure.update();
  figure.fit();
  outline = createOutline(data, figure, byId("outline"));
  source = createSource(data, figure, byId("source"));
  outline.update();
  showDetails(data, figure.model, null, byId("details"));

  function selected(key) {
    showDetails(data, figure.model, key, byId("details"));
    source?.link(key, "current", true);
    if (key === null) return;
    outline?.choose(key);
    if (document.activeElement === element) byId("said").textContent = sentence(data, figure.model, key);
  }

  connectPointer(figure, element, createTooltip(data, figure, element, source));
  connectWheel(figure, element);
  connectKeys(figure, element);
  connectSearch(figure, byId("search"), byId("found"));
  connectButtons(figure);
  connectPrinting(figure);
  new ResizeObserver(() => figure.draw()).observe(element);
}

/** The position of an event in an element. */
function position(event, element) {
  const { left, top } = element.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
}

/** The key of the box or frame under the pointer; null for none. */
function unitAt(event) {
  return event.target.closest?.("[data-key]")?.dataset.key ?? null;
}

/** The facts of what is under the pointer: a function of the event, or of null when the pointer leaves. */
function createTooltip(data, figure, element, source) {
  const tooltip = byId("tooltip");
  return (event) => {
    const key = event && event.pointerType !== "touch" ? unitAt(event) : null;
    source.link(key, "hovered", false);
    tooltip.hidden = key === null;
    if (key === null) return;
    showDetails(data, figure.model, key, tooltip);
    const { width, height } = element.getBoundingClientRect();
    const [x, y] = position(event, element);
    tooltip.style.left = `${Math.max(0, Math.min(x + 14, width - tooltip.offsetWidth - 8))}px`;
    tooltip.style.top = `${Math.max(0, Math.min(y + 18, height - tooltip.offsetHeight - 8))}px`;
  };
}

/** Drag to move, pinch to zoom, hover for facts, click to select, double-click to open or close. */
function connectPointer(figure, element, hover) {
  const pointers = new Map();
  let moved = false;
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, position(event, element));
    moved = false;
  });
  element.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return hover(event);
    const [before, now] = [pointers.get(event.pointerId), position(event, element)];
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) element.setPointerCapture(event.pointerId);
    moved = true;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) pinch(figure, other, before, now);
    else figure.pan(dx, dy);
    pointers.set(event.pointerId, now);
  });
  for (const type of ["pointerup", "pointercancel"]) {
    element.addEventListener(type, (event) => pointers.delete(event.pointerId));
  }
  element.addEventListener("pointerleave", () => hover(null));
  element.addEventListener("click", (event) => {
    if (!moved) figure.select(unitAt(event), { reveal: false, center: false });
  });
  element.addEventListener("dblclick", (event) => {
    const key = unitAt(event);
    if (key?.[0] === "f") figure.toggle(Number(key.slice(1)));
  });
}

/** Zoom by the change of the distance between two pointers when one of them moved. */
function pinch(figure, other, before, now) {
  const distance = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
  figure.zoom(distance(now) / distance(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
}

/** The wheel moves; with Ctrl it zooms. */
function connectWheel(figure, element) {
  const turn = (event) => {
    event.preventDefault();
    const unit = event.deltaMode ? 16 : 1;
    if (event.ctrlKey || event.metaKey) figure.zoom(Math.exp(-event.deltaY * unit * 0.005), position(event, element));
    else if (event.shiftKey) figure.pan(-event.deltaY * unit, 0);
    else figure.pan(-event.deltaX * unit, -event.deltaY * unit);
  };
  element.addEventListener("wheel", turn, { passive: false });
}

/** The keys of the figure. */
function connectKeys(figure, element) {
  const toggleSelected = () => figure.selected?.[0] === "f" && figure.toggle(Number(figure.selected.slice(1)));
  const actions = {
    ArrowDown: (event) => (event.shiftKey ? figure.pan(0, -80) : figure.step(1)),
    ArrowUp: (event) => (event.shiftKey ? figure.pan(0, 80) : figure.step(-1)),
    ArrowRight: () => figure.pan(-80, 0),
    ArrowLeft: () => figure.pan(80, 0),
    PageDown: () => figure.pan(0, -0.8 * element.clientHeight),
    PageUp: () => figure.pan(0, 0.8 * element.clientHeight),
    Enter: toggleSelected,
    " ": toggleSelected,
    "+": () => figure.zoom(1.25),
    "=": () => figure.zoom(1.25),
    "-": () => figure.zoom(0.8),
    0: () => figure.fit(true),
    1: () => figure.fit(),
    Escape: () => figure.select(null),
  };
  element.addEventListener("keydown", (event) => {
    const action = withModifier(event) ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

function withModifier(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** The search: Enter goes to the next result, Shift and Enter to the previous one, `/` to the search. */
function connectSearch(figure, field, status) {
  let found = [];
  let at = -1;
  const show = () => {
    figure.setMatches(found.map(figure.visible));
    const several = at < 0 ? `${found.length}` : `${at + 1} of ${found.length}`;
    status.textContent = field.value.trim() ? `${several} found` : "";
  };
  const look = () => {
    [found, at] = [search(figure.model, field.value), -1];
    show();
  };
  const go = (by) => {
    if (!found.length) return;
    at = at < 0 && by < 0 ? found.length - 1 : (at + by + found.length) % found.length;
    figure.select(found[at]);
    show();
  };
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") {
      field.value = "";
      look();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === field || withModifier(event)) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

/** The buttons above the figure. */
function connectButtons(figure) {
  const isBlock = (frame) => !["stage", "aux", "group", "repetition"].includes(frame.what);
  const actions = {
    "zoom-in": () => figure.zoom(1.25),
    "zoom-out": () => figure.zoom(0.8),
    "fit-all": () => figure.fit(true),
    "fit-width": () => figure.fit(),
    "fold-none": () => figure.foldAll(() => false),
    "fold-blocks": () => figure.foldAll(isBlock),
    "fold-stages": () => figure.foldAll((frame) => frame.what !== "repetition"),
  };
  for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", action);
}

/** Paper has everything, not only what is in the window. */
function connectPrinting(figure) {
  let restore = null;
  window.addEventListener("beforeprint", () => (restore ??= figure.forPrint()));
  window.addEventListener("afterprint", () => {
    restore?.();
    restore = null;
  });
}

start();
