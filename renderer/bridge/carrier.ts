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

/** A socket to where the page came from. */
export function socketCarrier(): Carrier {
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
