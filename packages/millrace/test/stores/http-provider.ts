import { createHandler } from "../../src/http/index.ts";
import type { Store, UpkeepStore } from "../../src/core/store.ts";
import { Kernel } from "../../src/runtime/kernel.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Millrace } from "../../src/runtime/millrace.ts";
import { systemClock, systemRandom } from "../../src/runtime/platform.ts";
import { openHttp } from "../../src/stores/http/index.ts";
import { openSqlite } from "../../src/stores/sqlite/index.ts";
import { ORG } from "../../src/testing/factory.ts";
import type { StoreProvider } from "../../src/testing/index.ts";
import { JWT_SECRET, jwtFor } from "../http/bench.ts";

const NOTHING = async (): Promise<{ count: number; nextInMs: null }> => ({ count: 0, nextInMs: null });

/** Stores at the other end of a wire: a server without a socket, on a store in memory. */
export const httpProvider: StoreProvider = {
  async open(now) {
    const served = await openSqlite({ file: ":memory:", now });
    // Cases say when there is upkeep; the server must not be faster.
    const idle = { ...served, promote: NOTHING, rescue: NOTHING, prune: NOTHING, fireSchedules: NOTHING };
    const kernel = new Kernel({
      store: idle,
      org: ORG,
      clock: { ...systemClock, now },
      random: systemRandom,
      logger: silentLogger,
      host: null,
      pid: null,
    });
    const handler = createHandler({ mill: new Millrace(kernel, () => served.close()), jwtSecret: JWT_SECRET });
    // The name under which cases cancel: over HTTP it is that of the key.
    const key = await jwtFor("user-1", "owner", ORG);
    const openAnother = async (): Promise<Store> => ({
      ...(await openHttp({ url: "http://server", key, fetch: handler.fetch })),
      ...upkeepOf(served),
    });
    return {
      store: await openAnother(),
      openAnother,
      async discard() {
        handler.close();
        await served.close();
      },
    };
  },
};

/** What the server does by itself, and cases ask for: on the store that is served. */
function upkeepOf(served: Store): Pick<UpkeepStore, "promote" | "rescue" | "prune" | "fireSchedules" | "audit"> {
  return {
    promote: async (limit) => served.promote(limit),
    rescue: async (limit) => served.rescue(limit),
    prune: async (limit) => served.prune(limit),
    fireSchedules: async (fire) => served.fireSchedules(fire),
    audit: async () => served.audit(),
  };
}
