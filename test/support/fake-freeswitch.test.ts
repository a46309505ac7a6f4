import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeFreeswitch } from './fake-freeswitch.ts';
import type { FakeFreeswitchOptions } from './freeswitch/options.ts';
import { replayTranscript } from './freeswitch/replay-transcript.ts';
import {
  type Message,
  messagesOf,
  type RecordedCommand,
  readTranscript,
} from './freeswitch/transcript.ts';

/** Headers whose values follow from the time, from chance, or from how much was said. */
const OWN = new RegExp(
  `^(${[
    'Core-UUID|Event-Date-.*|Event-Sequence|Job-UUID|Reply-Text: .OK Job-UUID',
    'Up-Time|Uptime-msec|Idle-CPU|Session-.*|variable_session_id|variable_sip_call_id',
    '(Caller|Other-Leg)-.*-Time|variable_.*_(epoch|uepoch|stamp)',
    'variable_(flow_|answer|wait|progress_media|progress)?[mu]?(bill|duration).*',
    'variable_(answer|wait|progress_media|progress)[mu]?sec',
    // Chance of SIP and RTP.
    'variable_(switch_r_sdp|rtp_local_sdp_str|rtp_use_ssrc|(local|remote)_media_port|sip_cseq)',
    'variable_(sip_(full_(via|from|to)|(to|from)_tag)|rtp_audio_(in|out)_.*|playback_.*)',
  ].join('|')}): .*$`,
  'gm',
);

/** One message as text, without what no two runs have in common. */
function normal({ head, body }: { head: string; body: string }): string {
  const isJson = head.includes('text/event-json');
  // A variable with more than one value is an array.
  const flat = body.replace(
    /:\["([^\]]*)"\]/g,
    (_, items) => `:"${items.replaceAll('","', '|:')}"`,
  );
  const lines = isJson ? flat.slice(2, -2).replaceAll('","', '\n').replaceAll('":"', ': ') : body;
  const text = `${head}\n\n${sortVariables(lines)}`.replace(OWN, '$1: X');
  // The length of these follows from numbers of uptime and the like.
  const isOwnLength = head.includes('text/event') || body.startsWith('UP ');
  return (isOwnLength ? text.replace(/Content-Length: \d\d\d+/g, 'Content-Length: N') : text)
    .replace(/^UP [\s\S]*/m, (status) => status.replace(/^UP .*/, 'UP X').replace(/\d+/g, 'N'))
    .replace(/"created":"[^"]*","created_epoch":"\d+"/g, '"created":"X"');
}

/** Their order is that in which the threads of FreeSWITCH happened to set them. */
function sortVariables(body: string): string {
  const lines = body.split('\n');
  const isVariable = (line: string) => line.startsWith('variable_');
  const sorted = lines.filter(isVariable).sort();
  return lines.map((line) => (isVariable(line) ? sorted.shift() : line)).join('\n');
}

interface Scene extends FakeFreeswitchOptions {
  /** Leaves variables out of the comparison. */
  headersOnly?: boolean;
  hooks?: (fake: FakeFreeswitch) => Record<string, () => void>;
}

async function assertFaithful(
  transcript: string,
  { hooks, headersOnly = false, ...options }: Scene = {},
) {
  await using fake = await FakeFreeswitch.start({
    // Nothing leaves for the port that the transcript names.
    faults: { nextTaps: Array.from({ length: 9 }, () => 'send-nothing' as const) },
    ...options,
  });
  const scene = hooks?.(fake) ?? {};
  const { recorded, received, isClosed } = await replayTranscript(transcript, fake.port, scene);
  const text = (message: Message) =>
    headersOnly ? normal(message).replace(/^variable_.*\n?/gm, '') : normal(message);
  const said = messagesOf(received).map(text);
  for (const [i, message] of messagesOf(recorded).entries()) assert.equal(said[i], text(message));
  assert.equal(said.length, messagesOf(recorded).length);
  assert.equal(isClosed, recorded.includes('text/disconnect-notice'));
}

function twoCalls(first: string, second: string, createAt: string, hangUpAt: string) {
  return (fake: FakeFreeswitch) => ({
    [createAt]: () => {
      fake.channel({ uuid: first }).answer();
      fake.channel({ uuid: second, callerName: 'Li Si', callerNumber: '13900002222' }).answer();
    },
    [hangUpAt]: () => {
      for (const channel of fake.channels) channel.hangup();
    },
  });
}

const GBK_NAME = Buffer.from('d5c5c8fd', 'hex');
const BRIDGED_CALL = {
  a: '2f44af48-19dd-4413-a6d1-3f4bd03bf8a8',
  b: '5d3f7879-c816-48a9-a7cc-5a945ea2faef',
};
const JOB_CALLS = {
  prebuilt: 'b94e7ffd-e721-4d5c-8395-7788fdf5c519',
  fixed: 'd1920b6f-21fe-4034-9981-2b6445caf1c9',
};

describe('the fake FreeSWITCH says what the recorded one said', () => {
  for (const transcript of ['auth-fail', 'not-authed', 'exit-linger'])
    test(`in ${transcript}`, () => assertFaithful(transcript));

  test('in api-replies-prebuilt', () =>
    assertFaithful('api-replies-prebuilt', {
      module: 'none',
      hooks: twoCalls(
        '004b88f5-0650-45c9-8405-3e611e5e12ad',
        '180d5eb3-fc07-46bf-8ee8-cdf203b76f7c',
        '476',
        '4275',
      ),
    }));

  test('in api-replies-fixed', () =>
    assertFaithful('api-replies-fixed', {
      module: 'none',
      hooks: twoCalls(
        'b29965d9-76ca-4291-b341-7db0e3a35a43',
        '592ce337-e8a2-4872-9a51-b6ad09b3d810',
        '527',
        '4190',
      ),
    }));

  for (const module of ['prebuilt', 'fixed'] as const)
    test(`in bgapi-replies-${module}`, () =>
      assertFaithful(`bgapi-replies-${module}`, {
        module,
        hooks: (fake) => ({ 156: () => fake.channel({ uuid: JOB_CALLS[module] }).answer() }),
      }));

  for (const [transcript, callerName] of [
    ['plain-inbound-call', '张三'],
    ['plain-gbk-name', GBK_NAME],
    ['json-inbound-call', '张三'],
    ['json-gbk-name', GBK_NAME],
  ] as const)
    test(`in ${transcript}, header by header`, () => {
      const { offset, text } = readTranscript(transcript).commands[2] as RecordedCommand;
      const uuid = text.split(' ')[2] as string;
      return assertFaithful(transcript, {
        module: 'fixed',
        hooks: (fake) => ({
          [offset]: () => fake.channel({ uuid, callerName }).answer(),
          end: () => {
            for (const channel of fake.channels) channel.hangup();
            if (callerName !== GBK_NAME) fake.heartbeat();
          },
        }),
      });
    });

  test('in bridged-call, but for the variables, which a dialplan sets', () =>
    assertFaithful('bridged-call', {
      module: 'fixed',
      headersOnly: true,
      hooks: (fake) => ({
        34079: () => {
          const a = fake.channel({ uuid: BRIDGED_CALL.a, callee: '959210' });
          const name = 'sofia/internal/9210@127.0.0.1:5090';
          const leg = { uuid: BRIDGED_CALL.b, direction: 'outbound', originator: a, name } as const;
          const b = fake.channel(leg).answer();
          a.answer().bridge(b);
        },
        end: () => {
          for (const channel of fake.channels.reverse()) channel.hangup();
        },
      }),
    }));
});
