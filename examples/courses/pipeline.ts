import { createHash } from "node:crypto";
import type { Millrace, Worker } from "millrace";
import type { MillraceClient } from "millrace/client";
import {
  courseBuild,
  courseOutline,
  documentRead,
  documentSummarise,
  lessonWrite,
  Lesson,
  Outline,
  Reading,
  Summary,
  type Course,
} from "./kinds.ts";
import { runStage } from "./stage.ts";
import { wordsOf } from "./text.ts";

const FILE = "course.md";

/**
 * A course, made in stages: read the documents, summarise them, outline the course, write its lessons, send the file.
 * @param client puts the file where people find it: among the artifacts of the course
 */
export function handleCourses(worker: Worker<Millrace>, client: MillraceClient): Worker<Millrace> {
  return worker.handle(courseBuild, async (course, ctx): Promise<Course> => {
    const { title, documents: files, thinkMs } = course.payload;
    const at = (from: number, to: number) => ({ course, ctx, percent: [from, to] }) as const;

    const readings = await runStage(
      at(0, 30),
      documentRead,
      Reading,
      files.map((file) => ({ file, thinkMs })),
    );
    const documents = readings.map(({ id }) => id);
    const summaries = await runStage(
      at(30, 50),
      documentSummarise,
      Summary,
      documents.map((document) => ({ document, thinkMs })),
    );
    const [outline] = await runStage(at(50, 60), courseOutline, Outline, [{ documents, thinkMs }]);
    const planned = outline?.result.lessons ?? [];
    const lessons = await runStage(
      at(60, 95),
      lessonWrite,
      Lesson,
      planned.map((lesson) => ({ ...lesson, thinkMs })),
    );

    const markdown = [
      `# ${title}`,
      ...summaries.map(({ result }) => `- **${result.title}**: ${result.summary}`),
      ...lessons.map(
        ({ result }, n) => `## ${n + 1}. ${result.heading}\n\n${result.text}\n\n_${result.terms.join(", ")}_`,
      ),
    ].join("\n\n");
    const sha256 = createHash("sha256").update(markdown).digest("hex");
    await client.putArtifact(course.id, FILE, markdown, { contentType: "text/markdown", sha256, signal: ctx.signal });
    return { lessons: lessons.length, words: wordsOf(markdown).length, file: FILE, sha256 };
  });
}
