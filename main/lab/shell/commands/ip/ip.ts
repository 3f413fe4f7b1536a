// The command `ip` of iproute2: link, address, neighbour, route. Options stand in front of the
// object, and every word may be shortened, as there.

import type { MaySleep } from '#sim/task.ts';
import type { Command } from '../../state.ts';
import { ipAddr } from './addr.ts';
import { ipLink } from './link.ts';
import { ipNeigh } from './neigh.ts';
import { IpError, IpRequest, isShort } from './request.ts';
import type { IpOptions } from './request.ts';
import { ipRoute } from './route.ts';

const usage = [
  'Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }',
  'where  OBJECT := { address | link | neighbour | route }',
  '       OPTIONS := { -s[tatistics] | -d[etails] | -j[son] | -p[retty] |',
  '                    -4 | -6 | -br[ief] | -o[neline] }',
].join('\n');

/** Objects in the order in which iproute2 tries a shortened word. */
const objects: readonly (readonly [string, (request: IpRequest) => MaySleep<number>])[] = [
  ['address', ipAddr],
  ['route', ipRoute],
  ['neighbor', ipNeigh],
  ['neighbour', ipNeigh],
  ['link', ipLink],
];

/** Options in front of the object. Throws IpError for one that is unknown. */
function readOptions(words: string[]): IpOptions {
  const options: IpOptions = {
    json: false,
    pretty: false,
    details: false,
    statistics: 0,
    brief: false,
    oneline: false,
    inet: true,
  };
  while (words[0]?.startsWith('-') === true) {
    const word = words.shift()!.replace(/^--?/, '');
    if (word === '4' || word === '0' || isShort(word, 'color') || word.startsWith('c')) continue;
    if (word === '6') options.inet = false;
    else if (word.length > 1 && isShort(word, 'brief')) options.brief = true;
    else if (isShort(word, 'json')) options.json = true;
    else if (isShort(word, 'pretty')) options.pretty = true;
    else if (isShort(word, 'details')) options.details = true;
    else if (isShort(word, 'statistics')) options.statistics++;
    else if (isShort(word, 'oneline')) options.oneline = true;
    else throw new IpError(`Option "-${word}" is unknown, try "ip -help".`);
  }
  return options;
}

function* run(request: IpRequest): MaySleep<number> {
  const object = request.next();
  if (object === undefined || isShort(object, 'help')) throw new IpError(usage);
  const found = objects.find(([name]) => isShort(object, name));
  if (found === undefined) throw new IpError(`Object "${object}" is unknown, try "ip help".`, 1);
  return yield* found[1](request);
}

export const ip: Command = {
  name: 'ip',
  summary: 'network devices, addresses, neighbours, routes (-j -p -d -s -br -o)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const words = [...args];
    try {
      const options = readOptions(words);
      return yield* run(new IpRequest(process, options, words));
    } catch (error) {
      if (!(error instanceof IpError)) throw error;
      yield* process.err(`${error.message}\n`);
      return error.status;
    }
  },
};
