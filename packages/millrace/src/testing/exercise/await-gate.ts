// oxlint-disable unicorn/no-thenable -- an await is seen by the `then` that it calls
import { AsyncLocalStorage } from "node:async_hooks";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** One call of a handler, as the gate sees it. */
export interface GatedCall {
  /**
   * What the handler awaited is there. Answers nothing when it may go on at once, or a promise of when it may; one that
   * never settles stops it there for good.
   * @param place file, line and column of the await
   */
  onAwait(place: string): Promise<void> | undefined;
}

type Then = (this: Promise<unknown>, onValue?: unknown, onError?: unknown) => Promise<unknown>;

/** What awaits look at. By this name alone, for it is not used as a promise. */
const prototype: object = Promise.prototype;
const calls = new AsyncLocalStorage<GatedCall>();
/** As they were when the gate was opened; somebody else may have changed them before. */
let before = { constructor: descriptorOf("constructor"), then: descriptorOf("then") };
let plainThen = Reflect.get(prototype, "then") as Then;
let openCount = 0;

/** Run a handler so that each of its awaits goes through `call`; in a time between `openGate` and `closeGate`. */
export function callThroughGate<T>(call: GatedCall, handler: () => T): T {
  return calls.run(call, handler);
}

/** Run something on behalf of nobody: what it awaits goes through no gate. */
export function besideGate<T>(work: () => T): T {
  return calls.exit(work);
}

/**
 * From now on promises of this process can be gated. Outside of gated calls they behave as ever.
 *
 * An `await` takes a promise as it is when its `constructor` is the built-in one, and nothing can be seen of it. Otherwise
 * it calls `then`, as for any other object that has one. So inside a gated call promises have no constructor.
 */
export function openGate(): void {
  if (openCount++ > 0) return;
  before = { constructor: descriptorOf("constructor"), then: descriptorOf("then") };
  plainThen = Reflect.get(prototype, "then") as Then;
  Object.defineProperty(prototype, "constructor", {
    configurable: true,
    get: () => (calls.getStore() === undefined ? Promise : undefined),
    set(this: object, value: unknown) {
      Object.defineProperty(this, "constructor", { value, writable: true, configurable: true, enumerable: true });
    },
  });
  Object.defineProperty(prototype, "then", {
    configurable: true,
    get: () => {
      const call = calls.getStore();
      if (call === undefined) return plainThen;
      const place = placeOfAwait();
      return place === undefined ? plainThen : gatedThen(call, place);
    },
    set(this: object, value: unknown) {
      Object.defineProperty(this, "then", { value, writable: true, configurable: true, enumerable: true });
    },
  });
}

export function closeGate(): void {
  if (--openCount > 0) return;
  Object.defineProperty(prototype, "constructor", before.constructor);
  Object.defineProperty(prototype, "then", before.then);
}

function gatedThen(call: GatedCall, place: string): Then {
  return function then(onValue, onError) {
    const passed = new Promise<unknown>((resolve, reject) => {
      const pass = (go: () => void): void => {
        const held = call.onAwait(place);
        if (held === undefined) go();
        else void plainThen.call(held, go);
      };
      void plainThen.call(
        this,
        (value: unknown) => pass(() => resolve(value)),
        (error: Error) => pass(() => reject(error)),
      );
    });
    return plainThen.call(passed, onValue, onError);
  };
}

const OWN_FOLDER = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const FRAME = /\(?((?:file:\/\/|node:|\/|[A-Za-z]:[\\/])[^()]*:\d+:\d+)\)?$/;

/** Where the user's code awaits; nothing for what Node, a package or Millrace does on its behalf. */
function placeOfAwait(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 10;
  const { stack = "" } = new Error("where");
  Error.stackTraceLimit = stackTraceLimit;
  // The first frame is this function, the second the property that was read.
  const frames = stack.split("\n").flatMap((line) => FRAME.exec(line)?.[1] ?? []);
  const place = frames[2];
  if (place === undefined || place.startsWith("node:") || /[\\/]node_modules[\\/]/.test(place)) return undefined;
  const path = place.startsWith("file:") ? fileURLToPath(place) : place;
  if (path.startsWith(OWN_FOLDER)) return undefined;
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

function descriptorOf(name: "constructor" | "then"): PropertyDescriptor {
  return Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
}
