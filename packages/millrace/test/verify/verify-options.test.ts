import { expect, it } from "vitest";
import { resolveVerifyOptions, type VerifyOptions } from "../../src/verify/drive/verify-options.ts";

it.each<readonly [store: string, postgresBin: string | undefined, faults: readonly string[]]>([
  ["sqlite:./shop.db", undefined, ["kill", "pause"]],
  ["postgres://localhost/shop", undefined, ["kill", "pause", "backend-kill", "cut", "clock"]],
  ["postgres://localhost/shop", "/usr/bin", ["kill", "pause", "backend-kill", "cut", "clock", "db-restart"]],
  ["https://jobs.example.com", undefined, ["kill", "pause", "clock"]],
])("on %s with %s, the faults that need nothing else are brought", (store, postgresBin, faults) => {
  const given = postgresBin === undefined ? { store } : { store, postgresBin };
  expect(resolveVerifyOptions(given).faults).toEqual(faults);
});

it("a drive has a seed, and as long to drain as it drives and a minute more", () => {
  const { seed, ...options } = resolveVerifyOptions({ store: "sqlite:./shop.db", seconds: 20 });
  expect(seed).toBeGreaterThanOrEqual(0);
  expect(options).toMatchObject({ workers: 16, jobs: 20_000, drainSeconds: 80, report: null });
  expect(resolveVerifyOptions({ store: "sqlite:./shop.db", faults: ["kill", "kill"], seed: 7 })).toMatchObject({
    seed: 7,
    faults: ["kill"],
  });
});

it("every wrong option is named at once", () => {
  const wrong = { store: 7, workers: 0, jobs: 1.5, seconds: -1, seed: -2, faults: ["kil"] } as unknown as VerifyOptions;
  expect(() => resolveVerifyOptions(wrong)).toThrow(
    /store.*workers.*jobs.*seconds from 1 to.*seed.*did you mean "kill"/,
  );
  expect(() => resolveVerifyOptions({ store: "sqlite:./shop.db", worker: 1 } as never)).toThrow(
    /did you mean "workers"/,
  );
});
