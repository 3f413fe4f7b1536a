import { cpSync } from 'node:fs';
import { openLabWindow } from '../window/support/lab-window.ts';
const w = await openLabWindow({ viewport: { width: 1440, height: 900 } });
const { importRun } = await import('#db/share.ts');
const d = w.desk as unknown as { bench: { library: { with(f: (db: never) => unknown): unknown }; open(x: unknown): Promise<unknown> } };
const n = d.bench.library.with((db) => importRun(db, process.argv[2]!)) as { run: number };
await d.bench.open({ from: 'run', run: n.run });
await w.page.waitForTimeout(2500);
await w.page.screenshot({ path: '/tmp/shots/session.png' });
for (const [name, keys] of [['card', 'g'], ['log', 'l']] as const) { void name; void keys; }
const rail = await w.page.locator('nav button').allTextContents();
console.log(rail, await w.page.locator('[role=tab]').allTextContents());
for (const tab of ['Commands', 'Packets', 'Log', 'dmesg', 'Card', 'Timeline', 'Terminal']) {
  const t = w.page.getByRole('tab', { name: tab });
  if (await t.count()) { await t.first().click(); await w.page.waitForTimeout(700); await w.page.screenshot({ path: `/tmp/shots/${tab}.png` }); }
}
console.log(w.complaints);
await w.close();
