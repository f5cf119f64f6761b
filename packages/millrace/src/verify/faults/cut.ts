import { drawNumber, drawOne } from "./draw.ts";
import type { Fault } from "./fault.ts";
import { passing } from "./passing.ts";
import type { TcpProxy } from "./tcp-proxy.ts";

const LEAST_MS = 200;
const MOST_MS = 4_000;

const WAYS = ["reset", "forget", "silence", "mute", "refuse"] as const;

const SAID: Readonly<Record<(typeof WAYS)[number], string>> = {
  reset: "every connection was reset",
  forget: "every connection was half-open for good, new ones went through",
  silence: "nothing got through, in either direction",
  mute: "what was asked was done, and the answers were lost",
  refuse: "every connection was reset, new ones were refused",
};

/** The network between crew and server breaks, in one of several ways, for a moment. */
export function cut(proxy: TcpProxy, chance: () => number): Fault {
  return {
    name: "cut",
    strike: async () => {
      // Those of the last time, or the server would run out of connections that nobody uses.
      proxy.bury();
      const way = drawOne(WAYS, chance) ?? "reset";
      const ms = drawNumber(LEAST_MS, MOST_MS, chance);
      const count = proxy.linkCount;
      if (way === "reset") proxy.cut();
      else {
        await proxy[way]();
        await passing(ms);
        await proxy.heal();
      }
      const lasted = way === "reset" || way === "forget" ? "" : ` for ${ms} ms`;
      return `${SAID[way]}${lasted}; ${count} were open`;
    },
  };
}
