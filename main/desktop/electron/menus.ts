// The native menus. What the lab does itself is said to the window in front; everything else is a
// role, which Electron carries out and names in the system's language.

import type { MenuItemConstructorOptions } from 'electron';
import type { MenuCommand } from '#contract/host.ts';

/** The keys are the page's; the menu shows them. macOS alone takes them here. */
const command = (
  label: string,
  accelerator: string,
  click: () => void,
): MenuItemConstructorOptions => ({ label, accelerator, registerAccelerator: false, click });

const line: MenuItemConstructorOptions = { type: 'separator' };

const roles = (...names: NonNullable<MenuItemConstructorOptions['role']>[]) =>
  names.map((role): MenuItemConstructorOptions => ({ role }));

/** The menus; `say` tells the window in front. */
export function menuTemplate(
  isMac: boolean,
  say: (command: MenuCommand) => void,
): MenuItemConstructorOptions[] {
  const says = (label: string, keys: string, name: MenuCommand): MenuItemConstructorOptions =>
    command(label, keys, () => {
      say(name);
    });
  return [
    ...(isMac ? roles('appMenu') : []),
    {
      label: '&File',
      submenu: [
        says('New run…', 'N', 'newRun'),
        line,
        says('Import…', 'CmdOrCtrl+O', 'import'),
        says('Export…', 'CmdOrCtrl+E', 'export'),
        line,
        ...roles(isMac ? 'close' : 'quit'),
      ],
    },
    {
      label: '&Edit',
      submenu: [...roles('cut', 'copy', 'paste'), line, ...roles('selectAll')],
    },
    {
      label: '&View',
      submenu: [
        ...roles('resetZoom', 'zoomIn', 'zoomOut'),
        line,
        ...roles('togglefullscreen', 'reload'),
      ],
    },
    {
      label: '&Help',
      submenu: [
        says('Commands', 'CmdOrCtrl+K', 'palette'),
        says('Keys', '?', 'keys'),
        ...(isMac ? [] : [line, ...roles('about')]),
      ],
    },
  ];
}
