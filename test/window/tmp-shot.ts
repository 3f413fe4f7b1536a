import { openLabWindow } from './support/lab-window.ts';
const [out = '/tmp/a.png', w = '1440', h = '900', theme = 'dark', code = ''] =
  process.argv.slice(2);
const lab = await openLabWindow({
  viewport: { width: +w, height: +h },
  colorScheme: theme as 'dark',
});
await lab.page.waitForTimeout(800);
if (code) await new Function('lab', 'page', `return (async()=>{${code}})()`)(lab, lab.page);
await lab.page.screenshot({ path: out });
console.log(lab.complaints);
await lab.close();
