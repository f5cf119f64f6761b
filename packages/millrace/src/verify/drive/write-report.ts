import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { reportHtml } from "../report/report-html.ts";
import type { Report } from "../report/report.ts";

/** Write the page of a run into its folder. */
export function writeReport(folder: string, report: Report): void {
  writeFileSync(join(folder, "report.html"), reportHtml(report));
}
