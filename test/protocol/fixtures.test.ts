import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  codecOf,
  DataHeader,
  NO_PAYLOAD_TYPE,
  parseControl,
  parseData,
  uuidOf,
} from '../../src/protocol/index.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/udp');
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'));

interface Line {
  to?: 'control' | 'read' | 'write';
  data?: string;
  reply?: string;
}

interface Split {
  fields: string[];
  payload: Buffer;
}

/** The first five fields and the rest, by looking for colons and nothing else. */
function splitAtFiveColons(bytes: Buffer): Split {
  let start = 0;
  for (let colons = 0; colons < 5; colons++) {
    const colon = bytes.indexOf(0x3a, start);
    assert.notEqual(colon, -1);
    start = colon + 1;
  }
  return {
    fields: bytes.toString('latin1', 0, start - 1).split(':'),
    payload: bytes.subarray(start),
  };
}

function read(name: string) {
  const [first, ...rest] = readFileSync(join(FOLDER, name), 'utf8').trim().split('\n');
  return {
    header: JSON.parse(first as string) as { codec: string; source: string },
    lines: rest.map((line) => JSON.parse(line) as Line),
  };
}

/** The codec that the file's DATA must name: decoded Opus goes as L16; the prebuilt module names G.711 only. */
function expectedCodec(codec: string, prebuilt: boolean): string | undefined {
  if (codec === 'OPUS') return 'L16';
  return prebuilt && !codec.startsWith('PCM') ? undefined : codec;
}

test('there are recordings of both modules', () => {
  assert.ok(NAMES.some((name) => name.startsWith('perleg-')));
  assert.ok(NAMES.some((name) => name.startsWith('single-port-')));
});

describe('every datagram of', () => {
  for (const name of NAMES)
    test(`${name} parses to what it is`, () => {
      const { header, lines } = read(name);
      const prebuilt = header.source.includes('prebuilt');
      const parsed = new DataHeader();
      const seen = { inv: 0, data: 0, bye: 0 };
      const legs = new Set<string>();
      let uuid = '';
      for (const line of lines) {
        if (line.data === undefined) {
          const reply = parseControl(Buffer.from(line.reply as string, 'base64'));
          assert.equal(reply.kind, 'ack');
          assert.ok(reply.kind === 'ack' && reply.uuid === uuid && reply.ports !== null);
          assert.equal(reply.seq, false);
          continue;
        }
        const bytes = Buffer.from(line.data, 'base64');
        const result = parseData(bytes, parsed);
        if (bytes.toString('latin1', 0, 4) !== 'DATA') {
          assert.equal(result, 'not-data');
          assert.equal(line.to, 'control');
          const [verb, ...fields] = bytes.toString('utf8').split(':');
          const message = parseControl(bytes);
          assert.equal(message.kind, verb?.trim().toLowerCase());
          uuid ||= fields[0] as string;
          if (message.kind === 'inv') {
            seen.inv++;
            const pair = prebuilt
              ? null
              : { readPort: Number(fields[3]), writePort: Number(fields[4]) };
            const [, caller, callee] = fields;
            const inv = { kind: 'inv', uuid, caller, callee, ports: pair, extension: null };
            assert.deepEqual(message, inv);
          } else {
            seen.bye++;
            assert.deepEqual(message, { kind: 'bye', uuid });
          }
          continue;
        }
        seen.data++;
        assert.equal(result, 'data');
        assert.equal(parseControl(bytes).kind, 'malformed');
        const { fields, payload } = splitAtFiveColons(bytes);
        const [, uuidField, leg, type, length] = fields;
        assert.equal(uuidOf(bytes, parsed), uuidField);
        assert.equal(uuidField, uuid);
        assert.deepEqual([parsed.seq, parsed.ts], [-1, -1]);
        assert.equal(parsed.leg, leg);
        assert.equal(parsed.payloadType, type === '' ? NO_PAYLOAD_TYPE : Number(type));
        assert.equal(bytes.length - parsed.payloadStart, payload.length);
        assert.equal(codecOf(parsed.payloadType), expectedCodec(header.codec, prebuilt));
        if (prebuilt) assert.equal(line.to, 'control');
        else {
          assert.equal(Number(length), payload.length);
          assert.equal(line.to, leg === 'R' ? 'read' : 'write');
        }
        legs.add(parsed.leg);
      }
      const taps = name.startsWith('duplicate-inv') ? 2 : 1;
      assert.equal(seen.inv, taps);
      assert.equal(seen.bye, name.includes('lost-bye') ? 0 : taps);
      assert.ok(seen.data > 100, `${seen.data} DATA`);
      assert.deepEqual([...legs].sort(), ['R', 'W']);
    });
});
