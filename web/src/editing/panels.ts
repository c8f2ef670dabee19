// What the page shows about the network: verdict, problems, table, what is at the cursor, diagram.
import type { AtCursor, Edit, Problem, Row, Signature, Suggested, Update } from "./answers";
import { button, docsLink, element, markdown } from "./markdown";
import { byId, type Root } from "./root";

/** A count with its noun: `1 error`, `2 errors`. */
function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

export function showVerdict(root: Root, { problems, verdict, totals, has_unchecked_recipe }: Update): void {
  const errors = problems.filter((each) => each.severity === "error").length;
  const warnings = problems.filter((each) => each.severity === "warning").length;
  const mark = element("span", errors ? "bad" : "good", errors ? "✗ " : "✓ ");
  const words = [errors ? count(errors, "error") : verdict, warnings ? count(warnings, "warning") : ""];
  const shown = words.filter(Boolean).join(", ");
  const place = byId(root, "verdict");
  if (place.textContent !== mark.textContent + shown) place.replaceChildren(mark, shown);
  byId(root, "totals").textContent = has_unchecked_recipe ? `${totals}\nThe train block is not checked here.` : totals;
}

export interface ProblemActions {
  line(position: number): string;
  go(problem: Problem): void;
  apply(edits: Edit[]): void;
}

/** The problems with their suggestions as buttons; `suggested` is null while these are computed. */
export function showProblems(root: Root, problems: Problem[], suggested: Suggested[] | null, actions: ProblemActions): void {
  const items = problems.map((problem) => {
    const place = button(`line ${actions.line(problem.range.start)}`, () => actions.go(problem), "where");
    const code = docsLink(`diagnostics.html#${problem.code.toLowerCase()}`, problem.code);
    const item = element("li", problem.severity, element("div", "message", place, " ", problem.severity, " ", code, ": ", ...inline(problem.message)));
    const found = suggested?.find((each) => each.problem.code === problem.code && each.problem.range.start === problem.range.start);
    const offered = (found?.actions ?? []).filter(({ title }) => !title.startsWith("Ignore "));
    if (offered.length) {
      const fixes = offered.map(({ title, edits }) => button(title.replaceAll("`", ""), () => actions.apply(edits)));
      item.append(element("div", "fixes", ...fixes));
    } else {
      for (const help of (found?.problem ?? problem).help) item.append(element("div", "help", ...inline(help)));
    }
    return item;
  });
  byId(root, "problems").replaceChildren(...(items.length ? [element("ul", "", ...items)] : []));
}

function inline(text: string): Node[] {
  return [...(markdown(text).querySelector("p")?.childNodes ?? [document.createTextNode(text)])];
}

const HEAD = ["#", "layer", "output", "params", "MACs"];

export class LayerTable {
  private shown: { row: Row; element: HTMLElement }[] = [];

  constructor(private readonly root: Root, private readonly go: (start: number, end: number) => void) {}

  show(rows: Row[]): void {
    const head = element("tr", "", ...HEAD.map((each) => {
      const cell = element("th", "", each);
      cell.setAttribute("scope", "col");
      return cell;
    }));
    this.shown = rows.map((row) => ({ row, element: this.row(row) }));
    const body = element("tbody", "", ...this.shown.map((each) => each.element));
    byId(this.root, "table").replaceChildren(rows.length ? element("table", "", element("thead", "", head), body) : element("p", "empty", "The table appears with the first layer."));
  }

  /** Mark the rows of the statement at a position. */
  mark(position: number): void {
    for (const { row, element } of this.shown) {
      const place = row[6];
      element.classList.toggle("at-cursor", place !== null && place[0] <= position && position <= place[1]);
    }
  }

  private row([number, depth, layer, output, parameters, macs, place]: Row): HTMLElement {
    const label = place ? button(layer, () => this.go(place[0], place[1])) : layer;
    const cells = [number, label, output, parameters, macs].map((each) => element("td", "", each));
    cells[1].style.paddingLeft = `${depth * 0.8}rem`;
    return element("tr", number || place ? "" : "heading", ...cells);
  }
}

export function showCursor(root: Root, { word, statement, signature }: AtCursor): void {
  const parts: Node[] = [];
  if (signature) parts.push(element("p", "signature", ...parameters(signature)));
  // The signature already explains the argument that is being written.
  if (word && !signature) parts.push(markdown(word.text));
  if (statement) parts.push(markdown(statement.text));
  byId(root, "cursor").replaceChildren(...(parts.length ? parts : [element("p", "empty", "Move the cursor to a layer to see its arithmetic.")]));
}

/** The signature as code, with the parameter that is being written in bold. */
function parameters(signature: Signature): (string | Node)[] {
  const active = signature.active === null ? null : signature.parameters[signature.active];
  const keyword = signature.label.split(" ", 1)[0];
  const labels = signature.parameters.flatMap((each) => [" ", each === active ? element("b", "", each.label) : each.label]);
  const about = active ? [element("br"), active.documentation] : [];
  return [element("code", "", keyword, ...labels), ...about];
}

/** Show an SVG; `error` in place of it. Scripts in it would not run: the page's policy forbids them. */
export function showDiagram(root: Root, svg: string | null, error: string | null): void {
  const place = byId(root, "diagram");
  if (svg === null) {
    place.replaceChildren(element("p", "empty", error ?? ""));
    return;
  }
  const image = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  const label = image.querySelector("desc")?.textContent ?? "diagram";
  // Assistive technology reads one short label; the ids of the file's title and description are not needed.
  image.removeAttribute("aria-labelledby");
  image.setAttribute("aria-label", label);
  // Labels stay legible: a wide diagram is scrolled rather than made smaller.
  image.style.minWidth = `calc(${image.getAttribute("width") ?? "0px"} * 0.85)`;
  place.replaceChildren(document.adoptNode(image));
}
