// The serial line: answers are told apart from echoes, in whatever pieces they come.

import { expect, test } from 'vitest';
import { GuestConsole, GuestSilent } from '#guest/console.ts';

/** A shell that answers like the guest's: it runs what it is told by a table. */
function shell(answers: Readonly<Record<string, string>>, pieces = 1000) {
  const typed: string[] = [];
  const console = new GuestConsole((text) => {
    typed.push(text);
    const match = /^command eval '(.*)'; echo "@""@(\d+) \$\?"\n$/s.exec(text);
    const said = answers[match?.[1] ?? ''];
    if (said === undefined) return;
    const whole = `${said}\r\n@@${match![2]} ${said.includes('not found') ? 127 : 0}\r\n`;
    queueMicrotask(() => {
      for (let at = 0; at < whole.length; at += pieces) console.take(whole.slice(at, at + pieces));
    });
  });
  return { console, typed };
}

test.each([1, 3, 1000])('output and exit code, in pieces of %i', async (pieces) => {
  const { console } = shell({ 'echo a b': 'a b', nope: 'sh: nope: not found' }, pieces);
  expect(await console.run('echo a b', 1000)).toEqual({ output: 'a b', code: 0 });
  expect(await console.run('nope', 1000)).toEqual({ output: 'sh: nope: not found', code: 127 });
});

test('what ends no line is part of the answer, and what was begun before is none', async () => {
  const { console } = shell({ ls: 'c' });
  console.take('left over');
  const asked = console.run('printf more', 1000);
  await Promise.resolve();
  console.take(' a\r\nb@@1 0\r\n');
  expect(await asked).toEqual({ output: ' a\nb', code: 0 });
  expect((await console.run('ls', 1000)).output).toBe('c');
});

test('lines wait for each other, and quotes stay quotes', async () => {
  const { console, typed } = shell({ "echo '\\''a'\\''": 'a', ls: 'b' });
  const both = [console.run("echo 'a'", 1000), console.run('ls', 1000)];
  expect((await Promise.all(both)).map(({ output }) => output)).toEqual(['a', 'b']);
  expect(typed).toHaveLength(2);
});

test('a guest that does not answer is said to be silent', async () => {
  const { console } = shell({});
  const asked = console.run('sleep 100', 20);
  console.take('half an answ');
  await expect(asked).rejects.toThrow(GuestSilent);
  await expect(console.run('again', 20)).rejects.toThrow(/0\.02 s: again/);
});

test('lines are told as they come, without the word that ends an answer', async () => {
  const { console } = shell({ 'printf x': 'one\r\n\r\nx' }, 2);
  const lines: string[] = [];
  console.listen({ printed: (line) => lines.push(line) });
  await console.run('printf x', 1000);
  expect(lines).toEqual(['one', '', 'x']);
});

test('Control-C is answered, and asks for no answer when nothing runs', async () => {
  const { console, typed } = shell({});
  console.interrupt();
  expect(typed).toEqual(['\x03']);
  const asked = console.run('sleep 100', 1000);
  await Promise.resolve();
  console.interrupt();
  expect(typed.slice(-2)).toEqual(['\x03', 'echo "@""@1 130"\n']);
  console.take('^C\r\n@@1 130\r\n');
  expect(await asked).toMatchObject({ code: 130 });
});
