// Behaviours that no source states: the facts mark them INF or PRM, or they are this lab's choice.
// Each names the test that pins it; where a real driver would decide it, that is said.

/** One inferred behaviour. */
export interface Inferred {
  readonly what: string;
  /** Section of facts/device. */
  readonly facts: string;
  /** Test file and case that would change with it. */
  readonly test: string;
}

export const inferred: readonly Inferred[] = [
  {
    what: 'Ownership word and reset semaphore are set by the read that finds them 0.',
    facts: '2.1, 2.2',
    test: 'registers.test.ts: read-to-set',
  },
  {
    what: 'The software reset frees the semaphore and clears toggle and GO.',
    facts: '2.2, 2.3',
    test: 'registers.test.ts: software reset',
  },
  {
    what: 'SW2HW_EQ and SW2HW_CQ set the owner bit of every entry, here one page ahead.',
    facts: '6.2.2, 6.3.2',
    test: 'queues.test.ts: owner bits; decided by any real driver: its buffers are zeroed',
  },
  {
    what: 'A never-written group entry reads as zeros, whatever its page holds.',
    facts: '11.3',
    test: 'steering.test.ts: never written',
  },
  {
    what: 'A CQ arm whose sequence number was served already is ignored.',
    facts: '7.3',
    test: 'queues.test.ts: stale sequence number',
  },
  {
    what: 'VIRT_PORT_MAP redirects sends of queue pairs with FPP clear; FPP keeps them.',
    facts: '10.4, 10.5',
    test: 'port-map.test.ts: the map moves sends',
  },
  {
    what: 'With the RX port check on, a queue pair takes packets from its own port only.',
    facts: '10.4',
    test: 'port-map.test.ts: RX port check',
  },
  {
    what: 'RSS: the ring is the low bits of the hash added to the base.',
    facts: '14.2',
    test: 'receive.test.ts: RSS',
  },
  {
    what: 'Before SET_VLAN_FLTR every tag passes; afterwards only ids whose bit is set.',
    facts: '9.5, 14.2',
    test: 'receive.test.ts: VLAN filter',
  },
  {
    what: 'CLOSE_PORT takes the link down without a PORT_CHANGE event.',
    facts: '9.3 (the recorded kernel logs show no "Link Down" after "Close port called")',
    test: 'port.test.ts: closing is silent',
  },
  {
    what: 'SET_PORT in its InfiniBand or Ethernet form sets the type of the port.',
    facts: '5.14',
    test: 'port.test.ts: type',
  },
  {
    what: 'A failed send or receive puts the queue pair into ERR and flushes it.',
    facts: '12.5',
    test: 'send.test.ts: flush',
  },
];
