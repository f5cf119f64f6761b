import { setTimeout as sleep } from "node:timers/promises";
import type { HandlerContext, Millrace, Worker } from "millrace";
import type { z } from "zod";
import {
  courseOutline,
  documentRead,
  documentSummarise,
  lessonWrite,
  Reading,
  type Lesson,
  type Outline,
  type Summary,
} from "./kinds.ts";
import { readFromShelf } from "./shelf.ts";
import { chunksOf, sectionsOf, summaryOf, termsOf, wordsOf } from "./text.ts";

type Context = HandlerContext<Millrace>;

/** What each step of a course does. `ctx.signal` goes along to whatever takes its time, so that a cancel ends it at once. */
export function handleSteps(worker: Worker<Millrace>): Worker<Millrace> {
  return worker
    .handle(documentRead, async ({ payload }, ctx): Promise<Reading> => {
      const markdown = await readFromShelf(payload.file, ctx.attempt, ctx.signal);
      ctx.progress(30, "read");
      const { title, sections } = sectionsOf(markdown);
      const words = wordsOf(sections.map(({ text }) => text).join(" "));
      const chunks = chunksOf(words);
      await think(payload, ctx);
      return { title, words: words.length, chunks: chunks.length, terms: termsOf(chunks), sections };
    })
    .handle(documentSummarise, async ({ payload }, ctx): Promise<z.output<typeof Summary>> => {
      const { title, terms, sections } = await readingOf(payload.document, ctx);
      await think(payload, ctx);
      return { title, summary: summaryOf(sections.map(({ text }) => text).join(" "), terms) };
    })
    .handle(courseOutline, async ({ payload }, ctx): Promise<z.output<typeof Outline>> => {
      const lessons = [];
      for (const document of payload.documents) {
        const { sections } = await readingOf(document, ctx);
        for (const [section, { text }] of sections.entries()) if (text !== "") lessons.push({ document, section });
      }
      await think(payload, ctx);
      return { lessons };
    })
    .handle(lessonWrite, async ({ payload }, ctx): Promise<z.output<typeof Lesson>> => {
      const { sections, terms: all } = await readingOf(payload.document, ctx);
      const section = sections[payload.section];
      if (section === undefined) throw new Error(`section ${payload.section} of ${payload.document} was not found`);
      const terms = all.filter((term) => section.text.toLowerCase().includes(term));
      await think(payload, ctx);
      return { heading: section.heading, text: summaryOf(section.text, terms, 3), terms };
    });
}

/** What an earlier step has found out. */
async function readingOf(document: string, ctx: Context): Promise<Reading> {
  return Reading.parse((await ctx.mill.get(document))?.result);
}

const PARTS = 10;

async function think({ thinkMs }: { readonly thinkMs: number }, ctx: Context): Promise<void> {
  if (thinkMs === 0) return;
  for (let part = 1; part <= PARTS; part++) {
    await sleep(thinkMs / PARTS, undefined, { signal: ctx.signal });
    ctx.progress((part / PARTS) * 100, "thinking");
  }
}
