import { FAULT_NAMES, type FaultName } from "../verify/faults/fault.ts";
import { show } from "../core/options.ts";
import { UsageError, unknownWord } from "./usage-error.ts";

/** Names of faults apart by commas, or `none`. */
export function faultsFlag(flag: string): (text: string) => readonly FaultName[] {
  return (text) => {
    if (text.trim() === "none") return [];
    return text.split(",").map((part) => {
      const name = part.trim();
      const known = FAULT_NAMES.find((fault) => fault === name);
      if (known !== undefined) return known;
      if (name === "")
        throw new UsageError(`${flag}: ${show(text)} names no fault`, { validOptions: [...FAULT_NAMES, "none"] });
      throw unknownWord(`${flag}: ${show(name)} is no fault`, name, [...FAULT_NAMES, "none"]);
    });
  };
}
