import { isMillraceError } from "../../src/core/errors.ts";
import type { Change, Store } from "../../src/core/store.ts";
import type { Sabotage } from "./simulated-process.ts";

/** A runtime with a bug, made by putting between it and its store what the bug would do. */
export interface BrokenRuntime {
  readonly bug: string;
  readonly sabotage: Sabotage;
}

export const BROKEN_RUNTIMES: readonly BrokenRuntime[] = [
  {
    bug: "the settler says settled before the store has answered",
    sabotage: (store) =>
      having(store, {
        settle: async (settlements) => {
          store.settle(settlements).catch(() => undefined);
          return settlements.map(() => "settled" as const);
        },
      }),
  },
  {
    bug: "a heartbeat that is told of a lost lease tells nobody",
    sabotage: (store) =>
      having(store, {
        heartbeat: async (worker, leases, leaseMs) => {
          const statuses = await store.heartbeat(worker, leases, leaseMs);
          return statuses.map((status) => (status === "lost" ? "held" : status));
        },
      }),
  },
  {
    bug: "an enqueue whose answer was lost is sent again under a new id",
    sabotage: (store, { newId }) =>
      having(store, {
        enqueue: async (requests, terms) => {
          try {
            return await store.enqueue(requests, terms);
          } catch (error) {
            if (!isMillraceError(error) || error.code !== "store_unavailable") throw error;
            const again = requests.map((request) => ({ ...request, id: newId() }));
            return store.enqueue(again, terms);
          }
        },
      }),
  },
  {
    bug: "what a claim brings whose wait was ended is forgotten",
    sabotage: (store) =>
      having(store, {
        claim: (request, wait) => {
          if (wait === undefined) return store.claim(request);
          return new Promise((resolve, reject) => {
            store.claim(request, wait).then(resolve, reject);
            wait.addEventListener("abort", () => resolve([]));
          });
        },
      }),
  },
  {
    bug: "whoever waits is woken by no commit, and hears of it by looking from time to time",
    sabotage: (store) =>
      having(store, {
        onChange: (listener) =>
          store.onChange((changes, isOwn) => {
            const others = new Set<Change>([...changes].filter((change) => change !== "events"));
            if (others.size > 0) listener(others, isOwn);
          }),
      }),
  },
  {
    bug: "a job that had not ended when first looked at is never looked at again",
    sabotage: (store) => {
      const open = new Set<string>();
      return having(store, {
        ended: async (ids) => {
          const ended = await store.ended(ids);
          return ids.map((id, i) => {
            const hasEnded = !open.has(id) && ended[i] === true;
            if (!hasEnded) open.add(id);
            return hasEnded;
          });
        },
      });
    },
  },
  {
    bug: "close() does not wait for the store's last answers",
    sabotage: (store) => having(store, { removeWorker: () => new Promise(() => undefined) }),
  },
];

/** The same store, but for some methods. */
function having(store: Store, other: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => Reflect.get(name in other ? other : target, name) as unknown,
  });
}
