// Pictures of a page for whoever wants to look at them: kept when LAB_PICTURES names a folder.

import { join } from 'node:path';
import type { Page } from 'playwright-core';

const folder = process.env['LAB_PICTURES'] ?? '';

export const keepsPictures = folder !== '';

export async function keepPicture(page: Page, name: string): Promise<void> {
  if (keepsPictures) await page.screenshot({ path: join(folder, `${name}.png`) });
}
