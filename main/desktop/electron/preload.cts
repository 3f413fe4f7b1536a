// What runs beside the page, in its sandbox: it carries packets between page and lab, and nothing
// else. The page sees two functions, never Electron. A sandboxed preload is a CommonJS file that
// can load no other of ours.

const { contextBridge, ipcRenderer } = require('electron') as typeof import('electron');

contextBridge.exposeInMainWorld('mlx4Lab', {
  open: (take: (packet: Uint8Array) => void): void => {
    ipcRenderer.removeAllListeners('packet');
    ipcRenderer.on('packet', (_event, packet: Uint8Array) => {
      take(packet);
    });
    ipcRenderer.send('open');
  },
  send: (packet: unknown): void => {
    ipcRenderer.send('packet', packet);
  },
});
