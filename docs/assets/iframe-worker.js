// Search from disk: browsers start no workers from files, so the search runs in a frame instead.
// The theme's search looks for `IFrameWorker` in the parent, and awaits `importScripts`.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    onmessage = null;
    onerror = null;

    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.title = "search";
      document.documentElement.append(this.frame);
      const page = this.frame.contentDocument;
      const inside = this.frame.contentWindow;
      page.open();
      page.write("<!doctype html><html><body></body></html>");
      page.close();
      inside.postMessage = (data) => {
        const event = new MessageEvent("message", { data });
        this.dispatchEvent(event);
        this.onmessage?.(event);
      };
      inside.importScripts = (...scripts) =>
        scripts.reduce((before, script) => before.then(() => this.load(script)), Promise.resolve());
      this.ready = this.load(url);
    }

    load(script) {
      const page = this.frame.contentDocument;
      return new Promise((resolve, reject) => {
        const element = page.createElement("script");
        element.src = new URL(script, location.href).href;
        element.onload = resolve;
        element.onerror = () => reject(new Error(`${script} cannot be loaded`));
        page.body.append(element);
      });
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
  window.Worker = window.IFrameWorker;
}
