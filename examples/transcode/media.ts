import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { wavHeader } from "./wav.ts";

/** Something to transcode, made on the spot, and what can be made of it here. */
export interface Media {
  /** For people. */
  readonly told: string;
  /** The script that transcodes it: the kind of its jobs. */
  readonly kind: string;
  readonly source: string;
  readonly seconds: number;
  /** The ending of what is made of it. */
  readonly extension: string;
  /** One payload for each size. */
  readonly sizes: readonly object[];
}

/** A test picture where ffmpeg is installed, otherwise a sound that Node alone makes and resamples. */
export function makeMedia(folder: string): Media {
  return spawnSync("ffmpeg", ["-version"]).status === 0 ? makeVideo(folder) : makeSound(folder);
}

function makeVideo(folder: string): Media {
  const seconds = 10;
  const source = join(folder, "source.mp4");
  const picture = ["-f", "lavfi", "-i", `testsrc2=duration=${seconds}:size=640x360:rate=25`];
  execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", ...picture, "-c:v", "mpeg4", "-q:v", "3", source]);
  return {
    told: `ffmpeg is here: a video of ${seconds} s is scaled to 240 and to 144 lines`,
    kind: "scale-video",
    source,
    seconds,
    extension: ".mp4",
    sizes: [{ height: 240 }, { height: 144 }],
  };
}

/** A tone that rises from low to high, further to the left or to the right from moment to moment. */
function makeSound(folder: string): Media {
  const [seconds, rate, lowest, highest] = [20, 44_100, 40, 20_000];
  const source = join(folder, "source.wav");
  const samples = new Int16Array(seconds * rate * 2);
  for (let at = 0; at < seconds * rate; at++) {
    const second = at / rate;
    const turns = lowest * second + ((highest - lowest) * second * second) / (2 * seconds);
    const wave = 30_000 * Math.sin(2 * Math.PI * turns);
    const left = (1 + Math.sin(second)) / 2;
    samples[2 * at] = wave * left;
    samples[2 * at + 1] = wave * (1 - left);
  }
  const header = wavHeader({ rate, channels: 2 }, samples.length);
  writeFileSync(source, Buffer.concat([header, new Uint8Array(samples.buffer)]));
  return {
    told: `ffmpeg is not here: a sound of ${seconds} s is made mono, of half its sample rate, by a script in Node`,
    kind: "resample-audio",
    source,
    seconds,
    extension: ".wav",
    sizes: [{}],
  };
}
