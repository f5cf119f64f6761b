import assert from "node:assert/strict";
import test from "node:test";
import { slugOf } from "../src/index.ts";

void test("words are joined, and what is around them goes", () => {
  assert.equal(slugOf("  Über den Wolken! "), "uber-den-wolken");
});

void test("a slug is its own slug", () => {
  assert.equal(slugOf(slugOf("1, 2 & 3")), "1-2-3");
});
