import { errorText, RstError, systemCode } from '../errors.ts';

/**
 * Writes to stdout; false where whoever read it is gone (`| head`), which is no fault.
 *
 * @throws RstError RST_NOT_WRITABLE where it is a file that takes no more
 */
export function print(text: string): Promise<boolean> {
  const { stdout } = process;
  // The callback has the error as well; without a listener it would be thrown on top.
  if (!stdout.listeners('error').includes(ignore)) stdout.on('error', ignore);
  return new Promise((resolve, reject) => {
    stdout.write(text, (error) => {
      if (!error) resolve(true);
      else if (GONE.has(systemCode(error))) resolve(false);
      else reject(refusal(error));
    });
  });
}

/** The reader has gone, or had when something was written before. */
const GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

function refusal(error: Error): RstError {
  return new RstError(
    'RST_NOT_WRITABLE',
    `stdout takes no more (${systemCode(error) ?? errorText(error)}), so what was printed is not all; see where it goes to`,
    { cause: error },
  );
}

function ignore(): void {}
