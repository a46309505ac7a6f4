/** Writes to stdout; false where whoever read it is gone (`| head`), which is no fault. */
export function print(text: string): Promise<boolean> {
  const { stdout } = process;
  // The callback has the error as well; without a listener it would be thrown on top.
  if (!stdout.listeners('error').includes(ignore)) stdout.on('error', ignore);
  return new Promise((resolve) => {
    stdout.write(text, (error) => resolve(!error));
  });
}

function ignore(): void {}
