const HEADER_BYTES = 44;
const SAMPLE_BYTES = 2;

/** Sound of 16 bits, as it lies in a WAV file. */
export interface WavFormat {
  /** Samples of a channel in a second. */
  readonly rate: number;
  readonly channels: number;
}

export interface Wav extends WavFormat {
  /** Those of all channels, in turn. */
  readonly samples: Int16Array;
}

/** The beginning of a file that goes on with so many samples, of all channels together. */
export function wavHeader({ rate, channels }: WavFormat, sampleCount: number): Buffer {
  const bytes = sampleCount * SAMPLE_BYTES;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("RIFF", 0);
  header.writeUInt32LE(HEADER_BYTES - 8 + bytes, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16); // the length of what follows about the format
  header.writeUInt16LE(1, 20); // plain samples
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * SAMPLE_BYTES, 28);
  header.writeUInt16LE(channels * SAMPLE_BYTES, 32);
  header.writeUInt16LE(SAMPLE_BYTES * 8, 34);
  header.write("data", 36);
  header.writeUInt32LE(bytes, 40);
  return header;
}

/** @throws Error for anything but a file that begins with such a header */
export function parseWav(file: Buffer): Wav {
  if (file.length < HEADER_BYTES || file.toString("latin1", 8, 16) !== "WAVEfmt ")
    throw new Error("this is no WAV file");
  const sound = file.subarray(HEADER_BYTES);
  // A copy begins at an even address, as an array of 16 bits has to.
  const samples = new Int16Array(Uint8Array.from(sound).buffer, 0, Math.floor(sound.length / SAMPLE_BYTES));
  return { rate: file.readUInt32LE(24), channels: file.readUInt16LE(22), samples };
}
