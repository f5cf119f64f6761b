// From TypeScript to JavaScript, which is all that this project needs to be built.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.js", stripTypeScriptTypes(readFileSync("src/index.ts", "utf8")));
console.log("built dist/index.js");
