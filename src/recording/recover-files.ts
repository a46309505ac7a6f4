import { open, readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorText, systemCode } from '../errors.ts';
import { type AudioName, parseAudioName } from './audio-name.ts';
import { below } from './below.ts';
import { sha256Of } from './checksum.ts';
import { fillFromTwins } from './fill-from-twins.ts';
import { createSilent, finishPart } from './finish-part.ts';
import { giveName, PART } from './give-name.ts';
import type { JournalContent, JournalTrack } from './read-journal.ts';
import { isSampleFile, readSampleFile, type SampleFile } from './sample-file.ts';
import type { RecordedFile, RecordingTags } from './sink.ts';
import { joinStereo } from './stereo.ts';
import { syncFolder } from './sync-folder.ts';
import { TRACKS, type TrackName } from './track-name.ts';

/** A file of the recording, and what its name says. */
interface Found extends AudioName {
  name: string;
}

/** What the files of a track hold. */
export interface RecoveredTrack {
  /** Hz */
  sampleRate: number;
  samples: number;
}

export interface RecoveredFiles {
  files: RecordedFile[];
  tracks: Partial<Record<TrackName, RecoveredTrack>>;
  /** Of both tracks. */
  durationMs: number;
  warnings: string[];
  /** True where something could not be made final. */
  leavesPart: boolean;
}

/** The audio of the recording of `stemPath`, final or not, by name. Rejects with the system's error. */
export async function audioOf(stemPath: string): Promise<Found[]> {
  const stem = basename(stemPath);
  const names = (await readdir(dirname(stemPath))).filter((name) => name.startsWith(stem)).sort();
  return names.flatMap((name) => {
    const audio = parseAudioName(name, stem);
    return audio ? [{ ...audio, name }] : [];
  });
}

/**
 * Makes every file of an unfinished recording final: heads and tails as they would have been, each with all that
 * one of its track has, the tracks, which all begin with the call, filled with silence to one length. No audio is removed but the halves of a
 * stereo file that holds them. What can't be made final is a warning and stays as it is. Paths are as manifests
 * of the recordings folder `dir` have them. Rejects with the system's error where the folder can't be read.
 */
export function recoverFiles(
  dir: string,
  stemPath: string,
  journal: JournalContent,
  tags: RecordingTags,
): Promise<RecoveredFiles> {
  return new Recovery(dir, stemPath, journal, tags).run();
}

class Recovery {
  readonly #dir: string;
  readonly #stemPath: string;
  readonly #folder: string;
  readonly #journal: JournalContent;
  readonly #tags: RecordingTags;
  readonly #warnings: string[] = [];
  readonly #files: RecordedFile[] = [];
  #leavesPart = false;

  constructor(dir: string, stemPath: string, journal: JournalContent, tags: RecordingTags) {
    this.#dir = dir;
    this.#stemPath = stemPath;
    this.#folder = dirname(stemPath);
    this.#journal = journal;
    this.#tags = tags;
  }

  async run(): Promise<RecoveredFiles> {
    const found = await this.#withoutSecondNames(await audioOf(this.#stemPath));
    const samples = await this.#measure(found);
    await fillFromTwins(this.#folder, samples);
    const lengthS = Math.max(0, ...samples.map(lengthOf));
    for (const file of samples) if (file.extension !== 'stereo') await this.#finish(file, lengthS);
    await this.#addSilentTrack(samples, lengthS);
    await this.#finishStereo(found, samples);
    for (const file of found) if (isPayload(file)) await this.#finishPayload(file);
    await syncFolder(this.#folder);
    const tracks: RecoveredFiles['tracks'] = {};
    const [any] = samples;
    for (const track of TRACKS) {
      const shape = (samples.find((file) => file.track === track) ?? any)?.shape;
      if (!shape) continue;
      const { sampleRate } = shape;
      tracks[track] = { sampleRate, samples: Math.round(lengthS * sampleRate) };
    }
    return {
      files: this.#files,
      tracks,
      durationMs: Math.round(lengthS * 1000),
      warnings: this.#warnings,
      leavesPart: this.#leavesPart,
    };
  }

  /** A process that ends while it gives a file its name leaves both names. */
  async #withoutSecondNames(found: Found[]): Promise<Found[]> {
    const kept: Found[] = [];
    for (const file of found) {
      const path = join(this.#folder, file.name);
      if (file.isPart && (await isSameFile(path, path.slice(0, -PART.length)))) await unlink(path);
      else kept.push(file);
    }
    return kept;
  }

  async #measure(found: Found[]): Promise<SampleFile[]> {
    const samples: SampleFile[] = [];
    for (const { name, ...kind } of found) {
      if (!isSampleFile(kind)) continue;
      const said = this.#saidOf(kind.track);
      try {
        const file = await readSampleFile(this.#folder, name, kind, said);
        if (file) samples.push(file);
        else this.#fail(name, 'nothing says what it holds');
      } catch (error) {
        this.#fail(name, reasonOf(error));
      }
    }
    return samples;
  }

  /** A track of which the journal has lost the line is most likely like the other one. */
  #saidOf(track: TrackName): JournalTrack | null {
    const { R, W } = this.#journal.tracks;
    return (track === 'R' ? (R ?? W) : (W ?? R)) ?? null;
  }

  /** Fills a file up and makes it final; one that is final already stays as it is. */
  async #finish(file: SampleFile, lengthS: number): Promise<void> {
    const { name, format, shape, silence, dataBytes: haveBytes, sampleBytes } = file;
    const wantBytes = Math.max(haveBytes, Math.round(lengthS * shape.sampleRate) * sampleBytes);
    const path = join(this.#folder, finalName(file));
    await this.#make(file, path, async () => {
      if (file.isPart)
        await finishPart(path, { format, shape, silence, haveBytes, wantBytes }, this.#tags);
      else if (wantBytes > haveBytes)
        this.#warnings.push(`${name} is shorter than the other track`);
    });
  }

  /** As a call that ends gives silent files to the track that has had no packet. */
  async #addSilentTrack(samples: readonly SampleFile[], lengthS: number): Promise<void> {
    const silent = TRACKS.find((track) => !samples.some((file) => file.track === track));
    if (!silent) return;
    const other = new Map(samples.map((file) => [file.extension, file]));
    other.delete('stereo');
    for (const { format, extension, shape } of other.values()) {
      const linear = { ...shape, codec: 'L16' } as const;
      const wantBytes = 2 * Math.round(lengthS * shape.sampleRate);
      const path = `${this.#stemPath}-${silent}.${extension}`;
      const file = { track: silent, extension, name: basename(path) + PART };
      const plan = { format, shape: linear, silence: 0, wantBytes };
      await this.#make(file, path, () => createSilent(path, plan, this.#tags));
    }
  }

  async #finishStereo(found: readonly Found[], samples: readonly SampleFile[]): Promise<void> {
    const halves = samples.filter((file) => file.extension === 'stereo');
    const path = `${this.#stemPath}.wav`;
    const joined = found.find((file) => file.track === null);
    const file = { track: null, extension: 'stereo', name: basename(path) };
    if (joined && !joined.isPart) await this.#make(file, path, async () => {});
    else if (halves.length > 0) await this.#make(file, path, () => this.#join(path, halves));
    else if (joined) this.#fail(joined.name, 'the halves that it was made of are gone');
    if (!this.#files.some(({ format }) => format === 'stereo')) return;
    for (const { name } of halves)
      await unlink(join(this.#folder, name)).catch((error: unknown) => {
        this.#fail(name, `it is joined, and could not be removed: ${reasonOf(error)}`);
      });
  }

  async #join(path: string, halves: readonly SampleFile[]): Promise<void> {
    // All that is in one that was not finished is in the halves.
    await unlink(path + PART).catch(() => {});
    const [left = null, right = null] = TRACKS.map((track) => {
      const half = halves.find((file) => file.track === track);
      return half
        ? { path: join(this.#folder, half.name), sampleRate: half.shape.sampleRate }
        : null;
    });
    await joinStereo(this.#stemPath, left, right, this.#tags, true);
  }

  /** Payloads as they came: they have no head, and half a sample or line at the end is cut. */
  async #finishPayload(file: Found): Promise<void> {
    const path = join(this.#folder, finalName(file));
    await this.#make(file, path, async () => {
      if (!file.isPart) return;
      await cutTail(path + PART, file.extension);
      await giveName(path + PART, path);
    });
  }

  /** Does it and notes the final file; what goes wrong is a warning. */
  async #make(
    { track, extension, name }: Pick<Found, 'track' | 'extension' | 'name'>,
    path: string,
    make: () => Promise<void>,
  ): Promise<void> {
    try {
      await make();
      const { size: sizeBytes } = await stat(path);
      const format = ['wav', 'pcm', 'hex', 'stereo'].includes(extension) ? extension : 'raw';
      const sha256 = await sha256Of(path);
      this.#files.push({ track, path: below(this.#dir, path), format, sizeBytes, sha256 });
    } catch (error) {
      this.#fail(name, reasonOf(error));
    }
  }

  #fail(name: string, reason: string): void {
    this.#leavesPart = true;
    this.#warnings.push(`${name} was not made final: ${reason}`);
  }
}

function isPayload(file: Found): boolean {
  return file.track !== null && !isSampleFile(file);
}

function finalName({ name, isPart }: Pick<Found, 'name' | 'isPart'>): string {
  return isPart ? name.slice(0, -PART.length) : name;
}

/** Seconds */
function lengthOf({ dataBytes, sampleBytes, shape }: SampleFile): number {
  return dataBytes / sampleBytes / shape.sampleRate;
}

async function isSameFile(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([path, other].map((each) => stat(each).catch(() => null)));
  return one?.ino === two?.ino && one?.dev === two?.dev && one !== null && one !== undefined;
}

async function cutTail(path: string, extension: string): Promise<void> {
  if (extension !== 'l16' && extension !== 'hex') return;
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    if (extension === 'l16') return await file.truncate(size - (size % 2));
    const tail = Buffer.alloc(Math.min(size, 1 << 16));
    await file.read(tail, 0, tail.length, size - tail.length);
    await file.truncate(size - tail.length + tail.lastIndexOf('\n') + 1);
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  return systemCode(error) ?? errorText(error);
}
