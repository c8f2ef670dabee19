// Sliders for the numbers of the text: parameters of the network and sizes of inputs. Moving one edits the text, except
// for a symbolic dimension, which keeps its name: there it chooses the size at which the network is shown.
import type { Control, Edit, Sizes, SizeLimit } from "./answers";
import { element } from "./markdown";
import { byId, type Root } from "./root";

export interface ControlActions {
  edit(edits: Edit[]): void;
  /** Show the network at sizes of its symbolic dimensions: of all of them, or of none. */
  choose(sizes: Record<string, number>): void;
}

const WRITTEN = { int: /^\d{1,9}$/, float: /^\d{1,9}(\.\d{1,9})?$/, text: /^[^\n;{}#"]+$/ };

export class Controls {
  /** The kinds and names that are shown; while they stay the same, only the values change. */
  private shape = "";
  private shown: Control[] = [];
  private fields: HTMLInputElement[][] = [];
  private symbols = "";
  private pairs: HTMLInputElement[][] = [];
  private limits: Record<string, SizeLimit> = {};
  private chosen: Record<string, number> = {};

  constructor(private readonly root: Root, private readonly actions: ControlActions) {
    byId(this.root, "controls").addEventListener("submit", (event) => event.preventDefault());
  }

  show(controls: Control[]): void {
    const shape = controls.map(({ name, kind }) => `${kind} ${name}`).join("\n");
    this.shown = controls;
    if (shape !== this.shape) this.build(controls);
    this.shape = shape;
    controls.forEach(({ value, greatest }, i) => {
      for (const field of this.fields[i]) {
        // A slider keeps its range while it is used; it grows with a value that was typed.
        if (field.type === "range" && Number(value) > Number(field.max)) field.max = String(greatest);
        if (field !== this.root.activeElement || field.type === "range") field.value = value;
      }
    });
  }

  /** The valid sizes: sliders move over these. A field takes every number, and the check explains the others. */
  limit({ described, limits, symbols }: Sizes): void {
    this.limits = limits;
    const lines = described.length ? [element("b", "", "Valid sizes: "), described.join("\n")] : [];
    byId(this.root, "sizes").replaceChildren(...lines);
    this.shown.forEach(({ name, value }, i) => {
      const slider = this.fields[i].find((each) => each.type === "range");
      if (slider) limitSlider(slider, limits[name], value);
    });
    const key = JSON.stringify(symbols);
    if (key !== this.symbols) this.buildSymbols(symbols);
    this.symbols = key;
  }

  private build(controls: Control[]): void {
    this.fields = controls.map(({ name, kind, least, greatest }, i) => {
      const fields = kind === "text" ? [field("text", `${i}`)] : [field("range", `${i}`), field("number", `${i}`)];
      for (const each of fields) {
        if (kind !== "text") limits(each, name, least, greatest, kind === "float");
        each.addEventListener(kind === "text" ? "change" : "input", () => this.change(i, each));
      }
      return fields;
    });
    byId(this.root, "controls").replaceChildren(...controls.map(({ name, kind }, i) => row(name, kind, this.fields[i])));
  }

  private change(index: number, from: HTMLInputElement): void {
    const control = this.shown[index];
    const written = from.type === "range" ? near(from.value, this.limits[control.name]) : from.value.trim();
    if (!WRITTEN[control.kind].test(written) || written === control.value) return;
    // A float stays one: 2 is written 2.0.
    const text = control.kind === "float" && !written.includes(".") ? `${written}.0` : written;
    this.actions.edit(control.ranges.map((range) => ({ range, text })));
  }

  /** Sliders for symbolic dimensions; a field that is emptied shows the symbols again. */
  private buildSymbols(symbols: Sizes["symbols"]): void {
    if (Object.keys(this.chosen).length) this.actions.choose((this.chosen = {}));
    this.pairs = symbols.map((symbol, i) => {
      const pair = [field("range", `symbol-${i}`), field("number", `symbol-${i}`)];
      for (const each of pair) {
        limits(each, symbol.name, symbol.limit.least, symbol.limit.greatest ?? 2 * symbol.size, false);
        each.addEventListener("input", () => this.chooseSize(symbols, symbol, each));
      }
      limitSlider(pair[0], symbol.limit, String(symbol.size));
      pair[1].placeholder = "any";
      return pair;
    });
    byId(this.root, "symbols").replaceChildren(...symbols.map(({ name }, i) => row(`show at ${name} =`, "int", this.pairs[i])));
  }

  private chooseSize(symbols: Sizes["symbols"], { name, limit }: Sizes["symbols"][number], from: HTMLInputElement): void {
    const wanted = Math.floor(Number(from.type === "range" ? near(from.value, limit) : from.value));
    const others = symbols.map((each) => [each.name, this.chosen[each.name] ?? each.size]);
    this.chosen = wanted >= 1 ? { ...Object.fromEntries(others), [name]: wanted } : {};
    symbols.forEach((each, i) => {
      for (const field of this.pairs[i]) {
        if (field !== from) field.value = String(this.chosen[each.name] ?? (field.type === "range" ? each.size : ""));
      }
    });
    this.actions.choose(this.chosen);
  }
}

/** A size of a slider as the nearest valid one. */
function near(value: string, limit: SizeLimit | undefined): string {
  const wanted = Number(value);
  const found = limit?.values?.reduce((best, each) => (Math.abs(each - wanted) < Math.abs(best - wanted) ? each : best), limit.values[0]);
  return String(found ?? value);
}

/** Limit a slider to the valid sizes. `step` counts from `min`, which is one of them. */
function limitSlider(slider: HTMLInputElement, limit: SizeLimit | undefined, value: string): void {
  if (!limit) return;
  slider.min = String(limit.least);
  slider.step = String(limit.step);
  const greatest = Math.max(Number(slider.max), 4 * limit.step + limit.least);
  slider.max = String(Math.min(greatest, limit.greatest ?? Infinity));
  slider.value = value;
}

function limits(each: HTMLInputElement, name: string, least: number, greatest: number, isFloat: boolean): void {
  each.min = String(least);
  each.step = isFloat ? "any" : "1";
  if (each.type !== "range") return;
  each.max = String(greatest);
  if (isFloat) each.step = "0.01";
  each.setAttribute("aria-label", `${name}, slider`);
}

function row(name: string, kind: string, fields: HTMLInputElement[]): HTMLElement {
  const label = element("label", "", name) as HTMLLabelElement;
  label.htmlFor = fields[fields.length - 1].id;
  return element("div", `control ${kind}`, label, ...fields);
}

function field(type: string, index: string): HTMLInputElement {
  const made = element("input") as HTMLInputElement;
  made.type = type;
  made.id = `control-${index}-${type}`;
  made.autocomplete = "off";
  return made;
}
