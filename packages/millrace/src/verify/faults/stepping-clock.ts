import { openSync, readSync } from "node:fs";
import { SHIFT_BYTES } from "./clock-file.ts";

// Loaded before a program and each of its threads, as "stepping-clock.ts?file=PATH". All who share the file step with it,
// in one moment.
const path = new URL(import.meta.url).searchParams.get("file");
if (path === null) throw new Error("the URL of this module names no file to read the clock from");
const file = openSync(path, "r");
const shift = new DataView(new ArrayBuffer(SHIFT_BYTES));
const wallClock = Date.now;

Date.now = () => {
  readSync(file, shift, 0, SHIFT_BYTES, 0);
  return wallClock() + shift.getFloat64(0);
};
