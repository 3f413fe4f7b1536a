// What the program around the window that asks can do: file dialogs. Each window has its own.

import type { hostRequests } from '#contract/host.ts';
import { Refused } from '../bench/refused.ts';
import { browserWindowHost } from '../window.ts';
import type { HandlersOf } from './handlers.ts';

export const hostHandlers: HandlersOf<keyof typeof hostRequests> = {
  'host.state': (_bench, _nothing, _payload, { host = browserWindowHost }) => host.state,
  'host.save': (_bench, { name }, payload, { host = browserWindowHost }) => {
    if (payload === null) throw new Refused('There is nothing to save.');
    return host.save(name, payload);
  },
  'host.open': async (_bench, _nothing, _payload, { host = browserWindowHost }) => {
    const chosen = await host.open();
    return chosen === null ? null : { body: { name: chosen.name }, payload: chosen.bytes };
  },
};
