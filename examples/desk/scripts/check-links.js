// name: check-links
// description: Looks in a Markdown file for links to files that are not there
// inputs: file (required)
// outputs: links (required), broken (required)
// tags: links, docs
// timeout: 30s

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { env } from "node:process";

const file = env.MILLRACE_INPUT_FILE ?? "";
const targets = [...readFileSync(file, "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = ""]) => target);
const links = targets.filter((target) => !/^[a-z]+:/.test(target));
const broken = links.filter((link) => !existsSync(join(dirname(file), link)));
for (const link of broken) console.log(`${link} is not there`);
console.log(JSON.stringify({ links: links.length, broken: broken.length }));
