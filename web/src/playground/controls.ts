// Sliders for the numbers of the text: parameters of the network and sizes of inputs. Moving one edits the text.
import type { Control, Edit } from "./answers";
import { element } from "./markdown";
import { byId } from "./panels";

export class Controls {
  /** The kinds and names that are shown; while they stay the same, only the values change. */
  private shape = "";
  private shown: Control[] = [];
  private fields: HTMLInputElement[][] = [];

  constructor(private readonly apply: (edits: Edit[]) => void) {
    byId("controls").addEventListener("submit", (event) => event.preventDefault());
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
        if (field !== document.activeElement || field.type === "range") field.value = value;
      }
    });
  }

  private build(controls: Control[]): void {
    this.fields = [];
    const made = controls.map(({ name, kind, least, greatest }, i) => {
      const label = element("label", "", name) as HTMLLabelElement;
      const fields = kind === "text" ? [field("text", i)] : [field("range", i), field("number", i)];
      label.htmlFor = fields[fields.length - 1].id;
      for (const each of fields) {
        if (kind !== "text") {
          each.min = String(least);
          each.step = kind === "float" ? "any" : "1";
          if (each.type === "range") {
            each.max = String(greatest);
            if (kind === "float") each.step = "0.01";
            each.setAttribute("aria-label", `${name}, slider`);
          }
        }
        each.addEventListener(kind === "text" ? "change" : "input", () => this.change(i, each.value));
      }
      this.fields.push(fields);
      return element("div", `control ${kind}`, label, ...fields);
    });
    byId("controls").replaceChildren(...made);
  }

  private change(index: number, value: string): void {
    const control = this.shown[index];
    const written = value.trim();
    const fits = { int: /^\d{1,9}$/, float: /^\d{1,9}(\.\d{1,9})?$/, text: /^[^\n;{}#"]+$/ }[control.kind];
    if (!fits.test(written) || written === control.value) return;
    // A float stays one: 2 is written 2.0.
    const text = control.kind === "float" && !written.includes(".") ? `${written}.0` : written;
    this.apply(control.ranges.map((range) => ({ range, text })));
  }
}

function field(type: string, index: number): HTMLInputElement {
  const made = element("input") as HTMLInputElement;
  made.type = type;
  made.id = `control-${index}-${type}`;
  made.autocomplete = "off";
  return made;
}
