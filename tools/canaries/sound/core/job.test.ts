import { readFileSync } from "node:fs";
import { openStore } from "../open-store.ts";

export const seen = [readFileSync, openStore];
