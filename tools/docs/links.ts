import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { ROOT, splitPage, type Finding, type Page } from "./markdown.ts";

/** Every link inside the repository must lead to a file, and to a heading of it where it names one. */
export function checkLinks(
  pages: readonly Page[],
  exists = (path: string) => existsSync(join(ROOT, path)),
): readonly Finding[] {
  const anchorsByPath = new Map(pages.map((page) => [page.path, anchorsOf(page)]));
  return pages.flatMap((page) =>
    linksOf(page).flatMap(({ line, target }): readonly Finding[] => {
      const place = `${page.path}:${line}: the link to ${target}`;
      if (/^(?:https?|mailto):/.test(target)) return [];
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? page.path : posix.join(posix.dirname(page.path), file);
      if (file.startsWith("/")) return [`${place} begins with a slash, and works nowhere`];
      if (path.startsWith("..")) return [`${place} leads out of the repository`];
      if (!exists(path)) return [`${place} leads to nothing`];
      const isMissing = anchor !== undefined && anchorsByPath.get(path)?.has(anchor) !== true;
      return isMissing ? [`${place} names a heading that ${path} does not have`] : [];
    }),
  );
}

interface Link {
  readonly line: number;
  readonly target: string;
}

function linksOf(page: Page): readonly Link[] {
  return splitPage(page).prose.flatMap((text, index) =>
    [...text.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({
      line: index + 1,
      target,
    })),
  );
}

/** The anchors that a forge gives to the headings of a page. */
function anchorsOf(page: Page): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of splitPage(page).prose) {
    const heading = /^#{1,6} (.+)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
