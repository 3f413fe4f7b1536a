// Goal: a tile crosses the carrier unchanged, and bytes that are none are refused.
// Method: a tile of a real run there and back; every cut length of a small one; the numbers of
// styles held against the lab's.

import { expect, test } from 'vitest';
import * as contract from '#contract/timeline.ts';
import * as lab from '#lab/timeline/styles.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { recordScenario } from '#test/support/run-record.ts';

const { trace } = recordScenario('bond-deadlock', { variant: 'naive', untilNs: 8e9 });
const timeline = new Timeline(trace);
const lanes = timeline.lanes().map(({ id }) => id);

test('a tile comes out as it went in, wherever its bytes lie', () => {
  const tile = timeline.tile({ lanes, fromNs: 6.09e9, toNs: 6.11e9, columns: 300 });
  expect(tile.arrowTime.length).toBeGreaterThan(0);
  const bytes = contract.encodeTile(tile);
  expect(contract.decodeTile(bytes, tile.texts)).toEqual(tile);
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  expect(contract.decodeTile(shifted, tile.texts)).toEqual(tile);
});

test('cut, altered and strange bytes are no tile', () => {
  const tile = timeline.tile({ lanes: lanes.slice(0, 3), fromNs: 0, toNs: 1e9, columns: 5 });
  const bytes = contract.encodeTile(tile);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => contract.decodeTile(bytes.subarray(0, length), [])).toThrow(
      contract.MalformedTile,
    );
  }
  for (const at of [0, 4, 8, 12, bytes.length - 4]) {
    const altered = bytes.with(at, bytes[at]! + 1);
    expect(() => contract.decodeTile(altered, [])).toThrow(contract.MalformedTile);
  }
});

test('styles and flags have the numbers of the lab', () => {
  expect(contract.spanStyle).toEqual(lab.spanStyle);
  expect(contract.spanFlags).toEqual(lab.spanFlags);
});
