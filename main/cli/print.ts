// Standard output and standard error, line by line. Results go to the one, mistakes of the user to
// the other, so that output can be piped.

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const printError = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** `18.044 s`. */
export const secondsText = (timeNs: number): string => `${(timeNs / 1e9).toFixed(3)} s`;
