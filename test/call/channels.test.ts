import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Channel, type ChannelInfo, Channels } from '../../src/call/index.ts';

test('a channel is found by every UUID it has had, until it is removed under all of them', () => {
  const channels = new Channels();
  const channel = new Channel({ uuid: 'a', box: 'fs1' } as ChannelInfo);
  channels.add(channel);
  channels.rename(channel, 'b');
  assert.deepEqual([channels.get('a'), channels.get('b')], [channel, channel]);
  assert.equal(channel.info.uuid, 'b');
  assert.deepEqual([...channels.ofBox('fs1')], [channel]);
  assert.deepEqual([...channels.ofBox('fs2')], []);
  assert.equal(channels.size, 1);
  channels.remove(channel);
  assert.deepEqual(
    [channels.get('a'), channels.get('b'), channels.size],
    [undefined, undefined, 0],
  );
});

test('a channel to which much happens notes no more than 200 of it', () => {
  const channel = new Channel({ uuid: 'a', box: 'fs1' } as ChannelInfo);
  for (let i = 0; i < 300; i++) channel.note({ atNs: i, event: 'held', text: 'held' });
  assert.equal(channel.notes.length, 200);
});

test('a UUID that two boxes have leads to the channel that is recorded, else to the first that lives', () => {
  const channels = new Channels();
  const [one, two, three] = ['fs1', 'fs2', 'fs3'].map((box) => {
    return new Channel({ uuid: 'a', box } as ChannelInfo);
  }) as [Channel, Channel, Channel];
  channels.add(one);
  channels.add(two);
  assert.equal(channels.get('a'), one);
  channels.claim(two);
  channels.remove(one);
  assert.equal(channels.get('a'), two);
  two.state = 'gone';
  channels.add(three);
  channels.remove(two);
  assert.equal(channels.get('a'), three);
});
