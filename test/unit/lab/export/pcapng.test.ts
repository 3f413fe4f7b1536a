// Goal: the pcapng of a run holds every packet of the trace, at its time, on the port where it was
// seen; and the tools that people have read it without a complaint.
// Method: real runs (a bond with LACP, an InfiniBand port with a subnet manager, a cable that loses
// frames), read by a small reader of our own, and by tshark where it is installed; where it is not,
// those tests are skipped, and say so.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { RunRecord } from '#lab/record/run-record.ts';
import { K } from '#trace/kinds.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { readPcapng } from './pcapng-reader.ts';
import { bytesOf, countOf, infinibandRecord, lacpRecord } from './rig.ts';

const lacp = lacpRecord();
const infiniband = infinibandRecord();

/** Packets of the trace: port, time, direction, bytes as hex. */
function sentAndReceived({ trace }: RunRecord): (readonly [string, number, number, string])[] {
  return [...trace.events()]
    .filter(({ kind }) => kind === K['packet.send'] || kind === K['packet.receive'])
    .map(({ kind, object, timeNs, value }) => {
      const bytes = Buffer.from(trace.blobBytes(value)).toString('hex');
      return [trace.text(object), timeNs, kind === K['packet.send'] ? 2 : 1, bytes];
    });
}

describe('our own reader', () => {
  const capture = readPcapng(bytesOf('pcapng', lacp));

  test('finds the run in the section header', () => {
    expect(capture.comment).toBe('bond-lacp, driver v6.6, until-blocked');
    expect(capture.application).toBe('mlx4-lab 0.0.0-test');
  });

  test('finds one Ethernet interface a port, in nanoseconds', () => {
    expect(capture.interfaces.map(({ name }) => name).toSorted()).toEqual([
      'card0 port 1',
      'card0 port 2',
      'host0',
      'switch0 port 1',
      'switch0 port 2',
      'switch0 port 3',
    ]);
    for (const { linktype, resolution } of capture.interfaces) {
      expect([linktype, resolution]).toEqual([1, 9]);
    }
  });

  test('finds every packet of the trace, in order', () => {
    const found = capture.packets.map((packet) => {
      const { interface: port, time, direction, bytes } = packet;
      return [port.name, time, direction, bytes.toString('hex')] as const;
    });
    expect(found.length).toBeGreaterThan(100);
    expect(found).toEqual(sentAndReceived(lacp));
  });

  test('finds the reason at a frame that a cable lost', () => {
    const loss = { dropEveryNth: 2, direction: 'both' } as const;
    const fault = {
      on: 'cable',
      name: 'frameLoss',
      port: 'switch0 port 1',
      settings: loss,
    } as const;
    const lossy = recordScenario('bond-lacp', {
      onStart: (machine) => {
        machine.enter({ kind: 'fault', fault });
      },
    });
    const { packets } = readPcapng(bytesOf('pcapng', lossy));
    const lost = packets.filter(({ comment }) => comment !== '');
    expect(lost.length).toBeGreaterThan(5);
    expect(lost).toHaveLength(countOf(lossy, 'packet.drop'));
    for (const { comment, direction, interface: port } of lost) {
      expect([comment, direction]).toEqual(['lost: fault dropEveryNth', 2]);
      expect(['switch0 port 1', 'card0 port 1']).toContain(port.name);
    }
  });

  test('finds InfiniBand datagrams behind ERF, LRH, BTH and DETH', () => {
    const { packets, interfaces } = readPcapng(bytesOf('pcapng', infiniband));
    expect(interfaces.map(({ name, linktype }) => [name, linktype])).toEqual([
      ['ibpeer0 (InfiniBand)', 197],
      ['card0 port 1 (InfiniBand)', 197],
    ]);
    const expected = sentAndReceived(infiniband);
    expect(packets.map(({ bytes }) => bytes.subarray(44, 300).toString('hex'))).toEqual(
      expected.map(([, , , bytes]) => bytes),
    );
    for (const { bytes, time } of packets) {
      expect([bytes[8], bytes.readUInt16BE(10), bytes.length]).toEqual([21, 306, 306]);
      const seconds = bytes.readUInt32LE(4) + bytes.readUInt32LE(0) / 2 ** 32;
      expect(seconds).toBeCloseTo(time / 1e9, 8);
    }
  });
});

const hasTshark = spawnSync('tshark', ['--version']).status === 0;

describe.skipIf(!hasTshark)('tshark (skipped where it is not installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-pcapng-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const fileOf = (name: string, record: RunRecord): string => {
    const path = join(folder, `${name}.pcapng`);
    writeFileSync(path, bytesOf('pcapng', record));
    return path;
  };
  const tshark = (path: string, ...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('tshark', ['-n', '-r', path, ...args]);
    expect(status, String(stderr)).toBe(0);
    expect(String(stderr)).not.toMatch(/damaged|corrupt|cut short|isn't a capture/);
    return String(stdout);
  };
  const fields = (path: string, ...names: readonly string[]): string[] =>
    tshark(path, '-T', 'fields', ...names.flatMap((name) => ['-e', name]))
      .trimEnd()
      .split('\n');

  const bond = fileOf('bond', lacp);
  const port = fileOf('infiniband', infiniband);

  test.each([
    ['bond', bond],
    ['InfiniBand port', port],
  ])('sees no malformed frame of the %s', (_name, path) => {
    const complaints = '_ws.malformed || _ws.expert.severity == error || _ws.unreassembled';
    expect(tshark(path, '-Y', complaints)).toBe('');
  });

  test('shows LACP, ARP and ICMP, and the names of the ports', () => {
    const lines = fields(bond, 'frame.interface_name', '_ws.col.Protocol');
    expect(lines).toHaveLength(sentAndReceived(lacp).length);
    expect(lines.filter((line) => line === 'card0 port 1\tLACP').length).toBeGreaterThan(5);
    expect(lines).toContain('card0 port 2\tARP');
    expect(lines).toContain('host0\tICMP');
    expect(new Set(lines.map((line) => line.split('\t')[1]))).toEqual(
      new Set(['LACP', 'ARP', 'ICMP']),
    );
  });

  test('shows the time of the run', () => {
    expect(fields(bond, 'frame.time_epoch').map((time) => time.padEnd(20, '0'))).toEqual(
      sentAndReceived(lacp).map(([, timeNs]) => {
        const digits = String(timeNs).padStart(10, '0');
        return `${digits.slice(0, -9)}.${digits.slice(-9)}`.padEnd(20, '0');
      }),
    );
  });

  test('shows the subnet manager at work, as InfiniBand in ERF', () => {
    const lines = fields(port, 'frame.interface_name', 'frame.protocols', '_ws.col.Info');
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(/^ibpeer0 \(InfiniBand\)\terf:infiniband\t.*SubnSet\(PortInfo\)/);
    expect(lines[2]).toMatch(/^card0 port 1 \(InfiniBand\)\terf:.*SubnGetResp\(PortInfo\)/);
  });
});
