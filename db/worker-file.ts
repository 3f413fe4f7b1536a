// Where the program of the recorder's thread is: beside this file. In a clone it is TypeScript; in
// the installed program it is JavaScript, outside of Electron's archive, which threads do not read.

/** Address of the worker for a module of this folder. */
export const workerFile = (module: string): URL =>
  new URL(
    module.endsWith('.ts') ? 'worker.ts' : 'worker.js',
    module.replace('/app.asar/', '/app.asar.unpacked/'),
  );
