#!/usr/bin/env node
// The launcher. The lab is TypeScript that Node runs directly, which needs Node 22.18; an older
// Node (started without npm's PATH: a link, an editor) hands over to the Node that npm installed
// here, and for a guest any Node hands over to one with the options that a guest wants. It is plain
// JavaScript in an old dialect, so that old Nodes can say what is wrong.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const oldest = [22, 18];
const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Options of the Node that a guest runs in. v86 makes new code all the time, and most of it does
 * not live long: what V8's optimising compiler spends on it is half of the processor's time, and is
 * hardly ever earned back. V8 takes the option at its start only.
 */
const guestOptions = ['--liftoff-only'];

/** True when `version` runs TypeScript without a flag. */
function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** The Node that `npm ci` put into this package, if it is there. */
function ownNode() {
  return ['node_modules/node/bin/node', 'node_modules/.bin/node', 'node_modules/node/bin/node.exe']
    .map((path) => root + path)
    .find((path) => existsSync(path));
}

function refuse() {
  const wanted = `Node ${oldest.join('.')} or newer`;
  console.error(
    `mlx4-lab needs ${wanted} and this is ${process.versions.node}: ` +
      `run \`npm ci\` in ${root} (it brings a Node of its own), or install a newer Node.`,
  );
  process.exitCode = 2;
}

/** Runs the same command line under a Node with these options; its end becomes ours. */
function handOver(node, options) {
  const child = spawn(node, [...options, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, MLX4_LAB_HANDED_OVER: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    // A terminal sends its Ctrl-C to both of us: passing it on would press it twice.
    const fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
    process.on(signal, () => {
      if (!fromTerminal) child.kill(signal);
    });
  }
  child.on('error', refuse);
  child.on('exit', (code, signal) => {
    // Our own handlers would catch the signal again: say it as a shell does.
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}

async function run() {
  // `mlx4-lab … | head` closes the pipe early: the run goes on to its own result.
  process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
  // Some hundred files of TypeScript: their compiled form is kept, in a folder of our own.
  module.enableCompileCache?.(`${root}node_modules/.cache/mlx4-lab`);
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}

const isNew = isNewEnough(process.versions.node);
const node = isNew ? process.execPath : ownNode();
const options = process.argv[2] === 'guest' ? guestOptions : [];
const isFirst = process.env.MLX4_LAB_HANDED_OVER === undefined;

if (isNew && (options.length === 0 || !isFirst)) await run();
else if (node !== undefined && isFirst) handOver(node, options);
else refuse();
