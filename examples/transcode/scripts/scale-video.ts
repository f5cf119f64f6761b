#!/usr/bin/env node
// name: scale-video
// description: Scales a video with ffmpeg, and tells how far it is
// inputs: source (required), output (required), seconds (required), height (required), speed (optional), keepFreeMb (optional)
// outputs: output (required), bytes (required), seconds (required)
// tags: media, video
// timeout: 30m

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { writeOutput } from "./output-file.ts";

interface Input {
  readonly source: string;
  readonly output: string;
  /** How long the video is. */
  readonly seconds: number;
  readonly height: number;
  /** A live source comes at its own pace: 1, or so many times as fast. */
  readonly speed?: number;
  readonly keepFreeMb?: number;
}

const { source, output, seconds, height, speed, keepFreeMb } = JSON.parse(
  process.env["MILLRACE_PAYLOAD"] ?? "{}",
) as Input;
console.log(`process ${process.pid}`);
const bytes = await writeOutput(output, scale, { keepFreeMb });
console.log(JSON.stringify({ output, bytes, seconds }));

async function scale(partial: string, signal: AbortSignal): Promise<void> {
  const pace = speed === undefined ? "" : `realtime=speed=${speed},`;
  const quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"];
  const filters = ["-vf", `${pace}scale=-2:${height}`];
  const args = [...quiet, "-progress", "pipe:1", "-i", source, ...filters, "-c:v", "mpeg4", "-f", "mp4", "-y", partial];
  const ffmpeg = spawn("ffmpeg", args, { stdio: ["ignore", "pipe", "inherit"], signal });
  console.log(`process ${ffmpeg.pid}`);
  const closed = once(ffmpeg, "close") as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  const [[code, endedBy]] = await Promise.all([closed, tellProgress(ffmpeg.stdout)]);
  if (code !== 0) throw new Error(`ffmpeg ended with ${endedBy ?? `exit code ${code}`}`);
}

/** ffmpeg says how far it is in lines of `key=value`, such as `out_time=00:00:04.280000`. */
async function tellProgress(lines: NodeJS.ReadableStream): Promise<void> {
  for await (const line of createInterface({ input: lines })) {
    const [, hours, minutes, rest] = /^out_time=(\d+):(\d+):([\d.]+)$/.exec(line) ?? [];
    if (rest === undefined) continue;
    const at = Number(hours) * 3_600 + Number(minutes) * 60 + Number(rest);
    console.log(`::progress ${Math.min(100, (at / seconds) * 100).toFixed(1)} ${at.toFixed(1)} s of ${seconds} s`);
  }
}
