import type { Page } from "./markdown.ts";

/**
 * A page with its regions filled: what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` is replaced.
 * @throws Error when the page lacks one of the regions
 */
export function fillRegions({ path, text }: Page, regions: Readonly<Record<string, () => string>>): string {
  let filled = text;
  for (const [name, make] of Object.entries(regions)) {
    const region = new RegExp(`(<!-- begin ${name} -->\n)[^]*?(<!-- end ${name} -->)`);
    if (!region.test(filled)) throw new Error(`${path} has no <!-- begin ${name} --> … <!-- end ${name} -->`);
    filled = filled.replace(region, (_, begin: string, end: string) => `${begin}\n${make().trim()}\n\n${end}`);
  }
  return filled;
}
