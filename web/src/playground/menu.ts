// The menu of examples and of the zoo.
import type { Family } from "../editing/answers";
import { button, element } from "../editing/markdown";
import { byId as find } from "../editing/root";

const byId = <T extends HTMLElement = HTMLElement>(id: string) => find<T>(document, id);

export interface Example {
  name: string;
  text: string;
}

export interface MenuActions {
  families(): Promise<Family[]>;
  openText(text: string): void;
  openZoo(name: string): void;
}

export class Menu {
  private readonly dialog = byId<HTMLDialogElement>("menu");
  private filled = false;

  constructor(private readonly examples: Example[], private readonly actions: MenuActions) {
    byId("open-menu").addEventListener("click", () => this.open());
    byId<HTMLInputElement>("search").addEventListener("input", (event) => this.filter((event.target as HTMLInputElement).value));
    // A click beside the dialog closes it.
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  private async open(): Promise<void> {
    this.dialog.showModal();
    const search = byId<HTMLInputElement>("search");
    search.value = "";
    search.focus();
    if (this.filled) return this.filter("");
    const examples = this.examples.map(({ name, text }) => this.entry(name, () => this.actions.openText(text)));
    const waiting = element("p", "empty", "The zoo appears once Python is loaded.");
    byId("entries").replaceChildren(group("Examples", examples), waiting);
    const families = await this.actions.families();
    const groups = families.map(({ title, names }) => group(title.replaceAll("`", ""), names.map((name) => this.entry(name, () => this.actions.openZoo(name)))));
    // The examples stay where they are: an element that is moved loses the focus.
    waiting.replaceWith(...groups);
    this.filled = true;
    this.filter(search.value);
  }

  private entry(name: string, open: () => void): HTMLElement {
    return button(name, () => {
      this.dialog.close();
      open();
    });
  }

  private filter(words: string): void {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    for (const each of byId("entries").querySelectorAll<HTMLElement>(".group")) {
      const title = each.querySelector("h3")!.textContent!.toLowerCase();
      const buttons = [...each.querySelectorAll("button")];
      for (const entry of buttons) entry.hidden = !wanted.every((word) => `${title} ${entry.textContent}`.includes(word));
      each.hidden = buttons.every((entry) => entry.hidden);
    }
  }
}

function group(title: string, entries: HTMLElement[]): HTMLElement {
  return element("section", "group", element("h3", "", title), element("div", "names", ...entries));
}
