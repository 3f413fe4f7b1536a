// Path names as text: `.` and `..` are worked out in the name, as `cd -L` does. Links are the file
// system's business.

/** An absolute, normal path for one that may be relative. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The last part of a path. */
export const baseName = (path: string): string =>
  path.replace(/\/+$/, '').replace(/^.*\//, '') || '/';
