import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { type LiveMessage, LiveStream, reconnectDelay, socketUrl } from './live';

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
  close() {
    this.closed = true;
  }
}

let sockets: FakeSocket[] = [];
let heard: LiveMessage[] = [];
let signedIn = true;

const last = () => {
  const socket = sockets.at(-1);
  if (!socket) throw new Error('no socket was opened');
  return socket;
};

function start(): LiveStream {
  const stream = new LiveStream({
    url: 'ws://host/api/v1/stream',
    onMessage: (message) => heard.push(message),
    hasSession: () => Promise.resolve(signedIn),
    openSocket: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  });
  stream.start();
  return stream;
}

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  heard = [];
  signedIn = true;
  const target = { addEventListener: vi.fn(), removeEventListener: vi.fn() };
  vi.stubGlobal('window', { ...target, setTimeout, clearTimeout });
  vi.stubGlobal('document', { ...target, hidden: false });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('comes back with the cursor of the last message, so that nothing is missed', async () => {
  const stream = start();
  last().onopen?.();
  last().onmessage?.({ data: '{"kind":"check","cursor":"c 7","data":{}}' });
  last().onclose?.();
  expect(stream.status()).toBe('lost');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(last().url).toBe('ws://host/api/v1/stream?cursor=c%207');
  last().onopen?.();
  expect(stream.status()).toBe('live');
  stream.stop();
});

it('takes a ping for a sign of life only, and a long silence for a dead line', async () => {
  const stream = start();
  last().onopen?.();
  await vi.advanceTimersByTimeAsync(40_000);
  last().onmessage?.({ data: '{"kind":"ping"}' });
  expect(heard).toEqual([]);
  await vi.advanceTimersByTimeAsync(40_000);
  expect(stream.status()).toBe('live');
  await vi.advanceTimersByTimeAsync(16_000);
  expect(stream.status()).toBe('lost');
  expect(sockets[0]?.closed).toBe(true);
  stream.stop();
});

it('does not knock while nobody is signed in', async () => {
  const stream = start();
  signedIn = false;
  last().onclose?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(1);
  signedIn = true;
  await vi.advanceTimersByTimeAsync(16_000);
  expect(sockets).toHaveLength(2);
  stream.stop();
});

it('stays quiet once stopped', async () => {
  const stream = start();
  last().onclose?.();
  stream.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(1);
});

it('waits longer each time, up to a quarter of a minute', () => {
  expect(reconnectDelay(0, () => 1)).toBe(500);
  expect(reconnectDelay(3, () => 1)).toBe(4_000);
  expect(reconnectDelay(40, () => 1)).toBe(15_000);
  expect(reconnectDelay(40, () => 0)).toBe(7_500);
});

it('uses a secure socket on a secure page', () => {
  expect(socketUrl('/x', { protocol: 'https:', host: 'a:1' })).toBe('wss://a:1/x');
  expect(socketUrl('/x', { protocol: 'http:', host: 'a:1' })).toBe('ws://a:1/x');
});
