// What moves packets between window and lab. Who serves the page decides which one it is:
// Electron's preload puts one on the window, a browser opens a socket to where the page came from.

/** Moves packets. */
export interface Carrier {
  send(packet: Uint8Array): void;
  onPacket: (packet: Uint8Array) => void;
  /** The way is open. */
  onOpen: () => void;
  /** The lab is gone, or the way to it. */
  onClose: () => void;
}

/** What Electron's preload puts on the window (main/desktop/electron/preload.cts). */
interface PreloadBridge {
  /** This window is there, and takes packets here. */
  open(take: (packet: Uint8Array) => void): void;
  send(packet: Uint8Array): void;
}

/** The carrier of whoever serves the page. */
export function openCarrier(): Carrier {
  const { mlx4Lab } = globalThis as { readonly mlx4Lab?: PreloadBridge };
  return mlx4Lab === undefined ? socketCarrier() : bridgeCarrier(mlx4Lab);
}

/** Electron's IPC. It is never lost: without the lab there is no window. */
function bridgeCarrier(bridge: PreloadBridge): Carrier {
  const carrier: Carrier = {
    send: (packet) => {
      bridge.send(packet);
    },
    onPacket: () => undefined,
    onOpen: () => undefined,
    onClose: () => undefined,
  };
  // Whoever opens it says first what it is told.
  queueMicrotask(() => {
    carrier.onOpen();
    bridge.open((packet) => {
      carrier.onPacket(packet);
    });
  });
  return carrier;
}

/** A socket to where the page came from. */
function socketCarrier(): Carrier {
  const socket = new WebSocket(`ws://${location.host}/lab`);
  socket.binaryType = 'arraybuffer';
  const carrier: Carrier = {
    send: (packet) => {
      socket.send(packet as Uint8Array<ArrayBuffer>);
    },
    onPacket: () => undefined,
    onOpen: () => undefined,
    onClose: () => undefined,
  };
  socket.addEventListener('open', () => {
    carrier.onOpen();
  });
  socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
    carrier.onPacket(new Uint8Array(data));
  });
  socket.addEventListener('close', () => {
    carrier.onClose();
  });
  return carrier;
}
