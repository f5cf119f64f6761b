import { defineJob } from "millrace";
import { z } from "zod";
import { isPermanent } from "./permanent.ts";

/** Courses wait for their steps, and steps for nobody: each has a queue of its own, so that neither takes the other's slots. */
export const COURSES = "courses";
export const STEPS = "steps";

const JobId = z.string().startsWith("job_");
/** How long a step thinks, as it would if it asked a model. */
const thinkMs = z.number().int().min(0).default(0);

export const Reading = z.object({
  title: z.string(),
  words: z.number().int().positive(),
  chunks: z.number().int().positive(),
  /** What the document is about: the most frequent first. */
  terms: z.array(z.string()),
  sections: z.array(z.object({ heading: z.string(), text: z.string() })).min(1),
});
export type Reading = z.output<typeof Reading>;

export const Summary = z.object({ title: z.string(), summary: z.string().min(1) });
export const Outline = z.object({
  lessons: z.array(z.object({ document: JobId, section: z.number().int().min(0) })).min(1),
});
export const Lesson = z.object({ heading: z.string(), text: z.string().min(1), terms: z.array(z.string()) });
export const Course = z.object({
  lessons: z.number().int().positive(),
  words: z.number().int().positive(),
  file: z.string(),
  sha256: z.string().length(64),
});
export type Course = z.output<typeof Course>;

/** Payloads name the jobs of the step before, whose results lie in the store. `output` refuses results that are none. */
export const courseBuild = defineJob("course.build", {
  input: z.object({ title: z.string().min(1), documents: z.array(z.string()).min(1).max(20), thinkMs }),
  output: Course,
  queue: COURSES,
  timeoutMs: 120_000,
});
export const documentRead = defineJob("document.read", {
  input: z.object({ file: z.string().regex(/^[\w-]+\.md$/), thinkMs }),
  output: Reading,
  queue: STEPS,
  maxAttempts: 5,
  backoff: { type: "exponential", delayMs: 200 },
  timeoutMs: 60_000,
  isPermanent,
});
export const documentSummarise = defineJob("document.summarise", {
  input: z.object({ document: JobId, thinkMs }),
  output: Summary,
  queue: STEPS,
  timeoutMs: 60_000,
  isPermanent,
});
export const courseOutline = defineJob("course.outline", {
  input: z.object({ documents: z.array(JobId).min(1), thinkMs }),
  output: Outline,
  queue: STEPS,
  timeoutMs: 60_000,
  isPermanent,
});
export const lessonWrite = defineJob("lesson.write", {
  input: z.object({ document: JobId, section: z.number().int().min(0), thinkMs }),
  output: Lesson,
  queue: STEPS,
  timeoutMs: 60_000,
  isPermanent,
});
