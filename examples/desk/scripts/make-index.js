// name: make-index
// description: Lists the titles of the Markdown files of a folder
// inputs: folder (required)
// outputs: titles (required)
// tags: docs
// timeout: 30s

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";

const folder = env.MILLRACE_INPUT_FOLDER ?? ".";
const files = readdirSync(folder).filter((name) => name.endsWith(".md"));
const titles = files.map((name) => /^# (.+)$/m.exec(readFileSync(join(folder, name), "utf8"))?.[1] ?? name);
for (const title of titles) console.log(title);
console.log(JSON.stringify({ titles: titles.length }));
