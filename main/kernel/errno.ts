// Error numbers (include/uapi/asm-generic/errno*.h, include/linux/errno.h) and what programs print
// for them (glibc's strerror).

const table = {
  EPERM: [1, 'Operation not permitted'],
  ENOENT: [2, 'No such file or directory'],
  ESRCH: [3, 'No such process'],
  EINTR: [4, 'Interrupted system call'],
  EIO: [5, 'Input/output error'],
  ENXIO: [6, 'No such device or address'],
  E2BIG: [7, 'Argument list too long'],
  EBADF: [9, 'Bad file descriptor'],
  EAGAIN: [11, 'Resource temporarily unavailable'],
  ENOMEM: [12, 'Cannot allocate memory'],
  EACCES: [13, 'Permission denied'],
  EFAULT: [14, 'Bad address'],
  EBUSY: [16, 'Device or resource busy'],
  EEXIST: [17, 'File exists'],
  ENODEV: [19, 'No such device'],
  ENOTDIR: [20, 'Not a directory'],
  EISDIR: [21, 'Is a directory'],
  EINVAL: [22, 'Invalid argument'],
  ENFILE: [23, 'Too many open files in system'],
  ENOSPC: [28, 'No space left on device'],
  EMLINK: [31, 'Too many links'],
  EPIPE: [32, 'Broken pipe'],
  ERANGE: [34, 'Numerical result out of range'],
  ENOSYS: [38, 'Function not implemented'],
  ENOTEMPTY: [39, 'Directory not empty'],
  EPROTO: [71, 'Protocol error'],
  EPROTONOSUPPORT: [93, 'Protocol not supported'],
  ENOTSUPP: [524, 'Unknown error 524'],
  EOVERFLOW: [75, 'Value too large for defined data type'],
  EDESTADDRREQ: [89, 'Destination address required'],
  EMSGSIZE: [90, 'Message too long'],
  EOPNOTSUPP: [95, 'Operation not supported'],
  EADDRINUSE: [98, 'Address already in use'],
  EADDRNOTAVAIL: [99, 'Cannot assign requested address'],
  ENETDOWN: [100, 'Network is down'],
  ENETUNREACH: [101, 'Network is unreachable'],
  ENOBUFS: [105, 'No buffer space available'],
  ETIMEDOUT: [110, 'Connection timed out'],
  EHOSTUNREACH: [113, 'No route to host'],
  EALREADY: [114, 'Operation already in progress'],
  ERESTARTSYS: [512, 'Interrupted system call should be restarted'],
  ERESTARTNOINTR: [513, 'Unknown error 513'],
} as const;

type Name = keyof typeof table;
const number = (name: Name): number => table[name][0];

export const EPERM = number('EPERM');
export const ENOENT = number('ENOENT');
export const ESRCH = number('ESRCH');
export const EINTR = number('EINTR');
export const EIO = number('EIO');
export const ENXIO = number('ENXIO');
export const E2BIG = number('E2BIG');
export const EBADF = number('EBADF');
export const EAGAIN = number('EAGAIN');
export const EWOULDBLOCK = EAGAIN;
export const ENOMEM = number('ENOMEM');
export const EACCES = number('EACCES');
export const EFAULT = number('EFAULT');
export const EBUSY = number('EBUSY');
export const EEXIST = number('EEXIST');
export const ENODEV = number('ENODEV');
export const ENOTDIR = number('ENOTDIR');
export const EISDIR = number('EISDIR');
export const EINVAL = number('EINVAL');
export const ENFILE = number('ENFILE');
export const ENOSPC = number('ENOSPC');
export const EMLINK = number('EMLINK');
export const EPIPE = number('EPIPE');
export const ERANGE = number('ERANGE');
export const ENOSYS = number('ENOSYS');
export const ENOTEMPTY = number('ENOTEMPTY');
export const EPROTO = number('EPROTO');
export const EPROTONOSUPPORT = number('EPROTONOSUPPORT');
export const ENOTSUPP = number('ENOTSUPP');
export const EOVERFLOW = number('EOVERFLOW');
export const EDESTADDRREQ = number('EDESTADDRREQ');
export const EMSGSIZE = number('EMSGSIZE');
export const EOPNOTSUPP = number('EOPNOTSUPP');
export const EADDRINUSE = number('EADDRINUSE');
export const EADDRNOTAVAIL = number('EADDRNOTAVAIL');
export const ENETDOWN = number('ENETDOWN');
export const ENETUNREACH = number('ENETUNREACH');
export const ENOBUFS = number('ENOBUFS');
export const ETIMEDOUT = number('ETIMEDOUT');
export const EHOSTUNREACH = number('EHOSTUNREACH');
export const EALREADY = number('EALREADY');
export const ERESTARTSYS = number('ERESTARTSYS');
export const ERESTARTNOINTR = number('ERESTARTNOINTR');

/** What a program prints for a negative error number, for example `Invalid argument` for -22. */
export function errnoText(error: number): string {
  const found = Object.values(table).find(([value]) => value === Math.abs(error));
  return found?.[1] ?? `Unknown error ${Math.abs(error)}`;
}

/** Name of a negative error number, for example `EINVAL` for -22. */
export function errnoName(error: number): string {
  const found = Object.entries(table).find(([, [value]]) => value === Math.abs(error));
  return found?.[0] ?? String(Math.abs(error));
}
