// Behaviours that no source states: the facts mark them INF or PRM, or they are this lab's choice.
// Each names the test that pins it, as `file: words of its title` under test/unit/device; a test
// checks that it is there. `decided` are those that a real driver has decided: a card that did the
// other thing failed a test under test/guest. What a driver does not notice stays inferred, with
// what the card did instead.

/** One inferred behaviour. */
export interface Inferred {
  readonly what: string;
  /** Section of facts/device. */
  readonly facts: string;
  /** Test file and words of the test's title. */
  readonly test: string;
  /** What would decide it, when that is not the test alone. */
  readonly decidedBy?: string;
  /** The other thing, which the card did while test/guest ran, and no test noticed. */
  readonly unnoticed?: string;
  /** The same where that means little: no driver in test/guest was seen to come by. */
  readonly unreached?: string;
}

export const inferred: readonly Inferred[] = [
  {
    what: 'Ownership word and reset semaphore are set by the read that finds them 0.',
    facts: '2.1, 2.2',
    test: 'registers.test.ts: read-to-set',
    unreached: 'both always read as 0',
  },
  {
    what: 'The software reset keeps the ownership.',
    facts: '2.2, 2.3',
    test: 'registers.test.ts: software reset: frees the semaphore',
    unnoticed: 'it freed the ownership',
  },
  {
    what: 'A never-written group entry reads as zeros when its page holds something else, too.',
    facts: '11.3',
    test: 'steering.test.ts: never written',
    decidedBy: 'a real driver whose pages are not zeroed: those of a guest just started are',
  },
  {
    what: 'Flow steering: a multicast frame goes to every rule that matches, to a queue pair once.',
    facts: '5.28',
    test: 'flow-steering.test.ts: a multicast frame goes to every rule',
    unreached: 'the first rule that matches alone got it',
    decidedBy: 'ethtool with a rule to drop broadcasts on a real card: on this one it drops none',
  },
  {
    what: 'An exclusive rule ends the search.',
    facts: '5.28',
    test: 'flow-steering.test.ts: an exclusive rule ends the search',
    unreached: 'the search went on',
  },
  {
    what: 'Rules that differ in their queue pair alone share a table entry, up to its limit.',
    facts: '3.6, 5.5.1',
    test: 'flow-steering.test.ts: one entry has room for 24 queue pairs',
    unreached: 'an entry had no limit',
  },
  {
    what: 'A rule that names VLAN 0 takes frames with that tag.',
    facts: '5.28',
    test: 'flow-steering.test.ts: VLAN 0 and no tag',
    decidedBy: 'a rule of ethtool for VLAN 0, and a host that sends such frames',
  },
  {
    what: 'A rule that does not allow loopback gets no frame that the card itself sent.',
    facts: '5.28',
    test: 'flow-steering.test.ts: what the card sent itself goes only to rules that allow it',
    unreached: 'it got them',
  },
  {
    what: 'A malformed rule is BAD_PARAM, an unknown registration id BAD_RES_STATE.',
    facts: '3.6, 5.28',
    test: 'flow-steering.test.ts: refused, with the reason in the trace',
    unreached: 'EXCEED_LIM and BAD_PARAM',
  },
  {
    what: 'Under flow steering the group commands are BAD_SYS_STATE.',
    facts: '4.8',
    test: 'flow-steering.test.ts: there are no groups, and their commands are refused',
    unreached: 'they were carried out',
  },
  {
    what: 'A CQ arm whose sequence number was served already is ignored.',
    facts: '7.3',
    test: 'queues.test.ts: stale sequence number',
    unreached: 'it was served',
  },
  {
    what: 'VIRT_PORT_MAP redirects sends of queue pairs with FPP clear; FPP keeps them.',
    facts: '10.4, 10.5',
    test: 'port-map.test.ts: FPP keeps a queue pair on its port',
    unnoticed: 'the map had no effect; FPP had none',
  },
  {
    what: 'With the RX port check on, a queue pair takes packets from its own port only.',
    facts: '10.4',
    test: 'port-map.test.ts: on: a queue pair takes packets from its own port only',
    unreached: 'it took those from the other port, too',
  },
  {
    what: 'The RX port check is as after power-on again after a reset; both after CLOSE_HCA.',
    facts: '2.3',
    test: 'registers.test.ts: the port map and the RX port check are as after power-on',
    unnoticed: 'the check outlived the reset, both outlived CLOSE_HCA',
  },
  {
    what: 'RSS: the ring is the low bits of the hash added to the base.',
    facts: '6.5.1, 14.2',
    test: 'rss.test.ts: RSS: the ring is the low bits',
    unreached: 'it was the high bits',
  },
  {
    what: 'A fragment is hashed by its addresses, as a packet whose ports are out of sight.',
    facts: '6.5.1',
    test: 'rss.test.ts: fragments and other protocols go by addresses',
    unreached: 'it went to the default ring',
  },
  {
    what: 'Before SET_VLAN_FLTR every tag passes; afterwards none whose bit is clear.',
    facts: '9.5, 14.2',
    test: 'receive.test.ts: VLAN filter',
    unnoticed: 'none passed before; every tag passed afterwards',
  },
  {
    what: 'The multicast filter is in front of steering and drops what is not in its list.',
    facts: '9.5, 14.2',
    test: 'receive.test.ts: multicast filter: off it lets everything pass',
    unnoticed: 'everything passed',
  },
  {
    what: 'The chain of a shared receive queue begins with descriptor 0.',
    facts: '6.4',
    test: 'srq.test.ts: the chain gives the order, not the numbers',
    decidedBy: 'mlx4_ib, whose list of free descriptors begins there',
  },
  {
    what: 'The limit of a shared receive queue fires once, at the arming too when less is left.',
    facts: '4.5, 6.2.5',
    test: 'srq.test.ts: armed above what is left, it comes at once',
    unreached: 'it never fired',
  },
  {
    what: 'A chain that leads nowhere breaks the shared queue, with SRQ_CATAS_ERROR, once.',
    facts: '6.2.5',
    test: 'srq.test.ts: a chain that leads out of the queue breaks it',
    unreached: 'it went on from another descriptor, and nothing was said',
  },
  {
    what: 'A queue pair with a shared receive queue that enters ERR posts SRQ_QP_LAST_WQE.',
    facts: '6.2.5',
    test: 'srq.test.ts: 2ERR leaves the descriptors to the others, with an event',
    unreached: 'there was no event',
  },
  {
    what: 'CLOSE_PORT takes the link down without a PORT_CHANGE event.',
    facts: '9.3',
    test: 'port.test.ts: closing is silent',
    decidedBy: 'a log of a real card: after an event "Link Down" follows "Close port called"',
  },
  {
    what: 'QUERY_PORT shows an InfiniBand port as up when a subnet manager made it ACTIVE.',
    facts: '5.8, 5.21',
    test: 'port.test.ts: without a subnet manager the link trains',
    unreached: 'it was up as soon as the link had trained',
  },
  {
    what: 'Firmware answers a subnet manager itself; a real card hands QP0 to the driver.',
    facts: '4.7, 5.21',
    test: 'port.test.ts: with one it becomes active',
    unnoticed: 'QP0 got them, and the driver made the port ACTIVE',
  },
  {
    what: 'A failed send or receive puts the queue pair into ERR and flushes it.',
    facts: '12.5',
    test: 'send.test.ts: flush',
    unreached: 'it was completed as failed, and the queue pair went on',
  },
  {
    what: 'Work that is posted in ERR is flushed at its doorbell.',
    facts: '6.5.3',
    test: 'qp.test.ts: 2ERR flushes both queues',
    unreached: 'it was not',
  },
  {
    what: 'An object needs its pages mapped in every table: context, cMPT, AUXC, ALTC, RDMARC.',
    facts: '11.3',
    test: 'icm.test.ts: RST2INIT wants QPC, AUXC, ALTC, RDMARC and cMPT',
    decidedBy: 'the order in which a real driver maps them before it hands the object over',
    unreached: 'no page was asked for',
  },
  {
    what: 'MAP_ICM wants the auxiliary pages that SET_ICM_SIZE asked for.',
    facts: '5.9',
    test: 'firmware.test.ts: MAP_ICM comes after the auxiliary pages',
    unreached: 'it did not',
  },
  {
    what: 'The key of a dMPT entry belongs to the slot that it is written to.',
    facts: '6.6',
    test: 'memory.test.ts: SW2HW_MPT takes an entry that software owns',
    unreached: 'any key would do',
  },
  {
    what: 'A second queue pair whose number shares a slot is refused with BAD_RESOURCE.',
    facts: '6.5.5',
    test: 'qp.test.ts: another number of the same slot is refused',
    unreached: 'it took the slot over',
  },
  {
    what: 'Of a BlueFlame write the word with the QPN is enough for a send doorbell.',
    facts: '7.6',
    test: 'send.test.ts: BlueFlame',
    unnoticed: 'its first 64 bytes had to be there',
  },
  {
    what: 'A PTYS write that changes the speeds trains the link again.',
    facts: '5.23',
    test: 'port.test.ts: a write leaves the named speeds',
    decidedBy: 'no driver: it closes the port and opens it again by itself',
    unnoticed: 'it did not',
  },
  {
    what: 'Until a manager names an MTU, an InfiniBand port says that it is the largest it can do.',
    facts: '5.21',
    test: 'mad.test.ts: PortInfo has the MTU and lanes that SET_PORT asked for',
    decidedBy: 'no driver: it shows what it is, but for none ibv_devinfo says "invalid MTU (0)"',
  },
  {
    what: 'A datagram that the link drops until the port is ACTIVE completes as one that is out.',
    facts: '8',
    test: 'ib-packet.test.ts: all else is dropped, and complete too',
    unreached: 'it was completed as failed, and the queue pair broke',
  },
  {
    what: 'Without a global route header the room for it before a datagram is filled with zeros.',
    facts: '6.3.4',
    test: 'ib-receive.test.ts: zeros for a route header, then the datagram',
    unnoticed: 'it was filled with ones',
  },
  {
    what: 'A datagram for QP1 is one of the manager of the port: its LID and level are reported.',
    facts: '6.3.4',
    test: 'ib-receive.test.ts: its completion names QP1 at the LID of the manager',
    decidedBy: 'no driver: an answer is found by its transaction, whatever LID it came from',
    unnoticed: 'it named another LID and another level',
  },
  {
    what: 'A queue pair of a stopped port waits with its next descriptor.',
    facts: '5.14, 5.19',
    test: 'flow-control.test.ts: a queue pair waits with its descriptors',
    unnoticed: 'its frames were dropped',
  },
];

/** A behaviour that no source states, but that a real driver insists on. */
export interface Decided {
  readonly what: string;
  /** Section of facts/device. */
  readonly facts: string;
  /** The unit test that pins it, as above. */
  readonly test: string;
  /** The test with the real driver that fails otherwise, in the same form, under test/guest. */
  readonly seen: string;
  /** What the real driver did when the card did the other thing. */
  readonly otherwise: string;
}

/** Each was tried the other way by hand. */
export const decided: readonly Decided[] = [
  {
    what: 'The software reset frees the semaphore.',
    facts: '2.2, 2.3',
    test: 'registers.test.ts: software reset: frees the semaphore',
    seen: 'loads.test.ts: loads and unloads',
    otherwise: 'the next load fails: "Failed to obtain HW semaphore, aborting"',
  },
  {
    what: 'The software reset clears toggle and GO.',
    facts: '2.2, 2.3',
    test: 'registers.test.ts: software reset: GO and toggle are 0',
    seen: 'loads.test.ts: loads and unloads',
    otherwise: 'with either set the probe fails: "mlx4_cmd_post:cmd_pending failed"',
  },
  {
    what: 'A never-written group entry reads as zeros.',
    facts: '11.3',
    test: 'steering.test.ts: never written',
    seen: 'loads.test.ts: packets that it has counted',
    otherwise: 'read as ones it was taken for a chain: READ_MCG of no entry, no frame arrives',
  },
  {
    what: 'SW2HW_EQ and SW2HW_CQ set the owner bit of every entry, here one page ahead.',
    facts: '6.2.2, 6.3.2',
    test: 'queues.test.ts: owner bits: an empty queue shows no valid entry',
    seen: 'loads.test.ts: packets that it has counted',
    otherwise: 'zeroed buffers look full: modprobe never ends (EQ), no ping is answered (CQ)',
  },
  {
    what: 'Flow steering: a unicast frame goes to the first rule that matches.',
    facts: '5.28',
    test: 'flow-steering.test.ts: a unicast frame goes to one',
    seen: 'flow-steering.test.ts: a rule to drop a frame',
    otherwise: 'what ethtool had a rule to drop was received all the same',
  },
  {
    what: 'Default rules take what no other rule takes, whatever their priority.',
    facts: '5.28, 13.7',
    test: 'flow-steering.test.ts: take what no other rule takes',
    seen: 'flow-steering.test.ts: a rule to drop a frame',
    otherwise: 'promiscuous, it received what ethtool had a rule to drop: its own has priority 0',
  },
  {
    what: 'A frame without a group entry goes to the promiscuous list of its port and kind.',
    facts: '5.29',
    test: 'steering.test.ts: take what has no entry',
    seen: 'traffic.test.ts: promiscuous: frames for others',
    otherwise: 'without the list nothing for others came; with it for all, each ping came twice',
  },
  {
    what: 'The card does not loop sends back by itself; a descriptor has to force it.',
    facts: '8.2',
    test: 'send.test.ts: loopback',
    seen: 'traffic.test.ts: what it sends comes back to it only while',
    otherwise: 'its own neighbour solicitation came back: IPv6 gave its address up as a duplicate',
  },
  {
    what: 'The port map is as after power-on again after a reset.',
    facts: '2.3',
    test: 'registers.test.ts: the port map and the RX port check are as after power-on',
    seen: 'recovers.test.ts: a catastrophic error under a bond',
    otherwise: 'it sent no map, so eth0 sent by port 2 and no answer found it',
  },
  {
    what: 'A BlueFlame write is a send doorbell, in either buffer of its register.',
    facts: '7.6',
    test: 'send.test.ts: BlueFlame',
    seen: 'loads.test.ts: packets that it has counted',
    otherwise: 'it takes the two in turn: with one dead its queue stalled, no ping came back',
  },
  {
    what: 'A port offers the speeds that a PTYS write names.',
    facts: '5.23',
    test: 'port.test.ts: a write leaves the named speeds',
    seen: 'devinfo.test.ts: a speed that ethtool asks for',
    otherwise: 'the speed that ethtool had set never came',
  },
  {
    what: 'SET_PORT in its InfiniBand or Ethernet form sets the type of the port.',
    facts: '5.14',
    test: 'port.test.ts: type: the form of SET_PORT',
    seen: 'devinfo.test.ts: an InfiniBand port, subnet manager',
    otherwise: 'it says it in no other way: the port stayed Ethernet and never became active',
  },
  {
    what: 'QP1 of a port is the third or fourth special queue pair, and gets what QP0 does not.',
    facts: '6.5.5',
    test: 'ib-receive.test.ts: it goes to QP1 of its port',
    seen: 'devinfo.test.ts: an InfiniBand port, subnet manager',
    otherwise: 'it asked for ClassPortInfo 44 times in some 20 seconds, and then gave up',
  },
  {
    what: 'A rule that names a VLAN, 0 too, takes tagged frames only.',
    facts: '5.28',
    test: 'flow-steering.test.ts: VLAN 0 and no tag',
    seen: 'flow-steering.test.ts: a rule to drop a frame',
    otherwise: 'ethtool had frames of VLAN 7 or 0 dropped, and those without a tag were lost too',
  },
  {
    what: 'A tag whose bit SET_VLAN_FLTR has set passes.',
    facts: '9.5',
    test: 'receive.test.ts: VLAN filter',
    seen: 'traffic.test.ts: between the ports',
    otherwise: 'with the bits read the other way round no ping of VLAN 7 was answered',
  },
  {
    what: 'The multicast filter lets pass what is in its list.',
    facts: '9.5',
    test: 'receive.test.ts: multicast filter: off it lets everything pass',
    seen: 'traffic.test.ts: between the ports',
    otherwise: 'broadcast is in the list: without it no ARP request arrived, no ping was answered',
  },
];
