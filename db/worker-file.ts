// Where the program of a thread is: beside the module that starts it. In a clone it is TypeScript;
// in the installed program it is JavaScript, outside of Electron's archive, which threads do not
// read.

/** Address of the worker for a module of the same folder. */
export const workerFile = (module: string): URL =>
  new URL(
    module.endsWith('.ts') ? 'worker.ts' : 'worker.js',
    module.replace('/app.asar/', '/app.asar.unpacked/'),
  );
