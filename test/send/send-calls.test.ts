import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { encodeAlaw, encodeUlaw } from '../../src/audio/index.ts';
import { RstError } from '../../src/errors.ts';
import {
  noiseSamples,
  parseSource,
  type SendHooks,
  type SendOptions,
  sendCalls,
} from '../../src/send/index.ts';
import { CaptureServer, refusedPort } from './capture-server.ts';
import { pcmOf } from './wav-bytes.ts';

const SPEECH = join(import.meta.dirname, '../fixtures/speech');
const NOISE = { read: parseSource('noise:7'), write: parseSource('noise:8') } as const;

function send(server: CaptureServer, options: Partial<SendOptions> = {}, hooks?: SendHooks) {
  return sendCalls({ host: '127.0.0.1', port: server.port, ...NOISE, ...options }, hooks);
}

/** What a leg of noise has to be on the wire as L16. */
function l16Noise(seed: number, count: number): Buffer {
  return Buffer.from(noiseSamples(seed, 0, count).buffer);
}

/** When the sending began, by the hook that comes right before the first packet. */
function watchStart(): { hooks: SendHooks; begunMs: () => number } {
  let atMs = Number.NaN;
  const onState: SendHooks['onState'] = (_uuid, state) => {
    if (state === 'sending') atMs = performance.now();
  };
  return { hooks: { onState }, begunMs: () => atMs - CLOCK_GRAIN_MS };
}

/** The call counts from when its ACK was read, a moment before the hook. */
const CLOCK_GRAIN_MS = 3;

/** Sockets and timers that keep the process alive, once the loop has come round to those just closed. */
async function openHandles(): Promise<string[]> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  return process
    .getActiveResourcesInfo()
    .filter((name) => name === 'UDPWrap' || name === 'Timeout');
}

describe('sending calls', { timeout: 60_000 }, () => {
  test('both legs arrive as they were generated, each from its own port at its own port', async () => {
    await using server = await CaptureServer.open();
    const summary = await send(server, { codec: 'l16', durationMs: 1000, speed: 5 });
    await server.until(() => server.data.length === 100);
    assert.deepEqual(server.audio('R'), l16Noise(7, 8000));
    assert.deepEqual(server.audio('W'), l16Noise(8, 8000));
    const [inv] = server.invs();
    assert.equal(server.invs().length, 1);
    for (const packet of server.data) {
      assert.equal(packet.to, packet.leg === 'R' ? 'read' : 'write');
      assert.equal(
        packet.fromPort,
        packet.leg === 'R' ? inv?.ports?.readPort : inv?.ports?.writePort,
      );
      assert.equal(packet.payloadType, 10);
      assert.equal(packet.lengthField, '320');
    }
    const [call] = summary.calls;
    assert.equal(call?.outcome, 'completed');
    assert.equal(call?.endedBy, 'sender');
    assert.equal(call?.uuid, inv?.uuid);
    assert.deepEqual(call?.ports, server.ports);
    assert.deepEqual(call?.legs.R, { packets: 50, bytes: 16_000, lost: 0, duplicates: 0 });
    assert.deepEqual(call?.legs.W, { packets: 50, bytes: 16_000, lost: 0, duplicates: 0 });
    assert.deepEqual(call?.bye, { sent: 1, acked: true });
    assert.equal(call?.inv.sent, 1);
    assert.ok((call?.inv.ackedAfterMs as number) >= 0);
    assert.equal(summary.totals.packets, 100);
    assert.equal(summary.totals.bytes, 32_000);
    assert.equal(summary.totals.ackMs?.max, call?.inv.ackedAfterMs);
    assert.match(call?.startedAt as string, /^\d{4}-\d\d-\d\dT.*\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(call?.startedAt as string) - Date.now()) < 60_000);
  });

  test('speech arrives sample by sample in each codec, the shorter leg filled up with silence', async () => {
    const caller = pcmOf(join(SPEECH, 'caller.wav'));
    for (const [codec, encode, silence, payloadType] of [
      ['pcmu', encodeUlaw, 0xff, 0],
      ['pcma', encodeAlaw, 0xd5, 8],
      ['l16', (samples: Int16Array) => new Uint8Array(samples.buffer), 0, 10],
    ] as const) {
      await using server = await CaptureServer.open();
      const summary = await send(server, {
        codec,
        read: parseSource(join(SPEECH, 'caller.wav')),
        write: parseSource('silence'),
        speed: 20,
      });
      await server.until(() => server.data.length === 600);
      const width = codec === 'l16' ? 2 : 1;
      assert.deepEqual(server.audio('R'), Buffer.from(encode(caller)));
      assert.deepEqual(server.audio('W'), Buffer.alloc(caller.length * width, silence));
      assert.ok(server.data.every((packet) => packet.payloadType === payloadType));
      assert.equal(summary.calls[0]?.legs.R.packets, 300);
    }
  });

  test('packets leave at the pace of their audio, R and W back to back', async () => {
    await using server = await CaptureServer.open();
    const { hooks, begunMs } = watchStart();
    await send(server, { durationMs: 400 }, hooks);
    await server.until(() => server.byes().length === 1);
    for (const leg of ['R', 'W'] as const) {
      assert.equal(server.leg(leg).length, 20);
      server.leg(leg).forEach(({ atMs }, index) => {
        // How late is up to the machine; early is a mistake.
        assert.ok(atMs >= begunMs() + index * 20, `${leg}${index}: ${atMs - begunMs()} ms`);
      });
    }
    assert.ok((server.heard.at(-1)?.atMs as number) >= begunMs() + 400);
  });

  test('many calls keep apart: each has its UUID, its caller and all of its audio', async () => {
    await using server = await CaptureServer.open();
    const summary = await send(server, {
      calls: 12,
      staggerMs: 7,
      durationMs: 200,
      codec: 'l16',
      l16Rate: 16_000,
    });
    await server.until(() => server.data.length === 240);
    const uuids = summary.calls.map(({ uuid }) => uuid);
    assert.equal(new Set(uuids).size, 12);
    for (const uuid of uuids) {
      assert.deepEqual(server.audio('R', uuid), l16Noise(7, 3200));
      assert.deepEqual(server.audio('W', uuid), l16Noise(8, 3200));
    }
    assert.deepEqual(
      server.invs().map(({ caller }) => Number(caller)),
      Array.from({ length: 12 }, (_, index) => 1001 + index),
    );
    assert.equal(summary.totals.completed, 12);
  });

  test('an INV without an ACK is sent again, and the call goes on from the one that is answered', async () => {
    await using server = await CaptureServer.open({ deafInvs: 2 });
    const summary = await send(server, {
      durationMs: 100,
      retryMs: 150,
      caller: 'a:b',
      uuid: 'u-1',
    });
    assert.equal(summary.calls[0]?.outcome, 'completed');
    assert.equal(summary.calls[0]?.inv.sent, 3);
    assert.ok((summary.calls[0]?.inv.ackedAfterMs as number) >= 300);
    assert.deepEqual(
      server.invs().map(({ uuid, caller, callee }) => [uuid, caller, callee]),
      Array(3).fill(['u-1', 'a_b', '9000']),
    );
    assert.ok(server.data.length > 0 && server.data.every(({ uuid }) => uuid === 'u-1'));
  });

  test('with a bare ACK the legs keep their own sockets and send to the control port', async () => {
    await using server = await CaptureServer.open({ bare: true });
    const summary = await send(server, { durationMs: 200, codec: 'l16' });
    await server.until(() => server.data.length === 20);
    const [inv] = server.invs();
    for (const packet of server.data) {
      assert.equal(packet.to, 'control');
      assert.equal(
        packet.fromPort,
        packet.leg === 'R' ? inv?.ports?.readPort : inv?.ports?.writePort,
      );
    }
    assert.deepEqual(server.audio('W'), l16Noise(8, 1600));
    assert.equal(summary.calls[0]?.ports, null);
    assert.deepEqual(summary.calls[0]?.bye, { sent: 1, acked: true });
  });

  test('the old form has one socket for everything and does not wait for its ACK', async () => {
    await using server = await CaptureServer.open({ deafInvs: 1 });
    const summary = await send(server, { durationMs: 600, oldForm: true, retryMs: 300 });
    await server.until(() => server.data.length === 60);
    assert.equal(server.invs()[0]?.ports, null);
    const ports = new Set([...server.data, ...server.heard].map(({ fromPort }) => fromPort));
    assert.equal(ports.size, 1);
    assert.ok(server.data.every(({ to }) => to === 'control'));
    const answeredInvMs = server.heard.filter(({ message }) => message.kind === 'inv')[1]?.atMs;
    assert.ok((server.data[0]?.atMs as number) < (answeredInvMs as number));
    assert.equal(summary.calls[0]?.outcome, 'completed');
    assert.equal(summary.calls[0]?.inv.sent, 2);
    assert.ok((summary.calls[0]?.inv.ackedAfterMs as number) >= 300);
    assert.equal(summary.calls[0]?.ports, null);
  });

  test('without a BYE the call just stops', async () => {
    await using server = await CaptureServer.open();
    const summary = await send(server, { durationMs: 100, dropBye: true });
    await server.until(() => server.data.length === 10);
    assert.equal(summary.calls[0]?.outcome, 'completed');
    assert.deepEqual(summary.calls[0]?.bye, { sent: 0, acked: false });
    assert.equal(summary.totals.byeUnanswered, 0);
    assert.equal(server.byes().length, 0);
  });

  test('without an INV the audio comes unannounced to the control port', async () => {
    await using server = await CaptureServer.open();
    const summary = await send(server, { durationMs: 100, dropInv: true });
    await server.until(() => server.data.length === 10);
    assert.equal(server.invs().length, 0);
    assert.ok(server.data.every(({ to }) => to === 'control'));
    assert.equal(summary.calls[0]?.outcome, 'completed');
    assert.deepEqual(summary.calls[0]?.inv, { sent: 0, ackedAfterMs: null });
    assert.equal(summary.calls[0]?.bye.acked, true);
  });

  test('a BYE without an ACK is sent three times', async () => {
    await using server = await CaptureServer.open({ deafByes: true });
    const summary = await send(server, { durationMs: 40, retryMs: 20 });
    assert.deepEqual(summary.calls[0]?.bye, { sent: 3, acked: false });
    assert.equal(summary.totals.byeUnanswered, 1);
    await server.until(() => server.byes().length === 3);
  });

  test('a BYE of the server ends the sending of that call, is answered, and no other call minds', async () => {
    await using server = await CaptureServer.open();
    const [ending, staying] = await Promise.all([
      send(server, { durationMs: 60_000, uuid: 'ending' }),
      send(server, { durationMs: 300, uuid: 'staying' }),
      server.until(() => server.leg('R', 'ending').length >= 5).then(() => server.hangUp('ending')),
    ]);
    assert.equal(ending.calls[0]?.outcome, 'ended-by-server');
    assert.equal(ending.calls[0]?.endedBy, 'server');
    assert.equal(ending.calls[0]?.bye.sent, 0);
    assert.equal(staying.calls[0]?.outcome, 'completed');
    await server.until(() => server.acks.length === 1);
    assert.deepEqual(server.acks, ['ending']);
  });

  test('an abort sends BYE for the calls that run and leaves out those that have not begun', async () => {
    await using server = await CaptureServer.open();
    const abort = new AbortController();
    const sending = new Set<string>();
    const summary = await send(
      server,
      { durationMs: 60_000, calls: 4, staggerMs: 300 },
      {
        signal: abort.signal,
        onState(uuid, state) {
          if (state === 'sending') sending.add(uuid);
          if (sending.size === 2) abort.abort();
        },
      },
    );
    assert.deepEqual(
      summary.calls.map(({ outcome }) => outcome),
      Array(4).fill('aborted'),
    );
    assert.deepEqual(
      summary.calls.map(({ bye, startedAt }) => [bye.sent, bye.acked, startedAt === null]),
      [
        [1, true, false],
        [1, true, false],
        [0, false, true],
        [0, false, true],
      ],
    );
    assert.deepEqual(new Set(server.byes().map(({ uuid }) => uuid)), sending);
  });

  test('nothing that answers gives no-ack after four INVs, in the old form after the audio', async () => {
    const port = await refusedPort();
    for (const oldForm of [false, true]) {
      const { calls, totals } = await sendCalls({
        host: '127.0.0.1',
        port,
        calls: 2,
        durationMs: 200,
        retryMs: 20,
        oldForm,
      });
      assert.deepEqual(
        calls.map(({ outcome, inv }) => [outcome, inv]),
        Array(2).fill(['no-ack', { sent: 4, ackedAfterMs: null }]),
      );
      assert.equal(totals.noAck, 2);
      assert.equal(totals.ackMs, null);
      assert.equal(totals.packets, oldForm ? 40 : 0);
    }
  });

  test('legs whose ports are refused do not disturb the call', async () => {
    const ackPorts = { readPort: await refusedPort(), writePort: await refusedPort() };
    await using server = await CaptureServer.open({ ackPorts });
    const summary = await send(server, { durationMs: 300 });
    assert.equal(summary.calls[0]?.outcome, 'completed');
    assert.deepEqual(summary.calls[0]?.ports, ackPorts);
    assert.equal(summary.calls[0]?.legs.R.packets, 15);
    assert.equal(summary.calls[0]?.bye.acked, true);
  });

  test('lost packets are counted, never arrive, and are the same ones with the same seed', async () => {
    const arrived: Buffer[] = [];
    for (const seed of [5, 5, 6]) {
      await using server = await CaptureServer.open();
      const summary = await send(server, {
        durationMs: 4000,
        speed: 20,
        loss: 0.25,
        codec: 'l16',
        seed,
      });
      const { R, W } = summary.calls[0]!.legs;
      assert.equal(R.packets + R.lost, 200);
      assert.ok(R.lost > 20 && R.lost < 90, `${R.lost} lost`);
      await server.until(() => server.data.length === R.packets + W.packets);
      arrived.push(server.audio('R'));
      const sent = l16Noise(7, 32_000);
      const indexes = server.leg('R').map(({ payload }) => sent.indexOf(payload) / 320);
      assert.deepEqual(
        indexes,
        indexes.toSorted((a, b) => a - b),
      );
    }
    assert.deepEqual(arrived[0], arrived[1]);
    assert.notDeepEqual(arrived[0], arrived[2]);
  });

  test('jitter delays packets in order, and out of order only where that is asked for', async () => {
    for (const reorder of [false, true]) {
      await using server = await CaptureServer.open();
      await send(server, { durationMs: 600, codec: 'l16', jitterMs: 80, reorder });
      await server.until(() => server.data.length === 60);
      const sent = l16Noise(7, 4800);
      const indexes = server.leg('R').map(({ payload }) => sent.indexOf(payload) / 320);
      const inOrder = Array.from({ length: 30 }, (_, index) => index);
      assert.deepEqual(
        indexes.toSorted((a, b) => a - b),
        inOrder,
      );
      if (reorder) assert.notDeepEqual(indexes, inOrder);
      else assert.deepEqual(indexes, inOrder);
    }
  });

  test('a burst holds everything back and then lets all go at once', async () => {
    await using server = await CaptureServer.open();
    const { hooks, begunMs } = watchStart();
    await send(server, { durationMs: 500, burstMs: 200, burstEveryMs: 400, codec: 'l16' }, hooks);
    await server.until(() => server.data.length === 50);
    assert.deepEqual(server.audio('R'), l16Noise(7, 4000));
    // Nothing leaves from 200 to 400 ms, where the stall ends.
    for (const { atMs } of server.leg('R').slice(10)) assert.ok(atMs >= begunMs() + 399.9);
  });

  test('numbers are offered with the form of the audio, and sent where they are accepted', async () => {
    for (const bare of [false, true]) {
      await using server = await CaptureServer.open({ acceptSeq: true, ackAfterMs: 250, bare });
      const summary = await send(server, {
        durationMs: 1000,
        ptimeMs: 40,
        speed: 5,
        loss: 0.2,
        seq: true,
        codec: 'l16',
        l16Rate: 16_000,
        caller: 'sip:10%@host',
      });
      const [call] = summary.calls;
      assert.deepEqual(call?.seq, { offered: true, accepted: true });
      const { R, W } = call!.legs;
      await server.until(() => server.data.length === R.packets + W.packets);
      const [inv] = server.invs();
      assert.deepEqual(inv?.extension, { seq: true, ptimeMs: 40, rateHz: 16_000, box: null });
      assert.equal(inv?.caller, 'sip:10%@host');
      const ackedAfterMs = call?.inv.ackedAfterMs as number;
      const firstTs = Math.round(ackedAfterMs / 40) * 640;
      assert.ok(ackedAfterMs >= 240 && firstTs >= 6 * 640);
      for (const [leg, seed] of [
        ['R', 7],
        ['W', 8],
      ] as const) {
        const packets = server.leg(leg);
        assert.ok(packets.length > 5 && packets.length < 25);
        for (const { seq, ts, payload, lengthField } of packets) {
          assert.equal(ts, firstTs + seq * 640);
          assert.equal(lengthField, `1280,${seq},${ts}`);
          const samples = noiseSamples(seed, seq * 640, 640);
          assert.deepEqual(payload, Buffer.from(samples.buffer), `${leg}${seq} is its own audio`);
        }
      }
    }
  });

  test('nothing is numbered where the server does not accept, or nothing was offered', async () => {
    for (const [acceptSeq, seq] of [
      [false, true],
      [true, false],
    ] as const) {
      await using server = await CaptureServer.open({ acceptSeq });
      const summary = await send(server, { durationMs: 200, speed: 5, seq, codec: 'l16' });
      await server.until(() => server.data.length === 20);
      assert.ok(server.data.every((packet) => packet.lengthField === '320' && packet.seq === -1));
      assert.equal(server.invs()[0]?.extension?.seq ?? false, seq);
      assert.deepEqual(summary.calls[0]?.seq, { offered: seq, accepted: false });
    }
  });

  test('nothing is numbered, nor sent at all, before an ACK', async () => {
    const port = await refusedPort();
    const { calls } = await sendCalls({ host: '127.0.0.1', port, retryMs: 10, seq: true });
    assert.deepEqual(calls[0]?.seq, { offered: true, accepted: false });
    assert.equal(calls[0]?.legs.R.packets, 0);
  });

  test('the part of the packets that is asked for is sent twice, with the same number, and counted', async () => {
    await using server = await CaptureServer.open({ acceptSeq: true });
    const summary = await send(server, {
      durationMs: 2000,
      speed: 10,
      duplicate: 0.3,
      seq: true,
      jitterMs: 20,
      reorder: true,
    });
    const { R, W } = summary.calls[0]!.legs;
    const datagrams = R.packets + W.packets + R.duplicates + W.duplicates;
    assert.deepEqual([R.packets, W.packets, R.lost], [100, 100, 0]);
    assert.ok(R.duplicates > 10 && R.duplicates < 60, `${R.duplicates} twice`);
    assert.equal(summary.totals.duplicates, R.duplicates + W.duplicates);
    await server.until(() => server.data.length === datagrams);
    const first = new Map<number, Buffer>();
    for (const { seq, payload } of server.leg('R')) {
      const known = first.get(seq);
      if (known) assert.deepEqual(payload, known);
      else first.set(seq, payload);
    }
    assert.equal(first.size, 100);
    assert.equal(server.leg('R').length, 100 + R.duplicates);
    const seqs = server.leg('R').map(({ seq }) => seq);
    assert.notDeepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
  });

  test('it plays over IPv6 as well', async (context) => {
    const server = await CaptureServer.open({ address: '::1' }).catch(() => undefined);
    if (!server) return context.skip('no IPv6 here');
    await using _open = server;
    const summary = await send(server, { host: '::1', durationMs: 100, codec: 'l16' });
    await server.until(() => server.data.length === 10);
    assert.deepEqual(server.audio('W'), l16Noise(8, 800));
    assert.equal(summary.calls[0]?.outcome, 'completed');
  });

  test('progress is told from 0 on, and what a hook throws ends the calls and is thrown', async () => {
    await using server = await CaptureServer.open();
    const played: number[] = [];
    await send(
      server,
      { durationMs: 500 },
      { onProgress: (progress) => played.push(progress.played) },
    );
    assert.equal(played[0], 0);
    assert.ok((played.at(-1) as number) > 0.2 && (played.at(-1) as number) <= 1);
    const failing = send(
      server,
      { durationMs: 60_000, calls: 3 },
      {
        onState() {
          throw new Error('the hook fails');
        },
      },
    );
    await assert.rejects(failing, /the hook fails/);
  });

  test('sources and options that cannot be are refused with their code', async () => {
    const refused = async (options: Partial<SendOptions>, code: string) =>
      assert.rejects(sendCalls({ host: '127.0.0.1', port: 9, ...options }), (error) => {
        assert.ok(error instanceof RstError);
        assert.equal(error.code, code);
        assert.match(error.message, /[^.]\.$/);
        return true;
      });
    await refused({ read: { kind: 'wav', path: '/nowhere/none.wav' } }, 'RST_AUDIO_FILE');
    await refused({ read: { kind: 'wav', path: import.meta.filename } }, 'RST_AUDIO_FILE');
    await refused({ read: { kind: 'tone', hz: 4000 } }, 'RST_USAGE');
    await refused({ host: 'no-such-host.invalid' }, 'RST_NOT_REACHABLE');
    for (const options of [
      { port: 0 },
      { ptimeMs: 0 },
      { calls: 1.5 },
      { speed: 0 },
      { loss: 1.1 },
      { duplicate: 1.1 },
      { duplicate: -0.1 },
      { seq: true, oldForm: true },
      { seq: true, dropInv: true },
      { jitterMs: -1 },
      { durationMs: Number.NaN },
      { burstMs: 3000 },
      { l16Rate: 16_000 },
      { codec: 'l16', l16Rate: 44_100 },
      { uuid: 'a b' },
      { uuid: 'one', calls: 2 },
      { seed: -1 },
      { caller: 'x'.repeat(600) },
    ] satisfies Partial<SendOptions>[])
      await refused(options, 'RST_USAGE');
  });

  test('no socket and no timer is left, whatever the end', async () => {
    const before = await openHandles();
    const port = await refusedPort();
    await sendCalls({ host: '127.0.0.1', port, calls: 5, retryMs: 5 });
    const server = await CaptureServer.open();
    await send(server, { durationMs: 40, calls: 5 });
    await send(server, { durationMs: 60_000 }, { signal: AbortSignal.abort() });
    const onState = () => {
      throw new Error('the hook fails');
    };
    await assert.rejects(
      send(server, { durationMs: 60_000, staggerMs: 1000, calls: 2 }, { onState }),
    );
    await server.close();
    assert.deepEqual(await openHandles(), before);
  });
});
