// archdsl for the scripts of a page: starts the worker, calls Python functions, and starts it again if one hangs.
import { CallError, CallQueue, type CallOptions, type Service } from "./calls";
import type { Message } from "./protocol";

export { CallError, type CallOptions } from "./calls";

export interface Options {
  /** Where the files of `archdsl/` are; by default beside this script. */
  base?: URL;
  /** Called with each step of loading, in words; with "" when it is ready. */
  onProgress?: (step: string) => void;
  /** Called whenever the worker is ready: at first, and after it was started again. */
  onReady?: (version: string) => void;
  onFailure?: (message: string) => void;
}

export class Archdsl implements Service {
  /** Milliseconds in Python of the last call. */
  spent = 0;
  private worker!: Worker;
  private readonly queue = new CallQueue(
    (request) => this.worker.postMessage(request),
    30_000,
    (limit) => this.restart(new CallError("Timeout", `no answer within ${Math.round(limit / 1000)} seconds`)),
  );

  constructor(private readonly options: Options = {}) {
    this.start();
  }

  /**
   * Call a Python function: one of CALLS in archdsl/browser/page_calls.py, or any public function of archdsl by its full
   * name. The arguments are given by name, or in order as an array. A call that takes longer than its timeout, by
   * default 30 seconds, restarts the worker. Rejects with CallError.
   */
  call<T = any>(name: string, given: object = {}, options: CallOptions = {}): Promise<T> {
    return this.queue.call<T>(name, given, options);
  }

  /** Stop the worker and start another one; the call that was running fails, those that wait are kept. */
  restart(reason: Error): void {
    this.worker.terminate();
    this.start();
    this.queue.close(reason);
  }

  private start(): void {
    const url = new URL("worker.js", this.options.base ?? new URL(".", import.meta.url));
    const worker = new Worker(url, { type: "module", name: "archdsl" });
    worker.addEventListener("message", (event: MessageEvent<Message>) => this.receive(event.data));
    worker.addEventListener("error", (event) => this.fail(event.message || "the worker cannot be loaded"));
    this.worker = worker;
  }

  private fail(message: string): void {
    this.queue.fail(message);
    this.options.onFailure?.(message);
  }

  private receive(message: Message): void {
    if ("progress" in message) this.options.onProgress?.(message.progress);
    else if ("failed" in message) this.fail(message.failed);
    else if ("ready" in message) {
      this.options.onProgress?.("");
      this.options.onReady?.(message.ready);
      this.queue.open();
    } else if (this.queue.receive(message)) this.spent = message.spent;
  }
}
