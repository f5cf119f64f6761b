import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { checkLayers, type Reason } from "./layers/rules.ts";
import { readTree } from "./layers/source-files.ts";

const ROOT = fileURLToPath(new URL("canaries", import.meta.url));

/** What the checker must say of each tree; each is wrong in one way only, or sound. */
const CANARIES: Readonly<Record<string, Reason | "sound">> = {
  sound: "sound",
  "length-explained": "sound",
  empty: "no-files",
  "layer-value": "layer",
  "layer-type": "layer",
  "layer-inline-type": "layer",
  "layer-re-export": "layer",
  "layer-dynamic": "layer",
  "layer-computed": "layer",
  "layer-store-to-store": "layer",
  "layer-own-name": "layer",
  "layer-imports-cli": "layer",
  "circle-types": "circle",
  "circle-self": "circle",
  "node-in-core": "node",
  "node-in-runtime": "node",
  "node-in-http-api": "node",
  "package-driver": "package",
  "place-unknown": "place",
  "test-imported": "test",
  "name-vague-file": "name",
  "name-vague-folder": "name",
  "name-camel": "name",
  "length-plain": "length",
};

describe("the layer checker", () => {
  test("has an expectation for every canary, and a canary for every expectation", () => {
    expect(readdirSync(ROOT).toSorted()).toEqual(Object.keys(CANARIES).toSorted());
  });

  for (const [name, expected] of Object.entries(CANARIES)) {
    test(expected === "sound" ? `accepts ${name}` : `refuses ${name} for its ${expected}`, () => {
      const reasons = checkLayers(readTree(`${ROOT}/${name}`)).map(({ reason }) => reason);
      expect(reasons).toEqual(expected === "sound" ? [] : [expected]);
    });
  }
});
