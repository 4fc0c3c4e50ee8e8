// The live stream: one WebSocket that reconnects, and says where it was so that nothing is missed.

/** One message of WS /api/v1/stream; `cursor` continues the stream after it. */
export interface LiveMessage {
  kind: 'check' | 'alert' | 'benchmark' | 'registry' | 'ping';
  cursor?: string | null;
  data: Record<string, unknown>;
}

export type LiveStatus = 'connecting' | 'live' | 'lost';

export interface LiveStreamOptions {
  url: string;
  onMessage: (message: LiveMessage) => void;
  /** Asked before each new attempt: renews an ended session, or says that there is none. */
  hasSession: () => Promise<boolean>;
  openSocket?: (url: string) => WebSocket;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const REFUSALS_BORNE = 3;
// The server pings every 20 s; silence for longer than two of them means that the line is dead.
const SILENCE_MS = 45_000;

/** How long to wait before attempt n (from 0): doubling, with jitter so that tabs spread out. */
export function reconnectDelay(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return ceiling * (0.5 + random() / 2);
}

export class LiveStream {
  private readonly options: LiveStreamOptions;
  private readonly listeners = new Set<() => void>();
  private socket: WebSocket | undefined;
  private cursor: string | undefined;
  private attempt = 0;
  private timer: number | undefined;
  private silence: number | undefined;
  private closed = true;
  private current: LiveStatus = 'connecting';

  constructor(options: LiveStreamOptions) {
    this.options = options;
  }

  status = (): LiveStatus => this.current;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  start(): void {
    if (!this.closed) return;
    this.closed = false;
    window.addEventListener('online', this.retryNow);
    document.addEventListener('visibilitychange', this.retryNow);
    this.connect();
  }

  stop(): void {
    this.closed = true;
    window.removeEventListener('online', this.retryNow);
    document.removeEventListener('visibilitychange', this.retryNow);
    window.clearTimeout(this.timer);
    window.clearTimeout(this.silence);
    this.drop();
  }

  private readonly retryNow = (): void => {
    if (this.closed || this.socket || document.hidden) return;
    window.clearTimeout(this.timer);
    this.connect();
  };

  private connect(): void {
    const { url, openSocket = (address: string) => new WebSocket(address) } = this.options;
    // A cursor that is refused again and again is from another house: begin anew.
    if (this.attempt > REFUSALS_BORNE) this.cursor = undefined;
    const query = this.cursor === undefined ? '' : `?cursor=${encodeURIComponent(this.cursor)}`;
    const socket = openSocket(url + query);
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.show('live');
      this.heard();
    };
    socket.onmessage = (event: MessageEvent<string>) => this.receive(event.data);
    socket.onclose = () => this.lost();
  }

  private receive(text: string): void {
    this.heard();
    const message = JSON.parse(text) as LiveMessage;
    if (message.cursor) this.cursor = message.cursor;
    if (message.kind !== 'ping') this.options.onMessage(message);
  }

  private heard(): void {
    window.clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.lost(), SILENCE_MS);
  }

  private lost(): void {
    this.drop();
    window.clearTimeout(this.silence);
    if (this.closed) return;
    this.show('lost');
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.reconnect(), reconnectDelay(this.attempt++));
  }

  private async reconnect(): Promise<void> {
    const signedIn = await this.options.hasSession();
    if (this.closed || this.socket) return;
    if (signedIn) this.connect();
    else this.lost();
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private show(status: LiveStatus): void {
    if (this.current === status) return;
    this.current = status;
    this.listeners.forEach((listener) => listener());
  }
}

/** The address of a WebSocket on this page's own origin. */
export function socketUrl(path: string, at: Pick<Location, 'protocol' | 'host'> = location): string {
  return `${at.protocol === 'https:' ? 'wss' : 'ws'}://${at.host}${path}`;
}
