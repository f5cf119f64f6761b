import { LAYERS, PACKAGE_OWNERS } from "../layers/table.ts";
import { code, table } from "./markdown.ts";

/** The import table, as the checker has it. */
export function layersRegion(): string {
  const ownersOf = (place: string): string =>
    Object.entries(PACKAGE_OWNERS)
      .filter(([, owners]) => owners.includes(place))
      .map(([name]) => code(name))
      .join(", ");
  return table(
    ["place", "may import", "Node's own modules", "packages only it may import"],
    Object.entries(LAYERS).map(([place, { may, node }]) => [
      code(place),
      may.length === 0 ? "nothing" : may.map(code).join(", "),
      node ? "yes" : "no",
      ownersOf(place),
    ]),
  );
}
