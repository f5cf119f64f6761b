import { describe, expect, test } from "vitest";
import { storeText } from "./store-text.ts";

describe("a store as it is shown", () => {
  test.each([
    ["sqlite:./millrace.db", "sqlite:./millrace.db"],
    ["postgres://ada@host/db?schema=x", "postgres://ada@host/db?schema=x"],
    ["postgres://ada:sesame@host:5432/db", "postgres://ada:…@host:5432/db"],
    [
      "postgres://host:5432/db?user=ada&password=sesame&schema=x",
      "postgres://host:5432/db?user=ada&password=…&schema=x",
    ],
  ])("%s is %s", (target, shown) => {
    expect(storeText(target)).toBe(shown);
  });
});
