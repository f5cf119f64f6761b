import type { Store } from "../../core/store.ts";

export interface StoreCall {
  readonly name: keyof Store;
  readonly args: readonly unknown[];
}

/** The same store, each of whose calls goes through `around`; `pass` makes the call, and answers what it answers. */
export function interceptCalls(store: Store, around: (call: StoreCall, pass: () => unknown) => unknown): Store {
  return new Proxy(store, {
    get(target, key): unknown {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]): unknown =>
        around({ name: key as keyof Store, args }, () => Reflect.apply(value, target, args) as unknown);
    },
  });
}
