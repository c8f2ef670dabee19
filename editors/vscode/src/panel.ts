// The script of the side panel: it tells the extension what is wanted, and shows each answer. What is scrolled to stays.
import type { Preview, Wanted } from "./panelHtml";

interface Api {
  postMessage(message: Wanted): void;
  getState(): { view: string } | undefined;
  setState(state: { view: string }): void;
}
declare function acquireVsCodeApi(): Api;

const api = acquireVsCodeApi();
let view = api.getState()?.view ?? "layers";

const byId = (id: string) => document.getElementById(id)!;
const isDark = () => document.body.classList.contains("vscode-dark") || document.body.classList.contains("vscode-high-contrast");
let theme = "";

function ask(): void {
  theme = isDark() ? "dark" : "light";
  api.postMessage({ view, theme });
}

function show({ table, svg, error }: Preview): void {
  byId("note").textContent = error ?? "";
  byId("table").textContent = table;
  // The last diagram stays in view, as that of a former text, while the present text has errors.
  byId("diagram").classList.toggle("outdated", svg === null);
  if (svg !== null) byId("diagram").replaceChildren(image(svg));
}

/** The diagram as an image: in one, SVG runs no scripts and loads nothing. */
function image(svg: string): HTMLImageElement {
  const made = document.createElement("img");
  made.alt = "Diagram of the network";
  // Labels stay legible: a wide diagram is scrolled rather than made smaller.
  made.addEventListener("load", () => (made.style.minWidth = `${Math.round(made.naturalWidth * 0.85)}px`));
  made.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  return made;
}

for (const each of document.querySelectorAll<HTMLInputElement>("input[name=view]")) {
  each.checked = each.value === view;
  each.addEventListener("change", () => {
    view = each.value;
    api.setState({ view });
    ask();
  });
}
window.addEventListener("message", (event: MessageEvent<Preview>) => show(event.data));
new MutationObserver(() => (isDark() ? "dark" : "light") !== theme && ask()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
ask();
