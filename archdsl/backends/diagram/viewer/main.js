// Start the page: the figure, the panels, and what the pointer and the keys do.

function start() {
  // The style sheet hides what needs a script until now.
  document.documentElement.dataset.ready = "";
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const figureElement = byId("figure");
  const tooltip = byId("tooltip");
  let outline, source;
  const figure = createFigure(data, figureElement, (what, key) => {
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
    if (document.activeElement === figureElement) byId("said").textContent = sentence(data, figure.model, key);
  }

  // The pointer: drag to move, pinch or Ctrl and the wheel to zoom, hover for facts, click to select or fold.

  const pointers = new Map();
  let moved = false;
  const position = (event) => {
    const { left, top } = figureElement.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const unitAt = (event) => event.target.closest?.("[data-key]")?.dataset.key ?? null;

  figureElement.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, position(event));
    moved = false;
  });
  figureElement.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return hover(event);
    const [before, now] = [pointers.get(event.pointerId), position(event)];
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) figureElement.setPointerCapture(event.pointerId);
    moved = true;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const distance = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      figure.zoom(distance(now) / distance(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
    } else {
      figure.pan(dx, dy);
    }
    pointers.set(event.pointerId, now);
  });
  for (const type of ["pointerup", "pointercancel"]) {
    figureElement.addEventListener(type, (event) => pointers.delete(event.pointerId));
  }
  figureElement.addEventListener("click", (event) => {
    if (moved) return;
    const key = unitAt(event);
    figure.select(key, { reveal: false, center: false });
  });
  figureElement.addEventListener("dblclick", (event) => {
    const key = unitAt(event);
    if (key?.[0] === "f") figure.toggle(Number(key.slice(1)));
  });
  figureElement.addEventListener("wheel", (event) => {
    event.preventDefault();
    const unit = event.deltaMode ? 16 : 1;
    if (event.ctrlKey || event.metaKey) figure.zoom(Math.exp(-event.deltaY * unit * 0.005), position(event));
    else if (event.shiftKey) figure.pan(-event.deltaY * unit, 0);
    else figure.pan(-event.deltaX * unit, -event.deltaY * unit);
  }, { passive: false });
  figureElement.addEventListener("pointerleave", () => hover(null));

  function hover(event) {
    const key = event && event.pointerType !== "touch" ? unitAt(event) : null;
    source.link(key, "hovered", false);
    tooltip.hidden = key === null;
    if (key === null) return;
    showDetails(data, figure.model, key, tooltip);
    const { width, height } = figureElement.getBoundingClientRect();
    const [x, y] = position(event);
    tooltip.style.left = `${Math.max(0, Math.min(x + 14, width - tooltip.offsetWidth - 8))}px`;
    tooltip.style.top = `${Math.max(0, Math.min(y + 18, height - tooltip.offsetHeight - 8))}px`;
  }

  // The keys of the figure.

  const toggleSelected = () => figure.selected?.[0] === "f" && figure.toggle(Number(figure.selected.slice(1)));
  const keys = {
    ArrowDown: (event) => (event.shiftKey ? figure.pan(0, -80) : figure.step(1)),
    ArrowUp: (event) => (event.shiftKey ? figure.pan(0, 80) : figure.step(-1)),
    ArrowRight: () => figure.pan(-80, 0),
    ArrowLeft: () => figure.pan(80, 0),
    PageDown: () => figure.pan(0, -0.8 * figureElement.clientHeight),
    PageUp: () => figure.pan(0, 0.8 * figureElement.clientHeight),
    Enter: toggleSelected,
    " ": toggleSelected,
    "+": () => figure.zoom(1.25),
    "=": () => figure.zoom(1.25),
    "-": () => figure.zoom(0.8),
    0: () => figure.fit(true),
    1: () => figure.fit(),
    Escape: () => figure.select(null),
  };
  figureElement.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });

  // Search.

  const field = byId("search");
  let found = [];
  let at = -1;
  const go = (by) => {
    if (!found.length) return;
    at = (at + by + found.length) % found.length;
    figure.select(found[at]);
    figure.setMatches(found.map(figure.visible));
    count();
  };
  const count = () => {
    const several = at < 0 ? `${found.length}` : `${at + 1} of ${found.length}`;
    byId("found").textContent = field.value.trim() ? `${several} found` : "";
  };
  field.addEventListener("input", () => {
    [found, at] = [search(figure.model, field.value), -1];
    figure.setMatches(found.map(figure.visible));
    count();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") {
      field.value = "";
      field.dispatchEvent(new Event("input"));
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === field || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  // The buttons, the size of the window, paper.

  const isBlock = (frame) => !["stage", "aux", "group", "repetition"].includes(frame.what);
  const buttons = {
    "zoom-in": () => figure.zoom(1.25),
    "zoom-out": () => figure.zoom(0.8),
    "fit-all": () => figure.fit(true),
    "fit-width": () => figure.fit(),
    "fold-none": () => figure.foldAll(() => false),
    "fold-blocks": () => figure.foldAll(isBlock),
    "fold-stages": () => figure.foldAll((frame) => frame.what !== "repetition"),
  };
  for (const [id, action] of Object.entries(buttons)) byId(id).addEventListener("click", action);
  new ResizeObserver(() => figure.draw()).observe(figureElement);
  let restore = null;
  window.addEventListener("beforeprint", () => (restore ??= figure.forPrint()));
  window.addEventListener("afterprint", () => {
    restore?.();
    restore = null;
  });
}

start();
