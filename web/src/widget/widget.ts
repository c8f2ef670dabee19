// The widget of notebooks: a session whose service is the kernel. anywidget loads this module and calls `render`.
import { CallQueue } from "../calls";
import main from "../editing/main.html";
import type { Rules } from "../editing/highlight";
import { Session } from "../editing/session";
import type { Answer } from "../protocol";
import styles from "./widget.css";

/** The part of anywidget's model that is used; the state is that of archdsl/integrations/widget.py. */
interface Model {
  get(name: "text"): string;
  get(name: "_rules"): Rules;
  set(name: "text", value: string): void;
  save_changes(): void;
  send(message: object): void;
  on(name: string, callback: (message: any) => void): void;
  off(name: string, callback: (message: any) => void): void;
}

/** Milliseconds without an answer after which the widget says that it waits: the kernel runs a cell. */
const PATIENCE = 1500;

let views = 0;

export default {
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    const view = new View(model, el);
    return () => view.remove();
  },
};

class View {
  private readonly root: ShadowRoot;
  private readonly queue: CallQueue;
  private readonly session: Session;
  /** Several views of one model share its messages: requests have the number of their view. */
  private readonly number = ++views;
  private readonly watcher: MutationObserver;
  private waiting = 0;
  private isWaiting = false;

  constructor(private readonly model: Model, private readonly host: HTMLElement) {
    // JupyterLab's shortcuts are single letters; what is typed in the widget is not meant for them.
    host.dataset.lmSuppressShortcuts = "true";
    host.addEventListener("keydown", (event) => event.stopPropagation());
    this.root = host.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = styles;
    const status = document.createElement("p");
    status.id = "status";
    status.setAttribute("role", "status");
    const content = document.createElement("template");
    content.innerHTML = main; // a file of this folder, in which there is no text of the user
    this.root.append(style, status, content.content);
    this.queue = new CallQueue((request) => this.post({ ...request, view: this.number }), null);
    this.queue.open();
    this.showTheme();
    this.session = new Session(this.root, model.get("text"), model.get("_rules"), this.queue, {
      status: (text, isProblem) => this.status(text, isProblem),
      changed: (text, isEdit) => this.changed(text, isEdit),
      theme,
    });
    model.on("msg:custom", this.receive);
    model.on("change:text", this.replaced);
    this.watcher = new MutationObserver(() => this.showTheme() && void this.session.views());
    this.watcher.observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-vscode-theme-kind"] });
  }

  remove(): void {
    this.model.off("msg:custom", this.receive);
    this.model.off("change:text", this.replaced);
    this.watcher.disconnect();
    clearTimeout(this.waiting);
    this.session.editor.view.destroy();
  }

  private post(request: object): void {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.status("Waiting for the kernel …");
      this.isWaiting = true;
    }, PATIENCE) as unknown as number;
    this.model.send(request);
  }

  private readonly receive = (message: { view: number; answer: string }): void => {
    if (message?.view !== this.number) return;
    clearTimeout(this.waiting);
    if (this.isWaiting) this.status("");
    this.queue.receive(JSON.parse(message.answer) as Answer);
  };

  /** The text was set in Python, or in another view. */
  private readonly replaced = (): void => {
    const text = this.model.get("text");
    if (text !== this.session.editor.text) this.session.editor.open(text);
  };

  private changed(text: string, isEdit: boolean): void {
    if (!isEdit) return;
    this.status("");
    this.model.set("text", text);
    this.model.save_changes();
  }

  private status(text: string, isProblem = false): void {
    const place = this.root.getElementById("status")!;
    place.textContent = text;
    place.classList.toggle("problem", isProblem);
    this.isWaiting = false;
  }

  private showTheme(): boolean {
    const found = theme();
    const changed = this.host.dataset.theme !== found;
    this.host.dataset.theme = found;
    return changed;
  }
}

/** Light or dark: the theme of the notebook, by the brightness of the background behind the widget. */
function theme(): "light" | "dark" {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false" ? "dark" : "light";
  if (vscodeThemeKind !== undefined) return vscodeThemeKind.includes("light") ? "light" : "dark";
  const colors = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [];
  if (colors.length < 3 || colors[3] === 0) return "light";
  return colors[0] + colors[1] + colors[2] < 3 * 128 ? "dark" : "light";
}
