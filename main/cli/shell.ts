// `mlx4-lab shell`: a machine driven line by line. Lines come from the terminal or a pipe; each runs until
// it is done or hangs; a hung one leaves the prompt in a new terminal, as a trainee would open another.

import { createInterface } from 'node:readline';
import { LabMachine } from '#lab/machine.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { deadlockSentence } from '#detect/sentence.ts';
import { Trace } from '#trace/trace.ts';
import { exitPassed } from './exit.ts';
import { makePolicy } from './load.ts';
import type { RunArguments } from './run.ts';
import { showLive } from './run.ts';
import { print } from './print.ts';

/** Virtual time that one line may take before the prompt comes back, ns. */
const patienceNs = 10e9;

/** Runs the shell until end of input; gives the exit status. */
export async function shellCommand(settings: RunArguments): Promise<number> {
  const spec = { ...defaultMachineSpec, variant: settings.variant ?? 'v6.6' };
  const machine = new LabMachine(spec, new Trace(), makePolicy(settings.policy, settings.seed));
  showLive(machine);
  machine.k.graph.onDeadlock = (deadlock) => {
    print(`\n*** deadlock: ${deadlockSentence(deadlock)}\n`);
  };
  machine.k.sim.run(machine.k.sim.now() + 1e9);
  let terminalNumber = 1;
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: 'lab# ' });
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() === 'exit') break;
    if (line.trim() !== '') {
      const terminal = machine.terminal(terminalNumber === 1 ? 'main' : `tty${terminalNumber}`);
      terminal.type(line);
      const end = machine.k.sim.now() + patienceNs;
      while (terminal.busy && machine.k.sim.now() < end) {
        if (machine.k.sim.run(machine.k.sim.now() + 10e6) === 'stepLimit') break;
      }
      if (terminal.busy) {
        terminalNumber++;
        print(`(that line hangs; this is terminal ${terminalNumber})`);
      }
    }
    lines.prompt();
  }
  lines.close();
  return exitPassed;
}
